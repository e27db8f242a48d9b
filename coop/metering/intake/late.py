"""Late values: what changes after a period was closed marks that period, so that it is corrected.

A mark is a hint with a name and a day. Whether the period's results really change is found by computing them again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np

from coop.kit.tx import Tx
from coop.metering.intake.batch import Changed
from coop.metering.periods import store as periods
from coop.metering.periods.open_ends import OpenEnd, list_open_ends
from coop.metering.readings import store as readings
from coop.metering.readings.days import Packed
from coop.metering.readings.log import RegisterDay
from coop.metering.readings.store import instant, seconds
from coop.values import civil_date


def mark_late(tx: Tx, changed: Sequence[Changed]) -> None:
    """Mark the closed periods of which days stand otherwise than before the first of these was said.

    A period's own bounds count as in it, for its stands are read there; so does what comes after them for a register
    whose stand at the bound was estimated from what lay around it, and what a device says before or after what one
    account alone said of the period.
    """
    if not changed:
        return
    first_s, last_s = min(one.first_s for one in changed), max(one.last_s for one in changed)
    ends: dict[tuple[date, int, str], list[OpenEnd]] = {}
    for register_id, end in list_open_ends(tx, {one.register_id for one in changed}, first_s, last_s):
        ends.setdefault((end.period_start, end.revision, register_id), []).append(end)
    sources = readings.sources_of(tx, {one.number for one in changed}) if ends else {}
    by_device = {number for number, source in sources.items() if not source.is_claim}
    around = civil_date(instant(first_s)), civil_date(instant(last_s))
    for closed in periods.list_closed(tx, around, also={start for start, _, _ in ends}):
        start_s, end_s = seconds(closed.period.start_at), seconds(closed.period.end_at)
        touched = [
            one
            for one in changed
            if (one.last_s >= start_s and one.first_s <= end_s)
            or _fills(one, ends.get((closed.period.start, closed.revision, one.register_id), ()), by_device)
        ]
        others = _find_otherwise(tx, touched, min(one.number for one in changed) - 1)
        periods.add_late(tx, closed, [one[:4] for one in touched if one[:2] in others])


def _find_otherwise(tx: Tx, touched: Sequence[Changed], known: int) -> set[RegisterDay]:
    """Days that stand otherwise now than when no delivery after number ``known`` was there."""
    wanted: dict[int, set[str]] = {}
    for one in touched:
        wanted.setdefault(one.day, set()).add(one.register_id)
    before, now = (readings.packed(tx, wanted, number) for number in (known, None))
    return {key for key in before.keys() | now.keys() if _is_other(before.get(key), now.get(key))}


def _is_other(before: Packed | None, now: Packed | None) -> bool:
    if before is None or now is None:
        return before is not now
    old, new = before.unpack(), now.unpack()
    pairs = zip(vars(old.content).values(), vars(new.content).values(), strict=True)
    return old.step_s != new.step_s or not all(np.array_equal(*pair) for pair in pairs)


def _fills(one: Changed, ends: Sequence[OpenEnd], by_device: Collection[int]) -> bool:
    """True where a delivery brings a reading to where one was missed."""
    counting = (end for end in ends if not end.by_device or one.number in by_device)
    return any(one.last_s > end.after_s and one.first_s < end.before_s for end in counting)
