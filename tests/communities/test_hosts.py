"""A host name is one co-operative's: two cannot share one, whoever comes second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from coop.communities.commands import describe, found
from coop.communities.directory import Directory
from coop.communities.model import Profile
from coop.communities.store import list_hosts
from coop.demo.cooperative import PROFILE
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.members.service import MEMBERS
from coop.values import BadInput
from tests.desk import SECRET, SECRETARY
from tests.kit.clocks import SetClock
from tests.migrated import MigratedUrl


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_url: MigratedUrl) -> Iterator[Database]:
    opened = MEMBERS.open_database(migrated_url(MEMBERS, request.param), migrate=False)
    for community in ("noord", "zuid"):
        with opened.write(community, SECRETARY) as tx:
            found(tx, replace(PROFILE, hosts=(f"{community}.example",)))
    yield opened
    opened.close()


def test_two_co_operatives_do_not_get_one_host_name(database: Database) -> None:
    with database.system_read() as sql:
        before = list_hosts(sql)
    with pytest.raises(BadInput, match="is another co-operative's") as refused, database.write("zuid", SECRETARY) as tx:
        describe(tx, replace(PROFILE, hosts=("zuid.example", "noord.example")))
    assert refused.value.code == "host-taken"
    with database.system_read() as sql:
        assert list_hosts(sql) == before


def test_a_third_is_not_founded_under_the_name_of_another(database: Database) -> None:
    with pytest.raises(BadInput, match="is another co-operative's"), database.write("oost", SECRETARY) as tx:
        found(tx, replace(PROFILE, hosts=("noord.example",)))
    with database.system_read() as sql:
        assert "oost" not in list_hosts(sql)


def test_whoever_visits_a_demonstration_is_told_which_day_it_is_there(database: Database) -> None:
    database.clock = SetClock(datetime(2090, 1, 22, 23, 30, tzinfo=UTC))
    with database.write("zuid", SECRETARY) as tx:
        describe(tx, Profile(("zuid.example",), "Zuid U.A.", "Zuid"))
    find = Directory(database, Settings(secret=SECRET))
    noord, zuid = find("noord.example"), find("zuid.example")
    assert noord is not None
    assert zuid is not None
    assert (noord.played_on, zuid.played_on) == (date(2090, 1, 23), None)
