"""Levels of a meter at many instants: what it had counted by then, and where that is known well enough to cut there.

Energies are whole joules, rounded down at the instant, so that parts between instants add up to the whole. A cumulative
register is known where it was read, or between two readings no further apart than is allowed there; intervals where
none of them lies across. What an undecided break, a far reading or a missing interval leaves open is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coop.metering.heat.measuring import Days, Use, count_days
from coop.metering.model import DAY_S, Int64Array
from coop.metering.readings.plausibility import HOUR_S

BoolArray = NDArray[np.bool_]
_FAR_S = 1 << 40
"""Distance between readings where there is none on one side [s]."""


@dataclass(frozen=True)
class Levels:
    """Energy that a meter counted up to each of ``n`` instants [J], whether that is ``known``, how long it hung there
    until then (``due_s``), and for how much of that its readings tell (``there_s``). Less than ``slack_s`` may lack."""

    energy_j: Int64Array
    known: BoolArray
    due_s: Int64Array
    there_s: Int64Array
    slack_s: int

    @classmethod
    def unread(cls, bounds: Int64Array, from_s: int, to_s: int) -> Levels:
        """Those of a meter that hung there and was never read."""
        nothing = np.zeros(len(bounds), np.int64)
        return cls(nothing, np.ones(len(bounds), np.bool_), np.clip(bounds, from_s, to_s) - from_s, nothing, 1)


def read_levels(uses: Iterable[tuple[Use, Days]], bounds: Int64Array, near_s: Int64Array, allowed_s: float) -> Levels:
    """Levels of a meter, from the uses of its spans, at ``bounds``; ``near_s`` is how far apart the readings on both
    sides of each may lie, and ``allowed_s`` the same where a span begins or ends."""
    n = len(bounds)
    energy_j, due_s, there_s = (np.zeros(n, np.int64) for _ in range(3))
    known, slack_s = np.ones(n, np.bool_), HOUR_S
    for use, days in uses:
        span = use.span
        at_s = np.clip(bounds, span.from_s, span.to_s)
        told = _sum_at(use, days, at_s) if span.step_s else _read_at(use, days, at_s, near_s, allowed_s)
        energy_j += to_joules(told[0], span.exponent)
        known &= told[1] | (bounds <= span.from_s) | (bounds >= span.to_s)
        due_s += at_s - span.from_s
        there_s += told[2]
        slack_s = min(slack_s, span.step_s or 1)
    return Levels(energy_j, known, due_s, there_s, slack_s)


def to_joules(counted: Int64Array, exponent: int) -> Int64Array:
    """Whole ``10 ** exponent`` J as whole J, rounded down.

    >>> to_joules(np.array([12]), 7).tolist(), to_joules(np.array([2_999_999]), -6).tolist()
    ([120000000], [2])
    """
    factor = np.int64(10 ** abs(exponent))
    return np.asarray(counted * factor if exponent >= 0 else counted // factor)


def _read_at(
    use: Use, days: Days, at_s: Int64Array, near_s: Int64Array, allowed_s: float
) -> tuple[Int64Array, BoolArray, Int64Array]:
    """Counts of a cumulative register since its span began, evenly between two readings."""
    register = count_days(use.span, days)
    first, last = use.parts[0].start.counted, use.parts[-1].end.counted
    end = len(register.at_s) - 1
    after = np.searchsorted(register.at_s, at_s)
    exact = (after <= end) & (register.at_s[np.minimum(after, end)] == at_s)
    before = np.clip(np.where(exact, after, after - 1), 0, end)
    after = np.minimum(after, end)
    span_s = register.at_s[after] - register.at_s[before]
    rise, passed = register.counted[after] - register.counted[before], np.clip(at_s - register.at_s[before], 0, span_s)
    whole, rest = np.divmod(rise, np.maximum(span_s, 1))
    counted = register.counted[before] + whole * passed + rest * passed // np.maximum(span_s, 1)
    counted = np.where(at_s <= use.span.from_s, first, np.where(at_s >= use.span.to_s, last, counted))
    two_sided = (register.at_s[before] <= at_s) & (at_s <= register.at_s[after])
    gap_s = np.where(exact, 0, np.where(two_sided, span_s, _FAR_S))
    unclear = [stretch for stretch in use.open_s if stretch[1] - stretch[0] > allowed_s]
    unclear += [(one.before_s, one.at_s) for one in use.doubts]
    there_s = at_s - use.span.from_s - _overlap(unclear, use.span.from_s, at_s)
    return np.clip(counted, first, last) - first, gap_s <= near_s, there_s


def _sum_at(use: Use, days: Days, at_s: Int64Array) -> tuple[Int64Array, BoolArray, Int64Array]:
    """Sums of the intervals of a span that are over at each instant."""
    order = sorted(days)
    starts = np.concatenate([days[day].offsets + day * DAY_S for day in order] or [np.empty(0, np.int64)])
    values = np.concatenate([days[day].values for day in order] or [np.empty(0, np.int64)])
    inside = (starts >= use.span.from_s) & (starts + use.span.step_s <= use.span.to_s)
    starts, values = starts[inside], values[inside]
    over = np.searchsorted(starts + use.span.step_s, at_s, "right")
    begun = np.searchsorted(starts, at_s, "left")
    return np.append(0, np.cumsum(values))[over], begun == over, over * use.span.step_s


def _overlap(stretches: Sequence[tuple[int, int]], from_s: int, at_s: Int64Array) -> Int64Array:
    """Seconds that stretches cover from an instant up to each of others; what several cover counts once."""
    total, reached = np.zeros(len(at_s), np.int64), from_s
    for start, end in sorted(stretches):
        begin = max(start, reached)
        total += np.clip(np.minimum(at_s, end) - begin, 0, None)
        reached = max(reached, end)
    return total
