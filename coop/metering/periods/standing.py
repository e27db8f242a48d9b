"""Results kept by the last computing of a closed period, so that a correction counts only what can come out otherwise.

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
from coop.metering.periods.results import Before
from coop.metering.periods.store import Measurement, list_runs
from coop.metering.periods.tables import computed_day, computed_heat, computed_run
from coop.metering.readings.arrivals import last_number
from coop.metering.sharing.standing import KeptDay, KeptRun, StandingRuns, Which
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


def keep_runs(tx: Tx, period: Period, kept: Mapping[Which, KeptRun]) -> None:
    """Keep what was just computed of a period's runs, in the place of what was before."""
    columns, known = computed_run.c, last_number(tx)
    tx.execute(delete(computed_run).where(columns.community == tx.community, columns.period_start == period.start))
    rows: list[dict[str, object]] = [
        {**_key_of(tx, period, which), "known": known, "sha256": one.sha256} for which, one in kept.items()
    ]
    tx.insert(computed_run, rows)
    _keep_days(tx, period, kept)


def _keep_days(tx: Tx, period: Period, kept: Mapping[Which, KeptRun]) -> None:
    """Write the days that came to something else than is kept of them."""
    columns = computed_day.c
    now = {(*which, day.day): day for which, one in kept.items() for day in one.days}
    was = {(*which, day.day): day for which, days in _load_days(tx, period).items() for day in days}
    gone: dict[Which, list[int]] = {}
    for (group_id, span, day), one in was.items():
        if now.get((group_id, span, day)) != one:
            gone.setdefault((group_id, span), []).append(day)
    for which, days in gone.items():
        where = [columns[name] == value for name, value in _key_of(tx, period, which).items()]
        tx.execute(delete(computed_day).where(columns.community == tx.community, *where, columns.day.in_(days)))
    rows: list[dict[str, object]] = [
        {**_key_of(tx, period, (group_id, span)), **one._asdict()}
        for (group_id, span, day), one in now.items()
        if was.get((group_id, span, day)) != one
    ]
    tx.insert(computed_day, rows)


def _key_of(tx: Tx, period: Period, which: Which) -> dict[str, object]:
    group_id, span = which
    key = {"period_start": period.start, "group_id": group_id, "span_start": span.start, "span_end": span.end}
    return {"community": tx.community, **key}


def _load_days(tx: Tx, period: Period) -> dict[Which, list[KeptDay]]:
    columns = computed_day.c
    key = columns.group_id, columns.span_start, columns.span_end
    query = select(*key, columns.day, columns.sums, columns.sha256, columns.versions)
    where = columns.community == tx.community, columns.period_start == period.start
    found: dict[Which, list[KeptDay]] = {}
    for group_id, start, end, *day in tx.execute(query.where(*where).order_by(*key, columns.day)):
        found.setdefault((group_id, Period(start, end)), []).append(KeptDay(*day))
    return found


def load_runs(tx: Tx, period: Period) -> StandingRuns:
    """Load what was kept of a period's runs, of those that were told."""
    told = {(run.group_id, run.period): run.inputs_hash for run in list_runs(tx, period)}
    columns, days = computed_run.c, _load_days(tx, period)
    query = select(columns.group_id, columns.span_start, columns.span_end, columns.known, columns.sha256)
    where = columns.community == tx.community, columns.period_start == period.start
    known, kept = 0, {}
    for group_id, start, end, number, sha256 in tx.execute(query.where(*where)):
        which = (group_id, Period(start, end))
        if which in told:
            kept[which], known = KeptRun(sha256, tuple(days.get(which, ()))), number
    return StandingRuns(known, kept, told)


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


def load_before(tx: Tx, period: Period, told: Iterable[Measurement]) -> Before:
    """Load all that was kept of a period, beside the measurements that were ``told`` of it last."""
    return Before(load_standing(tx, period, told), load_runs(tx, period))


def _find(tx: Tx, period: Period) -> Row[tuple[int, bytes, str]] | None:
    columns = computed_heat.c
    query = select(columns.known, columns.body, columns.sha256)
    row: Row[tuple[int, bytes, str]] | None = tx.execute(
        query.where(columns.community == tx.community, columns.period_start == period.start)
    ).first()
    return row


def _hash(period: Period, known: int, body: bytes) -> str:
    return hashlib.sha256(f"{period.start} {known} ".encode() + body).hexdigest()
