"""The nightly walk goes on from where the chain was whole before, part by part; the whole walk begins at the first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, text

from coop.kit import journal
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.operator import chain
from coop.values import CoopError
from tests.kit.town import COMMUNITY, member, open_database, tell


@pytest.fixture(params=["sqlite", "postgresql"])
def teller(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A service that has told twelve facts; parts of the walk are of five."""
    monkeypatch.setattr(chain, "PART", 5)
    url = f"sqlite:///{tmp_path}/members.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = open_database(url, "members")
    tell_and_seal(database, range(12))
    yield database
    database.close()


def tell_and_seal(database: Database, numbers: range) -> None:
    tell(database, *(member(number) for number in numbers))
    with database.system_write() as sql:
        journal.seal(sql)


def walk(database: Database) -> str:
    return chain.check_chain(Work(database, COMMUNITY, datetime(2026, 1, 1, tzinfo=UTC), "chain-check"))


def tamper(database: Database, statement: str) -> None:
    """Change sealed rows with the owner's rights."""
    with database.system_write() as sql:
        on = "" if database.is_sqlite else " ON journal"
        for name in ("journal_keeps", "journal_holds"):
            sql.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
        sql.execute(text(statement))


def test_each_night_walks_only_what_is_new(teller: Database) -> None:
    assert walk(teller) == "12 facts, chain whole; 12 of them new"
    tell_and_seal(teller, range(12, 15))
    read: list[str] = []
    event.listen(teller.engine, "before_cursor_execute", lambda *call: read.append(call[2]))
    assert walk(teller) == "15 facts, chain whole; 3 of them new"
    assert len([statement for statement in read if "journal.data" in statement]) == 2
    assert walk(teller) == "15 facts, chain whole; 0 of them new"


def test_a_change_behind_the_last_walk_is_found_by_the_next(teller: Database) -> None:
    walk(teller)
    tell_and_seal(teller, range(12, 20))
    tamper(teller, "UPDATE journal SET subject = 'm9999' WHERE position = 19")
    with pytest.raises(CoopError, match="position 19: was changed"):
        walk(teller)


def test_a_last_row_that_was_replaced_is_found_although_it_was_walked(teller: Database) -> None:
    walk(teller)
    tamper(teller, f"UPDATE journal SET hash = '{'0' * 64}' WHERE position = 12")
    with pytest.raises(CoopError, match="position 12: is not the row that was verified"):
        walk(teller)


def test_an_end_that_was_cut_off_is_found(teller: Database) -> None:
    walk(teller)
    tamper(teller, "DELETE FROM journal WHERE position > 10")
    with pytest.raises(CoopError, match="position 12: is not the row that was verified"):
        walk(teller)


def test_the_whole_walk_finds_what_was_changed_before_the_last_one(teller: Database) -> None:
    walk(teller)
    tamper(teller, "UPDATE journal SET subject = 'm9999' WHERE position = 2")
    assert walk(teller) == "12 facts, chain whole; 0 of them new"
    with teller.system_read() as sql:
        assert journal.verify_chain(sql) == (1, journal.ChainBreak(2, "was changed after it was sealed"))
