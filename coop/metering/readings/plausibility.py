"""Limits of what a meter can count, and single values beyond them.

A cumulative reading is only asked whether its register can show it. How it lies among its neighbours is judged each
time that it is counted (``heat.breaks``), from all that is known by then.
"""

from __future__ import annotations

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


def impossible_values(values: Int64Array, bound: Bound, step_s: int) -> NDArray[np.bool_]:
    """Find which interval values cannot be: negative, or more than the bound allows in one interval. Same shape."""
    return np.asarray((values < 0) | (values > bound.most(step_s)))
