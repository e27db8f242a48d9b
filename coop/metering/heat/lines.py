"""Lines of readings that count: how high a register stands, how far it goes unbroken, and at which pace it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import DAY_S, Int64Array
from coop.metering.readings.plausibility import Bound

HORIZON_S = 31 * DAY_S
"""Time on both sides of a break over which a register's own pace is taken."""

REACH_S = 3 * HORIZON_S
"""Time after a break within which readings can fit the line before it."""

PACES = 3
"""So many times its own pace a register may go, and no slower than its pace divided by it."""

FEW = 5
"""Readings that a pace is taken from at least, however far apart they lie."""


@dataclass
class Line:
    """Readings in the order of time, shape (n,), and which of them count (``keep``); ``first`` is where the unbroken
    line begins that is being followed."""

    at_s: Int64Array
    values: Int64Array
    bound: Bound | None
    first: int = field(default=0, init=False)
    keep: NDArray[np.bool_] = field(init=False)
    step: int = field(init=False)

    def __post_init__(self) -> None:
        self.keep = np.ones(len(self.values), np.bool_)
        self.step = self.bound.step if self.bound is not None else 0

    def line(self, until: int) -> Int64Array:
        """Readings that count from the beginning of the line up to ``until``."""
        return self.first + np.flatnonzero(self.keep[self.first : until + 1])

    def level(self, at: int) -> int:
        """Highest value of the line up to a reading: what it had counted by then."""
        return int(self.values[self.line(at)].max())

    def climb(self, indices: Sequence[int]) -> int:
        """Most that readings rose above the first of them."""
        return int(self.values[list(indices)].max()) - int(self.values[indices[0]]) if indices else 0

    def rise(self, q: int, k: int) -> int:
        """Units from the line's level at one reading to another."""
        return int(self.values[k]) - self.level(q)

    def is_pace(self, counted: int, time: int, paces: Sequence[float]) -> bool:
        """True where so much in so long [s] is neither far more nor far less than these paces."""
        low, high = min(paces) / PACES * time - self.step, max(paces) * PACES * time + self.step
        return low <= counted <= high

    def run_end(self, i: int, within_s: int = HORIZON_S) -> int:
        """Last reading of the unbroken run from ``i`` on, within a time."""
        until = int(np.searchsorted(self.at_s, self.at_s[i] + within_s, "right"))
        here = i + np.flatnonzero(self.keep[i:until])
        values = self.values[here]
        level = np.maximum.accumulate(values)
        wrong = level - values > self.step
        if self.bound is not None:
            rise, time = np.diff(values), np.diff(self.at_s[here])
            wrong[1:] |= rise > self.bound.per_hour / 3600 * time + self.bound.step
        return int(here[int(np.argmax(wrong)) - 1 if wrong.any() else -1])

    def paces(self, q: int, k: int) -> list[float]:
        """The register's paces before and after a stretch."""
        return [pace for pace in (self.pace_before(q), self.pace_after(k)) if pace is not None]

    def pace_before(self, p: int) -> float | None:
        """Pace of the line in the month up to a reading [1/s]; None where that does not tell."""
        line = self.line(p)
        near = int(np.searchsorted(self.at_s[line], self.at_s[p] - HORIZON_S))
        return self._typical_pace(line[min(near, max(0, len(line) - FEW)) :])

    def pace_after(self, k: int) -> float | None:
        """Pace of all that counts in the month from a reading on [1/s], whatever happened there."""
        later = k + np.flatnonzero(self.keep[k : int(np.searchsorted(self.at_s, self.at_s[k] + REACH_S, "right"))])
        near = int(np.searchsorted(self.at_s[later], self.at_s[k] + HORIZON_S, "right"))
        return self._typical_pace(later[: max(near, FEW)])

    def _typical_pace(self, places: Int64Array) -> float | None:
        half = len(places) // 2
        if not half:
            return None
        values, at_s = self.values[places], self.at_s[places]
        times = at_s[half:] - at_s[:-half]
        pace = float(np.median((values[half:] - values[:-half]) / times))
        if pace < 0:
            return None
        # Within what the register's resolution hides, the whole stretch says more.
        coarse = self.step / float(np.median(times))
        whole = float(values[-1] - values[0]) / float(at_s[-1] - at_s[0])
        return min(max(whole, pace - coarse, 0.0), pace + coarse)
