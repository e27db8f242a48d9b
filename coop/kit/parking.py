"""Dead letters: whatever was refused at a door, kept with its reason until somebody replays or discards it.

Each belongs to the co-operative that it came in for; what names none belongs to ``UNKNOWN``, and the operator of the
installation looks after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, tuple_, update

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.keyset import Window, cut_query
from coop.kit.metrics import LETTERS_PARKED
from coop.kit.rows import columns_of
from coop.kit.rowwall import EVERYBODY
from coop.kit.sentences import storable
from coop.kit.tables import dead_letter
from coop.kit.tx import Tx
from coop.values import CoopError, derive_id, say

UNKNOWN = "?"
"""Community of what came in without naming one."""

EVENT = "event"
"""Kind of a parked fact."""

COMMUNITY_MAX = 100
SOURCE_MAX = 200
ERROR_MAX = 1000


@dataclass(frozen=True)
class Letter:
    """A parked message: what it was (``kind``), where it came from, and why it was refused."""

    id: str
    community: str
    kind: str
    source: str
    body: bytes
    code: str
    reason: str
    parked_at: datetime
    attempts: int
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None


def park(tx: Tx, kind: str, source: str, body: bytes, code: str, reason: str) -> str:
    """Keep what was refused, with the reason; returns its id.

    The same body for the same reason is kept once, and is open again when it had been resolved.
    """
    source = storable(source)[:SOURCE_MAX]
    LETTERS_PARKED.labels(kind).inc()
    letter_id = derive_id("dead-letter", tx.community, kind, source, body.hex(), storable(reason))
    again = tx.execute(
        update(dead_letter)
        .where(dead_letter.c.community == tx.community, dead_letter.c.id == letter_id)
        .values(attempts=dead_letter.c.attempts + 1, resolved_at=None, resolved_by=None, resolution=None)
    )
    if not again.rowcount:
        tx.execute(
            insert(dead_letter).values(
                id=letter_id,
                community=tx.community,
                kind=kind,
                source=source,
                body=body,
                code=code[:100],
                reason=reason,
                parked_at=tx.now,
                attempts=1,
            )
        )
    return letter_id


def park_raw(
    database: Database, kind: str, source: str, headers: Mapping[str, str], body: bytes, error: Exception
) -> None:
    """Keep a raw message that could not be taken, for the community that its headers name."""
    with database.write(community_of(headers), Actor("service", "bus", "bus")) as tx:
        park(tx, kind, source, body, *describe(error))


def community_of(headers: Mapping[str, str]) -> str:
    """Community that the headers of a raw message name; ``UNKNOWN`` when that cannot be one."""
    community = headers.get("community", UNKNOWN)
    named = 0 < len(community) <= COMMUNITY_MAX and community.isprintable() and community != EVERYBODY
    return community if named else UNKNOWN


def describe(error: Exception) -> tuple[str, str]:
    """Code and reason of an error, the same whenever it comes again: without the times and values of a statement."""
    if isinstance(error, CoopError):
        return error.code, error.message
    cause = getattr(error, "orig", None) or error
    words = f"{type(cause).__name__}: {cause}".split("\n", 1)[0]
    return "bug", say("the program failed on it: %(error)s", error=words[:ERROR_MAX])


def list_parked(tx: Tx, limit: int = 100, after: Letter | None = None, *kinds: str) -> Sequence[Letter]:
    """Open dead letters (of some kinds), oldest first; the next page starts behind ``after``."""
    query = _open(tx, *kinds).order_by(dead_letter.c.parked_at, dead_letter.c.id).limit(limit)
    if after:
        query = query.where(tuple_(dead_letter.c.parked_at, dead_letter.c.id) > (after.parked_at, after.id))
    return [Letter(*row) for row in tx.execute(query)]


def page_parked(tx: Tx, window: Window | None, *kinds: str) -> Sequence[Letter]:
    """A window of the open dead letters (of some kinds), oldest first, and one more; without a window all."""
    query = cut_query(_open(tx, *kinds), window, dead_letter.c.parked_at, dead_letter.c.id)
    return [Letter(*row) for row in tx.execute(query)]


def count_parked(tx: Tx, *kinds: str) -> int:
    """Number of open dead letters (of some kinds)."""
    return tx.scalar(select(func.count()).select_from(_open(tx, *kinds).subquery())) or 0


def get_parked(tx: Tx, letter_id: str) -> Letter:
    """One open dead letter.

    Raises:
        CoopError: there is none with this id.
    """
    row = tx.execute(_open(tx).where(dead_letter.c.id == letter_id)).first()
    if row is None:
        raise CoopError("no-such-letter", say("nothing open is parked under %(letter_id)s", letter_id=letter_id))
    return Letter(*row)


def resolve(tx: Tx, letter_id: str, resolution: str) -> None:
    """Close a dead letter as ``replayed`` or ``discarded``, and say who did. It stays in the table."""
    tx.execute(
        update(dead_letter)
        .where(dead_letter.c.community == tx.community, dead_letter.c.id == letter_id)
        .values(resolved_at=tx.now, resolved_by=str(tx.actor), resolution=resolution)
    )


def _open(tx: Tx, *kinds: str) -> Select[*tuple[Any, ...]]:
    query = select(*columns_of(Letter, dead_letter)).where(
        dead_letter.c.community == tx.community, dead_letter.c.resolved_at.is_(None)
    )
    return query.where(dead_letter.c.kind.in_(kinds)) if kinds else query
