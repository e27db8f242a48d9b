"""Peak power of what produces behind a meter, from a day on, as somebody said it.

Invariant: a statement is only added. On a day the statement with the latest first day holds, and of two from one day
the one that was said later; 0 W says that it is not known any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx
from coop.metering.model import MeterKind
from coop.metering.register import store
from coop.metering.register.tables import peak_power
from coop.values import BadInput, NotFound, Problem, say

PEAK_MAX_W = 100_000_000
REASON_MAX = 500
PRODUCING = frozenset({MeterKind.SOLAR, MeterKind.ELECTRICITY})


@dataclass(frozen=True)
class Peak:
    """Peak power of a meter's panels from ``valid_from`` on [W], said as statement ``number`` of that meter."""

    serial: str
    number: int
    valid_from: date
    peak_w: int
    recorded_at: datetime
    recorded_by: str
    reason: str


def list_peaks(tx: Tx, serial: str | None = None) -> list[Peak]:
    """Statements on peak power, of one meter or of all, in the order in which they were made."""
    of = [] if serial is None else [peak_power.c.serial == serial]
    return select_as(tx, Peak, peak_power, *of, order_by=[peak_power.c.serial, peak_power.c.number])


def find_peak(peaks: Iterable[Peak], day: date) -> int | None:
    """The peak power that holds on a day [W]; None where it is not known. ``peaks`` are those of one meter.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> told = [Peak("S", i, date(2025, m, 1), w, at, "", "") for i, m, w in ((1, 1, 4000), (2, 6, 6000), (3, 1, 4200))]
    >>> [find_peak(told, date(2025, month, 15)) for month in (3, 7)], find_peak(told, date(2024, 12, 31))
    ([4200, 6000], None)
    """
    held = [one for one in peaks if one.valid_from <= day]
    return max(held, key=lambda one: (one.valid_from, one.number)).peak_w or None if held else None


def set_peak(tx: Tx, serial: str, valid_from: date, peak_w: int, reason: str) -> None:
    """Keep what peak power the panels behind a meter have from a day on; what holds already is not kept again.

    Raises:
        NotFound: there is no such meter.
        BadInput: nothing produces behind it, or the power or the reason is none.
    """
    meter = store.directory(tx).meters.get(serial)
    if meter is None:
        raise NotFound(say("there is no meter %(serial)s", serial=serial))
    problems = []
    if meter.kind not in PRODUCING:
        problems.append(Problem(say("nothing makes electricity behind this meter"), "peak_w"))
    if not 0 <= peak_w <= PEAK_MAX_W:
        problems.append(Problem(say("does not lie between 0 and %(most)s W", most=PEAK_MAX_W), "peak_w"))
    if not 0 < len(reason.strip()) <= REASON_MAX:
        problems.append(
            Problem(say("say where it is known from, in at most %(most)s characters", most=REASON_MAX), "reason")
        )
    if problems:
        raise BadInput(problems)
    told = list_peaks(tx, serial)
    same_day = [one for one in told if one.valid_from == valid_from]
    if same_day and same_day[-1].peak_w == peak_w:
        return
    one = Peak(serial, len(told) + 1, valid_from, peak_w, tx.now, str(tx.actor), reason.strip())
    insert_nouns(tx, peak_power, [one])
