"""Journal: facts written in the transaction that made them true, then sealed into a hash chain.

Invariants: a row is never changed once sealed and never deleted (triggers refuse it); positions are 1, 2, 3 ... without
a gap; ``hash = sha256(previous hash, position and every attribute of the row)``. Rows are sealed in the order in which
the sealer finds them, so a slow transaction whose row number is lower is sealed later and never skipped. The journal is
the outbox, the audit chain, the replay source and the feed source in one, and is never pruned.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import (
    Connection,
    Result,
    Row,
    Select,
    bindparam,
    func,
    select,
    union_all,
    update,
)

from coop.events import Envelope, Event
from coop.kit import counts
from coop.kit.actor import Actor
from coop.kit.inserting import insert_mappings
from coop.kit.metrics import FACTS_SEALED
from coop.kit.tables import fact_count, relay_state
from coop.kit.tables import journal as journal

Fact = TypeVar("Fact", bound=Event)

GENESIS = "0" * 64
"""Previous hash of the first row."""


class Reader(Protocol):
    """Whatever runs a query: a connection, or a transaction of one co-operative."""

    def execute(self, statement: Select[str, str], /) -> Result[str, str]: ...


@dataclass(frozen=True)
class ChainBreak:
    """Place where a journal no longer tells what it sealed."""

    position: int
    reason: str


def append(sql: Connection, events: Sequence[Event], community: str, at: datetime, actor: Actor) -> None:
    """Write facts, in this transaction. A fact that was told before is not told again."""
    if not events:
        return
    rows = [
        {
            "event_id": event.fact_id(community, data),
            "type": event.TYPE,
            "subject": event.key(),
            "community": community,
            "occurred_at": at,
            "actor": str(actor),
            "channel": actor.channel,
            "data": data,
        }
        for event in events
        for data in (event.canonical().decode(),)
    ]
    insert_mappings(sql, journal, rows, ["community", "event_id"])


SEALED_WITHIN: Final = timedelta(minutes=15)
"""The relay seals a fact seconds after it was told: one that has no seal after so long is not on its way to one."""


def is_waiting(sql: Connection) -> bool:
    """True while there are rows to seal."""
    query = select(journal.c.row_id).where(journal.c.position.is_(None)).limit(1)
    return sql.execute(query).first() is not None


def seal(sql: Connection, limit: int = 1000) -> int:
    """Seal up to ``limit`` rows that wait; returns how many."""
    lock(sql)
    waiting = sql.execute(
        select(journal).where(journal.c.position.is_(None)).order_by(journal.c.row_id).limit(limit)
    ).all()
    if not waiting:
        return 0
    position, previous = head(sql)
    sealed = []
    for row in waiting:
        position += 1
        digest = _hash(row, position, previous)
        sealed.append({"key": row.row_id, "new_position": position, "new_previous": previous, "new_hash": digest})
        previous = digest
    sql.execute(_SEAL, sealed)
    counts.add(sql, "told", Counter((row.community, row.type) for row in waiting))
    for kind, count in Counter(row.type for row in waiting).items():
        FACTS_SEALED.labels(kind.partition(".")[0], kind).inc(count)
    return len(sealed)


def envelopes(sql: Connection, service: str, after: int, limit: int = 1000) -> list[Envelope]:
    """Sealed facts after a position, in order of sealing, at most ``limit`` of them."""
    rows = sql.execute(select(journal).where(journal.c.position > after).order_by(journal.c.position).limit(limit))
    return [
        Envelope(
            id=row.event_id,
            type=row.type,
            source=f"/coop/{service}",
            subject=row.subject,
            time=row.occurred_at,
            community=row.community,
            actor=row.actor,
            channel=row.channel,
            position=row.position,
            hash=row.hash,
            data=row.data.encode(),
        )
        for row in rows
    ]


def is_told(sql: Reader, event: Event, community: str) -> bool:
    """True for a fact that was told exactly so."""
    query = select(journal.c.event_id).where(
        journal.c.community == community, journal.c.event_id == event.fact_id(community), journal.c.type == event.TYPE
    )
    return sql.execute(query).first() is not None


def list_rows(sql: Reader, kind: type[Event], community: str, subject: str | None = None) -> list[dict[str, Any]]:
    """Facts of a type (about a subject) as they stand in the chain, with all that their hashes go over."""
    columns = journal.c
    query = select(journal).where(columns.type == kind.TYPE, columns.community == community).order_by(columns.row_id)
    if subject is not None:
        query = query.where(columns.subject == subject)
    return [
        {str(name): value for name, value in row._mapping.items() if name != "row_id"}
        | {"occurred_at": row.occurred_at.isoformat(timespec="microseconds")}
        for row in sql.execute(query)
    ]


def find_places(sql: Reader, community: str, subjects: Collection[str]) -> Sequence[Any]:
    """Type, subject, time, place in the chain and data of every fact about some subjects, in the order of writing; one
    that is not sealed yet has no place."""
    columns = journal.c
    query = (
        select(columns.type, columns.subject, columns.occurred_at, columns.position, columns.data)
        .where(columns.community == community, columns.subject.in_(subjects))
        .order_by(columns.row_id)
    )
    return sql.execute(query).all()


def facts_of(
    sql: Reader,
    kind: type[Fact],
    community: str,
    on_unreadable: Callable[[str], object] | None = None,
    subjects: Collection[str] | None = None,
) -> list[Fact]:
    """Every fact of one type and version that was told (about some subjects), in the order of writing. One that can no
    longer be read is named to ``on_unreadable`` and left out.

    Raises:
        ValueError: one can no longer be read, and nobody asked for its name.
    """
    query = (
        select(journal.c.event_id, journal.c.data)
        .where(journal.c.type == kind.TYPE, journal.c.community == community)
        .order_by(journal.c.row_id)
    )
    if subjects is not None:
        query = query.where(journal.c.subject.in_(subjects))
    facts = []
    for event_id, data in sql.execute(query):
        try:
            facts.append(kind.model_validate_json(data))
        except ValueError:
            if on_unreadable is None:
                raise
            on_unreadable(f"fact {event_id} ({kind.TYPE}) can no longer be read")
    return facts


def instants_of(sql: Reader, kind: type[Event], community: str) -> dict[str, datetime]:
    """Time at which each fact of one type was told, by id of the fact."""
    query = select(journal.c.event_id, journal.c.occurred_at).where(
        journal.c.type == kind.TYPE, journal.c.community == community
    )
    rows: Iterable[Any] = sql.execute(query).all()
    return dict(rows)


def count_told(sql: Connection, community: str) -> dict[str, int]:
    """Count the facts of each type that a community told, sealed or not."""
    kept = select(fact_count.c.type, fact_count.c.number).where(
        fact_count.c.community == community, fact_count.c.direction == "told"
    )
    unsealed = (
        select(journal.c.type, func.count())
        .where(journal.c.community == community, journal.c.position.is_(None))
        .group_by(journal.c.type)
    )
    both = union_all(kept, unsealed).subquery()  # in one statement: a fact that is sealed meanwhile counts once
    query = select(both.c.type, func.sum(both.c.number)).group_by(both.c.type)
    return {kind: int(number) for kind, number in sql.execute(query)}


def head(sql: Connection) -> tuple[int, str]:
    """Position and hash of the newest sealed row."""
    query = select(journal.c.position, journal.c.hash).where(journal.c.position.is_not(None))
    row = sql.execute(query.order_by(journal.c.position.desc()).limit(1)).first()
    return (row.position, row.hash) if row else (0, GENESIS)


def published_head(sql: Connection) -> tuple[int, str]:
    """Position and hash of the newest row that was handed to the bus; of the newest of all when more was handed over
    than there is."""
    query = select(journal.c.position, journal.c.hash).where(journal.c.position <= published_position(sql))
    row = sql.execute(query.order_by(journal.c.position.desc()).limit(1)).first()
    return (row.position, row.hash) if row else (0, GENESIS)


def hash_at(sql: Connection, position: int) -> str | None:
    """Hash of the sealed row at a position, or None where there is no such row."""
    return sql.scalar(select(journal.c.hash).where(journal.c.position == position))


def published_position(sql: Connection) -> int:
    """Position up to which facts were handed to the bus."""
    return sql.scalar(select(relay_state.c.published_position).where(relay_state.c.name == "relay")) or 0


def mark_published(sql: Connection, position: int) -> None:
    """Remember that facts up to ``position`` were handed to the bus."""
    lock(sql)
    sql.execute(
        update(relay_state)
        .where(relay_state.c.name == "relay", relay_state.c.published_position < position)
        .values(published_position=position)
    )


@dataclass(frozen=True)
class Anchor:
    """A position up to which a chain was found whole, and its hash there."""

    position: int = 0
    hash: str = GENESIS


BEGINNING = Anchor()


def read_anchor(sql: Connection) -> Anchor:
    """The position up to which the chain was walked before; its beginning when it never was."""
    columns = relay_state.c.verified_position, relay_state.c.verified_hash
    row = sql.execute(select(*columns).where(relay_state.c.name == "relay")).first()
    return Anchor(row.verified_position, row.verified_hash) if row and row.verified_position else BEGINNING


def set_anchor(sql: Connection, anchor: Anchor) -> None:
    """Remember up to where the chain was walked."""
    lock(sql)
    sql.execute(
        update(relay_state)
        .where(relay_state.c.name == "relay")
        .values(verified_position=anchor.position, verified_hash=anchor.hash)
    )


def verify_chain(sql: Connection, after: Anchor = BEGINNING, limit: int | None = None) -> tuple[int, ChainBreak | None]:
    """Walk the chain behind an anchor, all of it or ``limit`` rows; returns up to which position it is whole, and the
    first break, if any."""
    previous, expected = after.hash, after.position
    if expected and hash_at(sql, expected) != previous:
        return expected - 1, ChainBreak(expected, "is not the row that was verified before")
    query = select(journal).where(journal.c.position > expected).order_by(journal.c.position).limit(limit)
    with closing(sql.execute(query, execution_options={"yield_per": 5000})) as rows:
        while True:
            try:
                row = rows.fetchone()
            except (ValueError, TypeError):
                return expected, ChainBreak(expected + 1, "can no longer be read")
            if row is None:
                break
            expected += 1
            if row.position != expected:
                return expected - 1, ChainBreak(expected, f"position {expected} is gone")
            if row.previous_hash != previous:
                return expected - 1, ChainBreak(expected, "does not follow the row before it")
            if row.hash != _hash(row, row.position, previous):
                return expected - 1, ChainBreak(expected, "was changed after it was sealed")
            previous = row.hash
    is_at_end = limit is None or expected - after.position < limit
    if is_at_end and published_position(sql) > expected:
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
        row.actor,
        row.channel,
        row.data,
    )
    # Lengths keep one attribute from borrowing bytes of the next.
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def lock(sql: Connection) -> None:
    """Hold the relay's row to the end of the transaction, and make it where there is none: one sealer at a time."""
    query = select(relay_state.c.name).where(relay_state.c.name == "relay").with_for_update()
    if sql.execute(query).first() is None:
        insert_mappings(sql, relay_state, [{"name": "relay", "published_position": 0}], ["name"])
        sql.execute(query)
