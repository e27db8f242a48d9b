"""Claims between two readings of a device: what one account alone says there has to fit the line that the device drew.

    v(a) - 2 * step <= v(t) <= v(b) + 2 * step                                 always, and
    |v(t) - v(a) - (v(b) - v(a)) * (t - a) / (b - a)| <= 2 * step              where a midnight lies between a and b

a and b are the device's readings around t, after those that are false by themselves were set aside, and ``step`` is
what the register's coarseness hides, once for each of two doors. Between two readings of one day a claim moves nothing
from one day to another, and may say how the day went. What does not fit counts for nothing, and two people decide
whether it does (decision record 0079). Readings that two people signed are no claims.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coop.metering.heat.breaks import judge
from coop.metering.heat.midnights import midnights_between
from coop.metering.heat.model import Decided, Misfit
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import Int64Array, QualityArray
from coop.metering.readings.plausibility import Bound

DOORS = 2
"""Doors that each may round a reading by the register's coarseness."""


def judge_claims(
    at_s: Int64Array,
    values: Int64Array,
    quality: QualityArray,
    claimed: NDArray[np.bool_],
    bound: Bound | None,
    decided: Sequence[Decided] = (),
) -> tuple[NDArray[np.bool_], tuple[Misfit, ...]]:
    """Say which of a register's readings count beside what its device said, shape (n,), and which claims are asked
    about; the arrays are in the order of time.

    >>> days, values, quality = np.arange(3) * 86_400, np.array([500, 509, 510]), np.ones(3, np.uint8)
    >>> keep, asked = judge_claims(days, values, quality, np.array([False, True, False]), Bound(72, 1))
    >>> keep.tolist(), asked[0].said
    ([True, False, True], 509)
    """
    keep = np.ones(len(values), np.bool_)
    own = np.flatnonzero(~claimed)
    if len(own) < 2 or len(own) == len(values):
        return keep, ()
    verdict = judge(at_s[own], values[own], quality[own], bound, decided)
    line = own[verdict.keep]
    broken = {int(line[one.index]): one.kind for one in verdict.breaks}
    margin = DOORS * (bound.step if bound is not None else 0)
    claims = np.flatnonzero(claimed)
    slots = np.searchsorted(line, claims)
    asked = []
    for slot in np.unique(slots[(slots > 0) & (slots < len(line))]).tolist():
        a, b = int(line[slot - 1]), int(line[slot])
        meant = _find_meaning(decided, int(at_s[a]), int(at_s[b]))
        if meant is BreakKind.KEEP:
            continue
        said = claims[slots == slot]
        off = said if a in broken else said[_is_off(at_s, values, (a, b), said, margin)]
        keep[off] = False
        if len(off) and meant is None and broken.get(a) is not BreakKind.UNKNOWN:
            first = int(off[0])
            ends = int(at_s[a]), int(at_s[b]), int(values[a]), int(values[b])
            asked.append(Misfit(*ends, int(at_s[first]), int(values[first]), len(off)))
    return keep, tuple(asked)


def is_on_line(at: int, value: int, ends: tuple[int, int, int, int], margin: int) -> bool:
    """True where a value lies on the line between two readings (when, when, value, value), give or take a margin; in
    whole numbers.

    >>> is_on_line(50, 15, (0, 100, 10, 20), 0), is_on_line(50, 17, (0, 100, 10, 20), 1)
    (True, False)
    """
    a_s, b_s, low, high = ends
    return abs((value - low) * (b_s - a_s) - (high - low) * (at - a_s)) <= margin * (b_s - a_s)


def _find_meaning(decided: Sequence[Decided], a_s: int, b_s: int) -> BreakKind | None:
    meanings = BreakKind.KEEP, BreakKind.ASIDE
    return next((one.kind for one in decided if one.kind in meanings and one.before_s <= a_s and b_s <= one.at_s), None)


def _is_off(
    at_s: Int64Array, values: Int64Array, between: tuple[int, int], said: Int64Array, margin: int
) -> NDArray[np.bool_]:
    a, b = between
    off = (values[said] < values[a] - margin) | (values[said] > values[b] + margin)
    if midnights_between(int(at_s[a]), int(at_s[b])):
        ends = int(at_s[a]), int(at_s[b]), int(values[a]), int(values[b])
        off |= [not is_on_line(int(at_s[i]), int(values[i]), ends, margin) for i in said.tolist()]
    return np.asarray(off)
