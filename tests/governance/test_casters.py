"""Own ballots held beside the accounts that cast them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from coop.governance.ballots import commands as ballots
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.members.service import MEMBERS
from coop.operator.casters import verify_casters
from tests.desk import SECRETARY
from tests.governance.assembly import STATUTES, TOLD_AT, TOWN, admit, adopt, meeting, resolution
from tests.kit.clocks import SetClock
from tests.migrated import MigratedUrl

ACCOUNTS = {"of-one": "m001", "of-two": "m002", "of-nobody": None}
CAST = [
    ("of-one", "m001", 0),
    ("of-two", "m001", 1),
    ("of-nobody", "m001", 1),
    ("that-nobody-has", "m001", 1),
]


@pytest.fixture
def register(migrated_url: MigratedUrl) -> Database:
    """A register with some accounts, as its file keeps them."""
    url = migrated_url(MEMBERS, "sqlite")
    row = "INSERT INTO account VALUES (:town, :id, :id, :id, '', 'member', :member, 1, 0)"
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as sql, sql:
        for account_id, member_id in ACCOUNTS.items():
            sql.execute(row, {"town": TOWN, "id": account_id, "member": member_id})
    return MEMBERS.open_database(url, SetClock(TOLD_AT), migrate=False)


@pytest.mark.parametrize(("account_id", "member_id", "strange"), CAST)
def test_an_own_ballot_is_held_beside_the_account_that_cast_it(
    embedded: Database, clock: SetClock, register: Database, account_id: str, member_id: str, strange: int
) -> None:
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, "m001", "m002")
        adopt(tx, STATUTES)
        meetings.convene_meeting(tx, meeting(resolution("a")))
    clock.set(datetime(2026, 6, 23, 9, tzinfo=UTC))
    with embedded.write(TOWN, Actor("account", account_id, "page")) as tx:
        ballots.cast_own_vote(tx, "a", member_id, "for")
    said = "resolution a: 1 own ballots were cast from the account of somebody else"
    with embedded.read(TOWN) as tx, register.read(TOWN) as its:
        assert list(verify_casters(tx, its)) == [said] * strange
        assert not [each for each in verify_resolution(tx, "a").findings if "box" in each]
    register.close()
