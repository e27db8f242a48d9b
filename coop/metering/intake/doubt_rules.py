"""Rules of doubt about readings of a file, each register beside what is known of it.

Energies, volumes and their rates are in base units. The thresholds are choices
(docs/domain/metering-formats-and-units.md#doubts-about-a-file).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import DAY_S, Int64Array
from coop.metering.readings.parameters import Limit
from coop.metering.readings.sun import is_night
from coop.values import Said, say

OTHER_TIMES = 10.0
"""Use that many times more or less than before is doubted: a wrong unit is 1,000, 278 or 3.6 times off."""

SWAPPED_TIMES, ALIKE_TIMES = 3.0, 1.5
"""Two columns are swapped where each is so far from its own register's use, and so near to the other's."""

NIGHT_SHARE = 0.01
"""A solar meter that makes more than this part at night has another clock, or is another meter."""

HOUR_S = 3600

LESS, MORE, TOO_MUCH = "less", "more", "too much"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Readings:
    """Readings of one register in the order of time: at instants [s since 1970], or with ``step_s`` the use of
    intervals that begin there. ``lines`` are those of the file, and ``unit`` is its unit of ``per_unit`` base ones."""

    at_s: Int64Array
    values: Floats
    step_s: int = 0
    lines: list[int | None] = field(default_factory=list)
    unit: str = ""
    per_unit: float = 1.0

    def __len__(self) -> int:
        return len(self.at_s)

    def without(self, at_s: Int64Array) -> Readings:
        """The readings at other instants."""
        keep = ~np.isin(self.at_s, at_s)
        return Readings(self.at_s[keep], self.values[keep], self.step_s)

    def line(self, i: int) -> int | None:
        """The line of a reading, or where the unbroken run begins in which it stands; None where lines mean
        nothing."""
        return next((line for line in reversed(self.lines[: i + 1]) if line is not None), None)

    def rate(self) -> float | None:
        """Use per hour; None where less than a day tells it."""
        if self.step_s:
            span_s = len(self) * self.step_s
            used = float(self.values.sum())
        else:
            span_s = int(self.at_s[-1] - self.at_s[0]) if len(self) else 0
            used = float(self.values[-1] - self.values[0]) if len(self) else 0.0
        return used * HOUR_S / span_s if span_s >= DAY_S else None


Doubt = tuple[int | None, Said]
"""The line and the reason."""


def doubt_stands(file: Readings, known: Readings, limit: Limit | None) -> Doubt | None:
    """Doubt cumulative readings that no counting leads to from those that are known at other moments, or from each
    other. Two values for one moment are a contradiction, which is judged elsewhere.

    >>> file = Readings(np.array([7200]), np.array([50.0]), lines=[2], unit="Wh")
    >>> doubt_stands(file, Readings(np.array([0, 10800]), np.array([60.0, 65.0])), Limit(100, 1))[1]
    '50 Wh is less than the 60 of 1970-01-01T00:00:00+00:00'
    """
    known = known.without(file.at_s)
    step, per_hour = (limit.step, limit.per_hour) if limit else (0, np.inf)
    before = np.searchsorted(known.at_s, file.at_s, "right") - 1
    after = np.searchsorted(known.at_s, file.at_s, "left")
    found: list[tuple[int, str, Readings, int]] = []
    has_before, has_after = np.flatnonzero(before >= 0), np.flatnonzero(after < len(known))
    earlier, later = before[has_before], after[has_after]
    rise, since_s = file.values[has_before] - known.values[earlier], file.at_s[has_before] - known.at_s[earlier]
    fall = file.values[has_after] - known.values[later]
    for what, where, off, other in (
        (LESS, has_before, rise < -step, earlier),
        (TOO_MUCH, has_before, rise > per_hour * (since_s / HOUR_S) + step, earlier),
        (MORE, has_after, fall > step, later),
    ):
        if off.any():
            k = int(off.argmax())
            found.append((int(where[k]), what, known, int(other[k])))
    beyond = np.flatnonzero(np.diff(file.values) > per_hour * (np.diff(file.at_s) / HOUR_S) + step)
    if len(beyond):
        found.append((int(beyond[0]) + 1, TOO_MUCH, file, int(beyond[0])))
    if not found:
        return None
    i, kind, told, k = min(found, key=lambda each: each[0])
    moment = datetime.fromtimestamp(int(told.at_s[k]), UTC)
    said, there = (Decimal(f"{float(each) / file.per_unit:.9g}") for each in (file.values[i], told.values[k]))
    values = {"value": said, "unit": file.unit, "other": there, "at": moment}
    match kind:
        case "less":
            reason = say("%(value)s %(unit)s is less than the %(other)s of %(at)s", **values)
        case "more":
            reason = say("%(value)s %(unit)s is more than the %(other)s of %(at)s", **values)
        case _:
            reason = say(
                "%(value)s %(unit)s is more than the meter can have counted since the %(other)s of %(at)s", **values
            )
    return file.line(i), reason


def doubt_use(file: Readings, known: Readings, rate: float | None) -> Doubt | None:
    """Doubt use that is quite another than what is known: than the same intervals, or than ``rate`` [per hour]."""
    if len(known):
        _, here, there = np.intersect1d(file.at_s, known.at_s, return_indices=True)
        other = np.flatnonzero(file.values[here] != known.values[there])
        if 2 * len(other) > len(here):
            reason = say(
                "%(count)s of %(all)s values are others than those that are there already for these times",
                count=len(other),
                all=len(here),
            )
            return file.line(int(here[other[0]])), reason
    own = file.rate()
    if own is None or rate is None or not own > 0 or not rate > 0:
        return None
    if own > OTHER_TIMES * rate:
        return file.line(0), say("it is %(times)s times as much as around that time", times=round(own / rate))
    if rate > OTHER_TIMES * own:
        return file.line(0), say("around that time it is %(times)s times as much", times=round(rate / own))
    return None


def doubt_night(file: Readings) -> Doubt | None:
    """Doubt a solar meter that makes electricity in the night."""
    if not 0 < file.step_s <= HOUR_S or not file.values.sum():
        return None
    night = is_night(file.at_s, file.step_s)
    made = float(file.values[night].sum())
    if made <= NIGHT_SHARE * float(file.values.sum()):
        return None
    first = int(np.flatnonzero(night & (file.values > 0))[0])
    reason = say(
        "a solar meter makes %(percent)s %% of it at night: another clock, another meter or another column",
        percent=round(100 * made / float(file.values.sum())),
    )
    return file.line(first), reason


def is_apart(use: float, other: float) -> bool:
    """True where use per hour is quite another than it was.

    >>> is_apart(100, 950), is_apart(100, 250)
    (True, False)
    """
    return use > 0 and other > 0 and _apart(use, other) >= SWAPPED_TIMES


def is_near(use: float, other: float) -> bool:
    """True where use per hour is about as much as another."""
    return _apart(use, other) <= ALIKE_TIMES


def _apart(one: float, other: float) -> float:
    return max(one / other, other / one)
