"""Quarter-hours that one account alone says, beside what the device counted between its readings.

    sum of the quarter-hours within [a, b]  <=  v(b) - v(a) + 2 * unit                          always, and
    sum of those that touch [a, b]          >=  v(b) - v(a) - 2 * unit         where every one of them is there

a and b are any two readings of the device that follow each other, and ``unit`` is the coarser of the units in which the
two are written. Nobody else says how the energy lay between a and b, so an account may; but no more and no less
energy than the device counted. What does not add up counts for nothing (decision record 0085).
"""

from __future__ import annotations

import numpy as np

from coop.metering.model import Int64Array
from coop.metering.sharing.quarters import QUARTER_S, BoolArray

DOORS = 2
"""Doors that each may round by a unit."""


def find_refuted(
    at_s: Int64Array,
    count: Int64Array,
    unit: int,
    from_s: int,
    energy: Int64Array,
    there: BoolArray,
    claimed: BoolArray,
) -> BoolArray:
    """Say which quarter-hours from ``from_s`` on do not add up, of those that are ``claimed``; a device read ``count``
    at ``at_s``, in the unit of ``energy``.

    >>> there = np.ones(8, np.bool_)
    >>> day = np.array([0, 7200]), np.array([100, 140])
    >>> find_refuted(*day, 1, 0, np.array([5] * 8), there, there).any()
    np.False_
    >>> find_refuted(*day, 1, 0, np.array([5] * 7 + [8]), there, there).all()
    np.True_
    """
    n, refuted = len(energy), np.zeros(len(energy), np.bool_)
    sums, known, claims = (np.append(0, np.cumsum(column)) for column in (np.where(there, energy, 0), there, claimed))
    down, up = (at_s - from_s) // QUARTER_S, -((from_s - at_s) // QUARTER_S)
    first, end = down[:-1], up[1:]
    first_whole, end_whole = np.clip(up[:-1], 0, n), np.clip(down[1:], 0, n)
    rise, begin, after = np.diff(count), np.clip(first, 0, n), np.clip(end, 0, n)
    within = sums[np.maximum(first_whole, end_whole)] - sums[first_whole]
    touching = sums[after] - sums[begin]
    is_whole = (first >= 0) & (end <= n) & (known[after] - known[begin] == after - begin)
    off = (within > rise + DOORS * unit) | (is_whole & (touching < rise - DOORS * unit))
    # Where the register fell it is not known what was counted.
    off &= (claims[after] > claims[begin]) & (rise >= 0)
    for k in np.flatnonzero(off).tolist():
        refuted[begin[k] : after[k]] = True
    return refuted & claimed
