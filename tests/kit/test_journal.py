"""The journal: told once, sealed in order, never changed."""

from __future__ import annotations

import threading

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coop.events import Envelope
from coop.kit import journal
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.values import BadInput
from tests.kit.town import COMMUNITY, SECRETARY, heard, heard_by, member, open_database, tell

Pair = tuple[Database, Database]


def seal_all(database: Database) -> int:
    with database.system_write() as sql:
        return journal.seal(sql)


def test_a_fact_that_is_told_twice_is_the_same_fact(pair: Pair) -> None:
    teller, _ = pair
    tell(teller, member(1), member(1))
    tell(teller, member(1), member(2))
    assert seal_all(teller) == 2


def test_a_fact_is_gone_with_the_transaction_that_made_it_true(pair: Pair) -> None:
    teller, _ = pair

    def fails_half_way() -> None:
        with teller.write(COMMUNITY, SECRETARY) as tx:
            tx.tell(member(1))
            tx.execute(heard.insert().values(community=COMMUNITY, member_id="m0001"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_half_way()
    assert heard_by(teller) == []
    assert seal_all(teller) == 0


def test_positions_have_no_gap_and_the_chain_is_whole(pair: Pair) -> None:
    teller, _ = pair
    for start in range(0, 30, 10):
        tell(teller, *(member(i) for i in range(start, start + 10)))
        seal_all(teller)
    with teller.system_read() as sql:
        assert [e.position for e in journal.envelopes(sql, "members", 0)] == list(range(1, 31))
        assert journal.verify_chain(sql) == (30, None)


def test_a_row_that_was_written_early_and_committed_late_is_sealed_all_the_same(postgres_url: str) -> None:
    database = open_database(postgres_url, "members")
    began, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with database.write(COMMUNITY, SECRETARY) as tx:
            tx.tell(member(1))  # takes the lower row number
            began.set()
            go_on.wait(10)

    thread = threading.Thread(target=slow)
    thread.start()
    began.wait(10)
    tell(database, member(2))
    assert seal_all(database) == 1
    go_on.set()
    thread.join()
    assert seal_all(database) == 1
    with database.system_read() as sql:
        assert [e.subject for e in journal.envelopes(sql, "members", 0)] == ["m0002", "m0001"]
        assert journal.verify_chain(sql) == (2, None)
    database.close()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM journal", "UPDATE journal SET data = '{}'", "UPDATE journal SET position = position + 5"]
)
def test_the_database_refuses_to_change_what_was_sealed(pair: Pair, statement: str) -> None:
    teller, _ = pair
    tell(teller, member(1))
    seal_all(teller)
    with pytest.raises(DBAPIError, match="never"), teller.system_write() as sql:
        sql.execute(text(statement))


@pytest.mark.parametrize(
    ("tampering", "at", "reason"),
    [
        ("UPDATE journal SET data = replace(data, 'owner', 'tenant') WHERE position = 2", 2, "changed"),
        ("UPDATE journal SET subject = 'm9999' WHERE position = 3", 3, "changed"),
        ("DELETE FROM journal WHERE position = 2", 2, "gone"),
    ],
)
def test_verify_finds_what_somebody_with_full_rights_changed(pair: Pair, tampering: str, at: int, reason: str) -> None:
    teller, _ = pair
    tell(teller, *(member(i) for i in range(5)))
    seal_all(teller)
    with teller.system_write() as sql:
        on = "" if teller.is_sqlite else " ON journal"
        sql.execute(text(f"DROP TRIGGER journal_keeps{on}"))
        sql.execute(text(f"DROP TRIGGER journal_holds{on}"))
        sql.execute(text(tampering))
    with teller.system_read() as sql:
        whole, broken = journal.verify_chain(sql)
    assert whole == at - 1
    assert broken is not None
    assert broken.position == at
    assert reason in broken.reason


def test_two_sealers_at_once_make_one_chain(pair: Pair) -> None:
    teller, _ = pair
    tell(teller, *(member(i) for i in range(200)))
    sealed: list[int] = []

    def work() -> None:
        while True:
            with teller.system_write() as sql:
                count = journal.seal(sql, limit=7)
            if not count:
                return
            sealed.append(count)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sealed) == 200
    with teller.system_read() as sql:
        assert journal.verify_chain(sql) == (200, None)


TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@given(TEXT, TEXT, st.dictionaries(TEXT, st.integers(0, 9), max_size=3))
def test_an_envelope_survives_its_journey(key: str, community: str, data: dict[str, int]) -> None:
    sent = Envelope(
        "id",
        "a.b.v1",
        "/coop/a",
        key,
        SYSTEM_CLOCK.now(),
        community,
        "account:a",
        "page",
        3,
        "0" * 64,
        orjson.dumps(data, option=orjson.OPT_SORT_KEYS),
    )
    assert Envelope.from_json(sent.to_json()) == sent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "x" * 37),
        ("community", "a\x00b"),
        ("subject", 7),
        ("position", "3"),
        ("position", True),
        ("position", 0),
        ("position", 2**40),
        ("time", "2026-01-01T00:00:00"),
        ("chainhash", None),
    ],
)
def test_an_envelope_that_cannot_be_stored_is_refused_and_the_field_is_named(name: str, value: object) -> None:
    sent = Envelope("id", "a.b.v1", "/coop/a", "k", SYSTEM_CLOCK.now(), "demo", "a", "page", 3, "0" * 64, b"{}")
    body = orjson.dumps({**orjson.loads(sent.to_json()), name: value})
    with pytest.raises(BadInput, match="hash" if name == "chainhash" else name):
        Envelope.from_json(body)
