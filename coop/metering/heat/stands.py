"""Count of a cumulative register between two instants, whatever happened to it on the way.

Invariant: the stands of a register are turned into one count that never falls; what was used between two instants is
the difference of the count at both. So parts add up: the months of a year sum to its last count less its first, to the
unit.

Where stands fall, the register

- *rolled over*, when its maximum is known and the way across it is possible: the count goes on across the maximum;
- *dipped*, when a later stand is possible from the one before the fall but not from the fallen ones: those are not
  used;
- was *reset* otherwise: it counts on from zero, unless even the first new stand is more than it can have counted since;
  then that stand is where it starts, and what lies between is unknown and counted as nothing.

The count between two stands is shared out over time (``ShareByTime``); the whole units that this gives are rounded down
at the instant, not per part, so that nothing is lost or counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coop.metering.heat.degree_days import ShareByTime, linear
from coop.metering.model import Int64Array, Quality, QualityArray
from coop.metering.readings.plausibility import Bound


@dataclass(frozen=True)
class Break:
    """After stand ``index`` the register went on from ``base`` (below zero: so far to go until it rolls over)."""

    index: int
    base: int
    kind: str


@dataclass(frozen=True)
class Count:
    """A register's stands as one count. Arrays have shape (n,), in the order of time; dips are left out."""

    at_s: Int64Array
    stands: Int64Array
    quality: QualityArray
    counted: Int64Array
    breaks: tuple[Break, ...]


@dataclass(frozen=True)
class Point:
    """The count at an instant, and the instants of the stands that it comes from (the same one when it is exact).

    ``before_s`` or ``after_s`` is None where there is no stand on that side and the nearest one stands in.
    """

    at_s: int
    counted: int
    quality: Quality
    before_s: int | None
    after_s: int | None

    @property
    def is_exact(self) -> bool:
        """True when a stand was read at this very instant."""
        return self.before_s == self.after_s == self.at_s


@dataclass(frozen=True)
class Part:
    """An unbroken run of the register: from stand to stand, in register units; ``energy`` is their difference."""

    start: Point
    end: Point
    from_stand: int
    to_stand: int

    @property
    def energy(self) -> int:
        """Units that were counted in it."""
        return self.to_stand - self.from_stand


def count(at_s: Int64Array, stands: Int64Array, quality: QualityArray, bound: Bound | None) -> Count:
    """Turn stands, in the order of time, into one count."""
    rise = np.diff(stands)
    if not (rise < 0).any():
        return Count(at_s, stands, quality, stands, ())
    keep = np.ones(len(stands), np.bool_)
    breaks: list[tuple[int, int, str]] = []
    last = 0
    for i in range(1, len(stands)):
        if not keep[i]:
            continue
        if stands[i] < stands[last]:
            kind, base = _after_fall(at_s, stands, last, i, bound)
            if kind == "dip":
                above = int(np.flatnonzero(stands[i:] >= stands[last])[0]) + i
                keep[i:above] = False
                continue
            breaks.append((last, base, kind))
        last = i
    place = np.cumsum(keep) - 1
    at_s, stands, quality = at_s[keep], stands[keep], quality[keep]
    step = np.diff(stands, prepend=stands[:1])
    kept = tuple(Break(int(place[index]), base, kind) for index, base, kind in breaks)
    for broken in kept:
        step[broken.index + 1] = stands[broken.index + 1] - broken.base
    return Count(at_s, stands, quality, stands[0] + np.cumsum(step), kept)


def _after_fall(at_s: Int64Array, stands: Int64Array, last: int, i: int, bound: Bound | None) -> tuple[str, int]:
    before, now = int(stands[last]), int(stands[i])
    if bound is None:
        return "reset", 0
    most = bound.most(int(at_s[i] - at_s[last]))
    if bound.modulus and now + bound.modulus - before <= most:
        return "rollover", before - bound.modulus
    higher = np.flatnonzero(stands[i:] >= before)
    if len(higher):
        above = i + int(higher[0])
        climb = int(stands[above] - stands[above - 1])
        could_climb = climb <= bound.most(int(at_s[above] - at_s[above - 1]))
        fits = int(stands[above]) - before <= bound.most(int(at_s[above] - at_s[last]))
        if fits and not could_climb:
            return "dip", 0
    return ("reset", 0) if now <= most else ("unknown", now)


def point(register: Count, at_s: int, share: ShareByTime = linear) -> Point:
    """The count at an instant: read there, or shared out between its neighbours, or the nearest that there is.

    Raises:
        ValueError: the register has no stand at all.
    """
    if not len(register.at_s):
        raise ValueError("no stand")
    i = int(np.searchsorted(register.at_s, at_s))
    if i < len(register.at_s) and register.at_s[i] == at_s:
        return Point(at_s, int(register.counted[i]), Quality(int(register.quality[i])), at_s, at_s)
    if i == 0:
        return Point(at_s, int(register.counted[0]), Quality.ESTIMATED, None, int(register.at_s[0]))
    before_s, before = int(register.at_s[i - 1]), int(register.counted[i - 1])
    if i == len(register.at_s):
        return Point(at_s, before, Quality.ESTIMATED, before_s, None)
    after_s, after = int(register.at_s[i]), int(register.counted[i])
    numerator, denominator = share(before_s, at_s, after_s)
    return Point(at_s, before + (after - before) * numerator // denominator, Quality.ESTIMATED, before_s, after_s)


def parts(register: Count, start: Point, end: Point) -> list[Part]:
    """Count between two points, cut where the register broke."""
    found = []
    offset = 0
    for broken in register.breaks:
        at_s, counted = int(register.at_s[broken.index]), int(register.counted[broken.index])
        if start.at_s < at_s < end.at_s or (at_s == start.at_s and start.is_exact):
            here = Point(at_s, counted, Quality(int(register.quality[broken.index])), at_s, at_s)
            if at_s > start.at_s:
                found.append(Part(start, here, start.counted - offset, counted - offset))
            quality = Quality.MEASURED if broken.kind == "rollover" else Quality.ESTIMATED
            start = Point(at_s, counted, quality, at_s, at_s)
        if at_s < end.at_s:
            offset = counted - broken.base
    return [*found, Part(start, end, start.counted - offset, end.counted - offset)]
