"""A broker that loses its disk: nobody types a command, and every state ends as if it had not happened."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import select

from coop.kit import journal, positions
from coop.kit.bus.cluster import Cluster
from coop.kit.bus.kafka import read_lag
from coop.kit.database import Database
from coop.kit.inbox import Consumer, inbox
from coop.kit.positions import SourceState
from tests.kit.running import Running, running, wait_until
from tests.kit.test_positions import empty
from tests.kit.town import LISTENER, heard_by, member, open_database, tell
from tests.servers.kafka import ForgetfulKafka

pytestmark = [pytest.mark.live, pytest.mark.slow]

Pair = tuple[Database, Database]

TOPICS = ["coop.members.members"]


def teller(forgetful: ForgetfulKafka, database: Database) -> AbstractContextManager[Running]:
    return running(forgetful.kafka.bootstrap, Consumer("members", database, {}), TOPICS)


def listener(forgetful: ForgetfulKafka, database: Database) -> AbstractContextManager[Running]:
    return running(forgetful.kafka.bootstrap, LISTENER.consumer(database))


def names(count: int) -> Sequence[str]:
    return [f"m{number:04d}" for number in range(count)]


def read_source(database: Database) -> SourceState:
    with database.system_read() as sql:
        return positions.list_sources(sql)[0]


def assert_heard_everything(database: Database, count: int) -> None:
    """The state is that of an undisturbed run: everybody, once, and nothing is open."""
    assert heard_by(database) == names(count)
    with database.system_read() as sql:
        assert len(sql.execute(select(inbox.c.event_id)).all()) == count
    source = read_source(database)
    assert (source.heard_position, source.ahead, source.behind_since) == (count, 0, None)
    assert positions.troubles(database) == {}


def test_facts_that_were_lost_while_a_service_was_away_are_noticed_and_told_again(
    forgetful: ForgetfulKafka, postgres_url: str
) -> None:
    told, heard = open_database(postgres_url, "members"), open_database(postgres_url, "billing")
    with teller(forgetful, told):
        with listener(forgetful, heard):
            tell(told, *(member(i) for i in range(100)))
            wait_until(lambda: len(heard_by(heard)) == 100)
        tell(told, *(member(i) for i in range(100, 300)))
        wait_until(lambda: published(told) == 300)
        forgetful.lose_disk()
        with listener(forgetful, heard):
            with told.claim("tell-again"):  # the teller cannot answer yet, so that the gap lasts
                assert wait_until(lambda: "facts of members" in positions.troubles(heard)) < 60
                assert read_source(heard).count_missing() == 200
                assert len(heard_by(heard)) == 100
            wait_until(lambda: len(heard_by(heard)) == 300, 90)
            wait_until(lambda: positions.troubles(heard) == {})
            assert_heard_everything(heard, 300)
    told.close()
    heard.close()


def test_facts_that_are_lost_while_all_run_are_told_again_and_a_lost_journal_announces_itself(
    forgetful: ForgetfulKafka, tmp_path: Path
) -> None:
    told = open_database(f"sqlite:///{tmp_path}/members.db", "members")
    heard = open_database(f"sqlite:///{tmp_path}/billing.db", "billing")
    with listener(forgetful, heard) as hears:
        with teller(forgetful, told) as tells:
            tell(told, *(member(i) for i in range(300)))
            wait_until(lambda: len(heard_by(heard)) == 300)
            forgetful.stop()
            forgetful.forget()
            tell(told, *(member(i) for i in range(300, 320)))
            assert wait_until(lambda: hears.bus.trouble is not None and tells.bus.trouble is not None) < 30
            forgetful.start()
            wait_until(lambda: len(heard_by(heard)) == 320)
            tell(told, *(member(i) for i in range(320, 400)))
            wait_until(lambda: len(heard_by(heard)) == 400)
            wait_until(lambda: (hears.bus.trouble, tells.bus.trouble, tells.relay.trouble) == (None, None, None))
            wait_until(lambda: read_source(heard).head_position == 400)
            assert_heard_everything(heard, 400)
        empty(told)
        with teller(forgetful, told):
            assert wait_until(lambda: "journal of members" in positions.troubles(heard)) < 60
            assert wait_until(lambda: "journal" in positions.troubles(told)) < 60
    told.close()
    heard.close()


def test_a_service_that_missed_ten_thousand_facts_hears_them_all(forgetful: ForgetfulKafka, postgres_url: str) -> None:
    told, heard = open_database(postgres_url, "members"), open_database(postgres_url, "billing")
    with listener(forgetful, heard), teller(forgetful, told):
        tell(told, member(0))
        wait_until(lambda: len(heard_by(heard)) == 1)
    with teller(forgetful, told):
        tell(told, *(member(i) for i in range(1, 10_001)))
        wait_until(lambda: published(told) == 10_001)
    forgetful.lose_disk()
    with teller(forgetful, told), listener(forgetful, heard):
        wait_until(lambda: read_source(heard).heard_position == 10_001, 90)
        assert sorted(heard_by(heard)) == sorted(names(10_001))
        wait_until(lambda: positions.troubles(heard) == {})
        wait_until(lambda: sum(read_lag(Cluster(forgetful.kafka.bootstrap), "billing").values()) == 0)
    told.close()
    heard.close()


def published(database: Database) -> int:
    with database.system_read() as sql:
        return journal.published_position(sql)
