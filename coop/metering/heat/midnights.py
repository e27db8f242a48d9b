"""Counts at the midnights within a part of a register: what had been counted when each civil day began.

Invariant: only what was read counts: at that very instant, or on both sides of it at most ``NEAR_S`` apart, between
which it is shared out evenly. A midnight that nobody read near is None.

Source: docs/domain/heat-tariffs-and-guarantee.md#worked-examples (E6: a price changes at a midnight).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import DAY_S, Int64Array, Quality, QualityArray
from coop.metering.readings.plausibility import HOUR_S
from coop.values import civil_date, midnight

NEAR_S = DAY_S + HOUR_S
"""Readings once a day are so far apart at most, on the day that has 25 hours. A choice."""

Midnights = tuple[int | None, ...]


@lru_cache(maxsize=4096)
def midnights_between(from_s: int, to_s: int) -> tuple[int, ...]:
    """The midnights of Amsterdam after an instant and before another [s since 1970].

    >>> midnights_between(1735686000, 1735858800)  # of 1 to 3 January 2025
    (1735772400,)
    """
    first, last = (civil_date(datetime.fromtimestamp(at_s, UTC)).toordinal() for at_s in (from_s, to_s))
    starts = (int(midnight(date.fromordinal(day)).timestamp()) for day in range(first + 1, last + 1))
    return tuple(at_s for at_s in starts if from_s < at_s < to_s)


def read_at_midnights(
    at_s: Int64Array, counted: Int64Array, quality: QualityArray, from_s: int, to_s: int, base: int
) -> Midnights:
    """Stand of a count above ``base`` at each midnight between two instants; nothing where none was read."""
    first, last = int(at_s.searchsorted(from_s, "right")), int(at_s.searchsorted(to_s))
    is_near = first > 0 and last < len(at_s) and at_s[last] - at_s[first - 1] <= NEAR_S
    if first == last and not is_near:
        return ()  # nobody read anything in all of that time
    asked = np.array(midnights_between(from_s, to_s), np.int64)
    after = np.searchsorted(at_s, asked)
    there = (after < len(at_s)) & (len(at_s) > 0)
    after = np.minimum(after, len(at_s) - 1)
    before = np.where(at_s[after] == asked, after, np.maximum(after - 1, 0))
    there &= (at_s[before] <= asked) & (at_s[after] - at_s[before] <= NEAR_S)
    there &= (quality[before] != Quality.ESTIMATED) & (quality[after] != Quality.ESTIMATED)
    share = (counted[after] - counted[before]) * (asked - at_s[before]) // np.maximum(at_s[after] - at_s[before], 1)
    return _tell(counted[before] + share - base, there)


def sum_at_midnights(
    at_s: Int64Array, values: Int64Array, quality: QualityArray, step_s: int, from_s: int, to_s: int
) -> Midnights:
    """The sum of interval values since ``from_s`` at each midnight before ``to_s``, where each interval until then is
    there, was measured, and ends by it."""
    if not len(at_s):
        return ()
    asked = np.array(midnights_between(from_s, to_s), np.int64)
    begun = np.searchsorted(at_s, asked)
    # A civil day of 25 hours is one value too.
    slack_s = HOUR_S if step_s == DAY_S else min(step_s, HOUR_S) - 1
    there = (np.abs(asked - from_s - begun * step_s) <= slack_s) & (begun > 0)
    guessed = np.cumsum((quality == Quality.ESTIMATED) | (quality == Quality.MISSING))
    until = np.maximum(begun - 1, 0)
    there &= guessed[until] == 0
    return _tell(np.cumsum(values)[until], there)


def _tell(counts: Int64Array, there: NDArray[np.bool_]) -> Midnights:
    """Each count that is there, and None in the place of the others; nothing where there is none at all."""
    if not there.any():
        return ()
    return tuple(count if is_there else None for count, is_there in zip(counts.tolist(), there.tolist(), strict=True))
