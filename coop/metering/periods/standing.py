"""What the last computing of a closed period kept, so that a correction counts only what can come out otherwise.

Invariant: it is of the very results that were told last, written in their transaction. What is missing, or is not what
was written, is not used: then all of the period is computed again.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row, delete, insert, select

from coop.kit.tx import Tx
from coop.metering.heat.standing import Kept, OpenStretch, Standing, Whose
from coop.metering.model import Quantity
from coop.metering.periods.store import Measurement
from coop.metering.periods.tables import computed_heat
from coop.metering.readings.arrivals import last_number
from coop.values import Period

_ROWS = TypeAdapter(list[tuple[str, str, Quantity, str, bool, tuple[OpenStretch, ...]]])


def keep_standing(tx: Tx, period: Period, kept: Mapping[Whose, Kept]) -> None:
    """Keep what was just computed of a period, in the place of what was before."""
    rows = [(*whose, one.sha256, one.is_wide, one.ends) for whose, one in sorted(kept.items())]
    body = zlib.compress(_ROWS.dump_json(rows), 1)
    columns = computed_heat.c
    tx.execute(delete(computed_heat).where(columns.community == tx.community, columns.period_start == period.start))
    known = last_number(tx)
    row = {"known": known, "body": body, "sha256": _hash(period, known, body)}
    tx.execute(insert(computed_heat).values(community=tx.community, period_start=period.start, **row))


def is_changed(tx: Tx, period: Period) -> bool:
    """True where what was kept of a period is not as it was written; where nothing is kept, nothing is relied on."""
    row = _find(tx, period)
    return row is not None and row.sha256 != _hash(period, row.known, row.body)


def load_standing(tx: Tx, period: Period, told: Iterable[Measurement]) -> Standing | None:
    """Load what was kept of a period, beside what was ``told`` of it last; None where it cannot be relied on."""
    row = _find(tx, period)
    if row is None or row.sha256 != _hash(period, row.known, row.body):
        return None
    try:
        rows = _ROWS.validate_json(zlib.decompress(row.body))
    except (ValidationError, zlib.error):
        return None
    kept = {
        (connection_id, member_id, quantity): Kept(sha256, is_wide, ends)
        for connection_id, member_id, quantity, sha256, is_wide, ends in rows
    }
    return Standing(row.known, kept, {one.subject: one.energy_j for one in told})


def _find(tx: Tx, period: Period) -> Row[tuple[int, bytes, str]] | None:
    columns = computed_heat.c
    query = select(columns.known, columns.body, columns.sha256)
    row: Row[tuple[int, bytes, str]] | None = tx.execute(
        query.where(columns.community == tx.community, columns.period_start == period.start)
    ).first()
    return row


def _hash(period: Period, known: int, body: bytes) -> str:
    return hashlib.sha256(f"{period.start} {known} ".encode() + body).hexdigest()
