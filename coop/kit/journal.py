"""Journal: facts written in the transaction that made them true, then sealed into a hash chain.

Invariants: a row is never changed once sealed and never deleted (triggers refuse it); positions are 1, 2, 3 ... without
a gap; ``hash = sha256(previous hash, position and every attribute of the row)``. Rows are sealed in the order in which
the sealer finds them, so a slow transaction whose row number is lower is sealed later and never skipped. The journal is
the outbox, the audit chain, the replay source and the feed source in one, and is never pruned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar

from sqlalchemy import (
    Connection,
    Row,
    Table,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from coop.events import Envelope, Event
from coop.kit import clock
from coop.kit.tables import journal as journal
from coop.kit.tables import relay_state

Fact = TypeVar("Fact", bound=Event)

GENESIS = "0" * 64
"""Previous hash of the first row."""


@dataclass(frozen=True)
class ChainBreak:
    """Where a journal no longer tells what it sealed."""

    position: int
    reason: str


def append(
    connection: Connection, events: Sequence[Event], community: str, occurred_at: datetime | None = None
) -> None:
    """Write facts, in this transaction. A fact that was told before is not told again."""
    if not events:
        return
    at = occurred_at or clock.now()
    rows = [
        {
            "event_id": event.fact_id(community),
            "type": event.TYPE,
            "subject": event.key(),
            "community": community,
            "occurred_at": at,
            "data": event.canonical().decode(),
        }
        for event in events
    ]
    insert_new(connection, journal, rows, ["event_id"])


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, object]], key: Sequence[str]) -> None:
    """Insert the rows whose ``key`` is not there yet."""
    if rows:
        connection.execute(_insert_new(connection.dialect.name, table, tuple(key)), rows)


@cache
def _insert_new(dialect: str, table: Table, key: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
    """The statement, made once: making it anew takes longer than SQLite takes to insert a row."""
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return made.on_conflict_do_nothing(index_elements=list(key))


def is_waiting(connection: Connection) -> bool:
    """True while there are rows to seal."""
    query = select(journal.c.row_id).where(journal.c.position.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def seal(connection: Connection, limit: int = 1000) -> int:
    """Seal up to ``limit`` rows that wait; returns how many."""
    _lock(connection)
    waiting = connection.execute(
        select(journal).where(journal.c.position.is_(None)).order_by(journal.c.row_id).limit(limit)
    ).all()
    if not waiting:
        return 0
    last = connection.execute(
        select(journal.c.position, journal.c.hash)
        .where(journal.c.position.is_not(None))
        .order_by(journal.c.position.desc())
        .limit(1)
    ).first()
    position, previous = (last.position, last.hash) if last else (0, GENESIS)
    sealed = []
    for row in waiting:
        position += 1
        digest = _hash(row, position, previous)
        sealed.append({"key": row.row_id, "new_position": position, "new_previous": previous, "new_hash": digest})
        previous = digest
    connection.execute(_SEAL, sealed)
    return len(sealed)


def envelopes(connection: Connection, service: str, after: int, limit: int = 1000) -> list[Envelope]:
    """Sealed facts after a position, in order."""
    rows = connection.execute(
        select(journal).where(journal.c.position > after).order_by(journal.c.position).limit(limit)
    )
    return [
        Envelope(
            id=row.event_id,
            type=row.type,
            source=f"/coop/{service}",
            subject=row.subject,
            time=row.occurred_at,
            community=row.community,
            position=row.position,
            hash=row.hash,
            data=row.data.encode(),
        )
        for row in rows
    ]


def told(connection: Connection, kind: type[Fact], community: str) -> list[Fact]:
    """Every fact of one type and version that was told, in the order of writing."""
    query = (
        select(journal.c.data)
        .where(journal.c.type == kind.TYPE, journal.c.community == community)
        .order_by(journal.c.row_id)
    )
    return [kind.model_validate_json(data) for data in connection.scalars(query)]


def count_told(connection: Connection) -> dict[str, int]:
    """How many facts of each type were told, sealed or not."""
    query = select(journal.c.type, func.count()).group_by(journal.c.type)
    return dict(iter(connection.execute(query)))


def published_position(connection: Connection) -> int:
    """Position up to which facts were handed to the bus."""
    return connection.scalar(select(relay_state.c.published_position).where(relay_state.c.name == "relay")) or 0


def mark_published(connection: Connection, position: int) -> None:
    """Remember that facts up to ``position`` were handed to the bus."""
    _lock(connection)
    connection.execute(
        update(relay_state)
        .where(relay_state.c.name == "relay", relay_state.c.published_position < position)
        .values(published_position=position)
    )


def verify_chain(connection: Connection) -> tuple[int, ChainBreak | None]:
    """Walk the whole chain; returns how many rows are whole and the first break, if any."""
    previous, expected = GENESIS, 0
    query = select(journal).where(journal.c.position.is_not(None)).order_by(journal.c.position)
    with closing(connection.execute(query, execution_options={"yield_per": 5000})) as rows:
        for row in rows:
            expected += 1
            if row.position != expected:
                return expected - 1, ChainBreak(expected, f"position {expected} is gone")
            if row.previous_hash != previous:
                return expected - 1, ChainBreak(expected, "does not follow the row before it")
            if row.hash != _hash(row, row.position, previous):
                return expected - 1, ChainBreak(expected, "was changed after it was sealed")
            previous = row.hash
    if published_position(connection) > expected:
        return expected, ChainBreak(expected + 1, "was handed to the bus and is gone")
    return expected, None


_SEAL = (
    update(journal)
    .where(journal.c.row_id == bindparam("key"))
    .values(position=bindparam("new_position"), previous_hash=bindparam("new_previous"), hash=bindparam("new_hash"))
)


def _hash(row: Row[tuple[object, ...]], position: int, previous: str) -> str:
    parts = (
        previous,
        str(position),
        row.event_id,
        row.type,
        row.subject,
        row.community,
        row.occurred_at.isoformat(timespec="microseconds"),
        row.data,
    )
    # Lengths keep one attribute from borrowing bytes of the next.
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def _lock(connection: Connection) -> None:
    """One sealer at a time: the row lock of PostgreSQL; SQLite's write transaction is exclusive already."""
    query = select(relay_state.c.name).where(relay_state.c.name == "relay").with_for_update()
    if connection.execute(query).first() is None:
        insert_new(connection, relay_state, [{"name": "relay", "published_position": 0}], ["name"])
        connection.execute(query)
