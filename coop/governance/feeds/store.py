"""Queries on the journal as others may read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from coop.events import Envelope
from coop.kit.tables import journal
from coop.kit.tx import Tx


def list_facts_after(tx: Tx, types: Sequence[str], after: int, limit: int) -> list[Envelope]:
    """Sealed facts of these types after a position, oldest first."""
    query = _facts(tx, types).where(journal.c.position > after).order_by(journal.c.position).limit(limit)
    return _envelopes(tx, query)


def list_facts_before(tx: Tx, types: Sequence[str], before: int | None, limit: int) -> list[Envelope]:
    """Sealed facts of these types before a position (or the newest), newest first."""
    query = _facts(tx, types)
    if before is not None:
        query = query.where(journal.c.position < before)
    return _envelopes(tx, query.order_by(journal.c.position.desc()).limit(limit))


def find_last_position(tx: Tx, types: Sequence[str]) -> int:
    """Position of the newest such fact, 0 when there is none: a feed's ETag follows from it."""
    newest: int | None = tx.scalar(_facts(tx, types).with_only_columns(func.max(journal.c.position)))
    return newest or 0


def _facts(tx: Tx, types: Sequence[str]) -> Select[*tuple[Any, ...]]:
    return select(journal).where(
        journal.c.position.is_not(None), journal.c.community == tx.community, journal.c.type.in_(types)
    )


def _envelopes(tx: Tx, query: Select[*tuple[Any, ...]]) -> list[Envelope]:
    return [
        Envelope(
            id=row.event_id,
            type=row.type,
            source="/coop/governance",
            subject=row.subject,
            time=row.occurred_at,
            community=row.community,
            actor=row.actor,
            channel=row.channel,
            position=row.position,
            hash=row.hash,
            data=row.data.encode(),
        )
        for row in tx.execute(query)
    ]
