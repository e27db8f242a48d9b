"""Counts of what was told and heard are those of the rows, whatever happened, and no table is read whole for them."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from sqlalchemy import event, func, select

from coop.events import Envelope
from coop.kit import inbox, journal
from coop.kit.database import Database
from coop.kit.inbox import consume
from coop.kit.replay import rebuild
from tests.kit.town import COMMUNITY, LISTENER, member, tell

Pair = tuple[Database, Database]
NOORD = "noord"


class PowerCut(BaseException):
    """Nothing catches this."""


def told(database: Database, community: str) -> tuple[dict[str, int], dict[str, int]]:
    """What is counted, and what a scan finds."""
    rows = journal.journal.c
    with database.system_read() as sql:
        scan = select(rows.type, func.count()).where(rows.community == community).group_by(rows.type)
        return journal.count_told(sql, community), dict(iter(sql.execute(scan)))


def heard(database: Database, community: str) -> tuple[dict[str, int], dict[str, int]]:
    rows = inbox.inbox.c
    with database.read(community) as tx:
        scan = select(rows.type, func.count()).where(rows.community == tx.community).group_by(rows.type)
        return inbox.count_heard(tx), dict(iter(tx.execute(scan)))


def seal(database: Database, limit: int) -> list[Envelope]:
    with database.system_write() as sql:
        journal.seal(sql, limit)
    with database.system_read() as sql:
        return journal.envelopes(sql, "members", 0)


def test_what_was_told_is_counted_sealed_or_not(pair: Pair) -> None:
    teller, _ = pair
    for number in range(7):
        tell(teller, member(number), member(number))
        tell(teller, member(number), community=NOORD)
        if number == 3:
            seal(teller, 5)
        for community in (COMMUNITY, NOORD):
            counted, scanned = told(teller, community)
            assert counted == scanned == {"members.member-admitted.v1": number + 1}
    with suppress(PowerCut), teller.system_write() as sql:
        journal.seal(sql)
        raise PowerCut
    assert told(teller, NOORD)[0] == told(teller, NOORD)[1]
    seal(teller, 1000)
    assert told(teller, COMMUNITY)[0] == told(teller, COMMUNITY)[1]
    assert told(teller, "nobody") == ({}, {})


def test_what_was_heard_is_counted_once_parked_ones_included(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, member(1), member(2, "ghost"), member(3))
    tell(teller, member(1), community=NOORD)
    facts = seal(teller, 1000)
    consumer = LISTENER.consumer(listener)
    assert consume(consumer, facts[:2]) == 2
    assert consume(consumer, facts + facts) == 2
    assert heard(listener, COMMUNITY) == ({"members.member-admitted.v1": 3},) * 2
    assert heard(listener, NOORD) == ({"members.member-admitted.v1": 1},) * 2
    assert rebuild(LISTENER, listener, {"members": teller}) == 4
    assert heard(listener, COMMUNITY) == ({"members.member-admitted.v1": 3},) * 2


def test_consumers_at_once_count_together(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(number) for number in range(60)))
    tell(teller, *(member(number) for number in range(60)), community=NOORD)
    facts = seal(teller, 1000)
    with ThreadPoolExecutor(4) as pool:
        heard_each = list(pool.map(lambda part: consume(LISTENER.consumer(listener), facts[part::4]), range(4)))
    assert sum(heard_each) == 120
    for community in (COMMUNITY, NOORD):
        assert heard(listener, community) == ({"members.member-admitted.v1": 60},) * 2


def test_neither_count_reads_a_table_that_grows(pair: Pair) -> None:
    teller, listener = pair
    tell(teller, *(member(number) for number in range(20)))
    consume(LISTENER.consumer(listener), seal(teller, 1000))
    seen: Counter[str] = Counter()
    for database in pair:

        @event.listens_for(database.engine, "before_cursor_execute")
        def note(_sql: object, _cursor: object, text: str, *_: object) -> None:
            seen.update(table for table in ("FROM inbox", "FROM journal", "FROM fact_count") if table in text)

    with teller.system_read() as sql:
        journal.count_told(sql, COMMUNITY)
        query = f"SELECT type FROM journal WHERE community = '{COMMUNITY}' AND position IS NULL"
        if not teller.is_sqlite:
            sql.exec_driver_sql("SET LOCAL enable_seqscan = off")  # which it would take for so few rows
        explain = "EXPLAIN QUERY PLAN " if teller.is_sqlite else "EXPLAIN "
        plan = " ".join(str(row) for row in sql.exec_driver_sql(explain + query))
    assert "position=?" in plan or "ix_journal_unsealed" in plan, plan
    with listener.read(COMMUNITY) as tx:
        inbox.count_heard(tx)
    assert seen["FROM inbox"] == 0
    assert seen["FROM fact_count"] == 2
