"""Late values: what changes after a period was closed marks that period, so that it is corrected.

A mark is a hint with a name and a day. Whether the period's results really change is found by computing them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coop.kit.tx import Tx
from coop.metering.intake.batch import Changed
from coop.metering.periods import store as periods
from coop.metering.readings.store import instant, seconds
from coop.values import civil_date


def mark_late(tx: Tx, changed: Sequence[Changed]) -> None:
    """Mark the closed periods that new versions touch.

    A period's own bounds count as in it, for its stands are read there; so does what comes after them for a register
    whose stand at the bound was estimated from what lay around it.
    """
    if not changed:
        return
    first_s, last_s = min(one.first_s for one in changed), max(one.last_s for one in changed)
    for closed in periods.list_closed(tx, (civil_date(instant(first_s)), civil_date(instant(last_s)))):
        start_s, end_s = seconds(closed.period.start_at), seconds(closed.period.end_at)
        touched = [
            (one.register_id, one.day, one.version)
            for one in changed
            if (one.last_s >= start_s and one.first_s <= end_s) or _fills(one, closed.open_ends)
        ]
        periods.add_late(tx, closed, touched)


def _fills(one: Changed, open_ends: Mapping[str, Sequence[tuple[int, int]]]) -> bool:
    """True where a version brings a reading to where one was missed."""
    spans = open_ends.get(one.register_id, ())
    return any(one.last_s > after_s and one.first_s < before_s for after_s, before_s in spans)
