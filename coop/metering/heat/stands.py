"""Count of a cumulative register between two instants, whatever happened to it on the way.

Invariant: the readings of a register are turned into one count that never falls; what was used between two instants is
the difference of the count at both. So parts add up: the months of a year sum to its last count less its first, to the
unit.

Where readings fall or jump, ``breaks`` says what they mean: some are set aside, after others the register went on from
zero, from across its maximum, or from where it stands. What nothing explains is a doubt; what lies across it counts as
nothing until somebody decides.

The count between two readings is shared out over time (``ShareByTime``); the whole units that this gives are rounded
down at the instant, not per part, so that nothing is lost or counted twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coop.metering.heat.breaks import judge
from coop.metering.heat.claims import judge_claims
from coop.metering.heat.degree_days import ShareByTime, linear
from coop.metering.heat.model import Aside, Break, Decided, Doubt, Misfit
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import Int64Array, Quality, QualityArray
from coop.metering.readings.plausibility import Bound

CLAIM = "claim"
"""Why a reading does not count that one account said beside a device."""


@dataclass(frozen=True)
class Count:
    """A register's readings as one count. Arrays have shape (n,), in the order of time; what was set aside is left out
    and named, and so is what nobody can explain. ``claimed`` says which readings one account alone answers for; None
    where none."""

    at_s: Int64Array
    stands: Int64Array
    quality: QualityArray
    counted: Int64Array
    breaks: tuple[Break, ...]
    asides: tuple[Aside, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    claimed: NDArray[np.bool_] | None = None


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
    """An unbroken run of the register: from stand to stand, in register units; ``energy`` is their difference.
    ``midnights`` says how much of it was counted when each civil day within it began, None where nobody read near
    that."""

    start: Point
    end: Point
    from_stand: int
    to_stand: int
    midnights: tuple[int | None, ...] = ()

    @property
    def energy(self) -> int:
        """Units that were counted in it."""
        return self.to_stand - self.from_stand


def count(
    at_s: Int64Array,
    stands: Int64Array,
    quality: QualityArray,
    bound: Bound | None,
    decided: Sequence[Decided] = (),
    claimed: NDArray[np.bool_] | None = None,
) -> Count:
    """Turn readings, in the order of time, into one count."""
    beside: list[Aside] = []
    misfits: tuple[Misfit, ...] = ()
    if claimed is not None:
        fits, misfits = judge_claims(at_s, stands, quality, claimed, bound, decided)
        beside = [Aside(int(at_s[i]), int(stands[i]), CLAIM) for i in np.flatnonzero(~fits).tolist()]
        at_s, stands, quality, claimed = at_s[fits], stands[fits], quality[fits], claimed[fits]
    verdict = judge(at_s, stands, quality, bound, decided)
    at_s, stands, quality = at_s[verdict.keep], stands[verdict.keep], quality[verdict.keep]
    counted = stands.copy()
    bases = {one.index + 1: one.base for one in verdict.breaks}
    total = 0
    for first, after in pairwise([0, *sorted(bases), len(stands)]):
        line = np.maximum.accumulate(stands[first:after])
        counted[first:after] = line - bases.get(first, 0) + total
        total = int(counted[after - 1]) if after > first else total
    asides = tuple(sorted((*beside, *verdict.asides), key=lambda one: one.at_s)) if beside else verdict.asides
    kept = claimed[verdict.keep] if claimed is not None else None
    return Count(at_s, stands, quality, counted, verdict.breaks, asides, verdict.doubts, misfits, kept)


def point(register: Count, at_s: int, share: ShareByTime = linear) -> Point:
    """The count at an instant: read there, or shared out between its neighbours, or the nearest that there is.

    Raises:
        ValueError: the register has no stand at all.
    """
    if not len(register.at_s):
        raise ValueError("no stand")
    i = int(register.at_s.searchsorted(at_s))
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
            quality = Quality.MEASURED if broken.kind is BreakKind.ROLLOVER else Quality.ESTIMATED
            start = Point(at_s, counted, quality, at_s, at_s)
        if at_s < end.at_s:
            offset = counted - broken.base
    return [*found, Part(start, end, start.counted - offset, end.counted - offset)]
