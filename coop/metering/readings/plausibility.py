"""Readings that cannot be: above what the meter can show, or further from their neighbours than its power allows.

A register that falls is no fault of reading. It rolled over where its maximum is known and the way across it is
plausible; it dipped where a later stand fits the one before the fall; else it was reset. Falls are stored as they were
read: ``rules.stands`` says what they mean for consumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import Int64Array

HOUR_S = 3600

CLOCK_MARGIN = timedelta(minutes=5)
"""Time by which a sender's clock may run ahead of ours: a clock that is kept by the network stays within seconds, and a
clock that is not must show, since a reading from the future would be counted before it was used."""


@dataclass(frozen=True)
class Bound:
    """Limits of a register: ``per_hour`` and ``step`` in its own units, ``modulus`` where it starts again (0:
    never)."""

    per_hour: int
    step: int
    modulus: int = 0

    def most(self, seconds: int) -> int:
        """The most that can be counted in so many seconds."""
        return self.per_hour * seconds // HOUR_S + self.step


def impossible_stands(at_s: Int64Array, stands: Int64Array, new: NDArray[np.bool_], bound: Bound) -> Sequence[int]:
    """Find which of the ``new`` stands cannot be, given the others; all arrays in the order of time, shape (n,).

    A stand is impossible when it lies further above the stand before it than the bound allows, and, where that one was
    itself a fall, also above the last one before the fall: so one false zero does not condemn all that follow.
    """
    if len(stands) < 2:
        return []
    rise, time = np.diff(stands), np.diff(at_s)
    # In floats only to pass what is clearly possible; what comes near the bound is judged in whole numbers below.
    if (rise >= 0).all() and (rise <= 0.999 * (bound.per_hour / HOUR_S * time + bound.step)).all():
        return []
    found: list[int] = []
    last, before_fall = 0, -1
    for i in range(1, len(stands)):
        rise_i = int(stands[i]) - int(stands[last])
        if rise_i > bound.most(int(at_s[i] - at_s[last])):
            possible = before_fall >= 0 and (
                0 <= int(stands[i]) - int(stands[before_fall]) <= bound.most(int(at_s[i] - at_s[before_fall]))
            )
            if not possible and new[i]:
                found.append(i)
                continue
        before_fall = (
            last
            if rise_i < 0
            else -1
            if rise_i > 0 and before_fall >= 0 and _back(stands, i, before_fall)
            else before_fall
        )
        last = i
    return found


def _back(stands: Int64Array, i: int, before_fall: int) -> bool:
    """True when the register is again where it was before it fell: the fall was a dip, and is over."""
    return bool(stands[i] >= stands[before_fall])


def impossible_values(values: Int64Array, bound: Bound, step_s: int) -> NDArray[np.bool_]:
    """Find which interval values cannot be: negative, or more than the bound allows in one interval. Same shape."""
    return np.asarray((values < 0) | (values > bound.most(step_s)))
