"""Registers with a known truth: what a heat meter counted, what it or a person made of it, and a second calculation.

The truth is known because the history is made from it; ``fewest_false`` is a calculation of its own, by trying all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from random import Random

import numpy as np

from coop.metering.heat.stands import Count, count, parts, point
from coop.metering.readings.plausibility import Bound

HOUR_S, DAY_S = 3_600, 86_400
MJ = 1_000_000
STEP = 10 * MJ
"""Resolution of a heat meter of 0.01 GJ [J]."""

BOUND = Bound(per_hour=720 * MJ, step=STEP)
"""Limits of a connection of 200 kW."""

MAXIMUM = 10_000_000 * MJ


@dataclass(frozen=True)
class History:
    """Readings [J] by second, and the energy that was really used between the first and the last of them."""

    at_s: tuple[int, ...]
    values: tuple[int, ...]
    used: int
    quality: tuple[int, ...] = ()
    bound: Bound = BOUND

    def count(self) -> Count:
        """The register as the product counts it."""
        quality = self.quality or (1,) * len(self.at_s)
        return count(
            np.array(self.at_s, np.int64), np.array(self.values, np.int64), np.array(quality, np.uint8), self.bound
        )

    def told(self) -> int:
        """Energy from the first to the last reading as it would be billed."""
        counted = self.count()
        ends = point(counted, self.at_s[0]), point(counted, self.at_s[-1])
        return sum(part.energy for part in parts(counted, *ends))

    def falsified(self, values: dict[int, int]) -> History:
        """The same with other readings at some places."""
        return replace(self, values=tuple(values.get(i, value) for i, value in enumerate(self.values)))

    def without(self, lost: set[int]) -> History:
        """The same with a gap."""
        kept = [i for i in range(len(self.at_s)) if i not in lost]
        return replace(self, at_s=tuple(self.at_s[i] for i in kept), values=tuple(self.values[i] for i in kept))


def run_honestly(draw: Random, start: int | None = None, n: int = 40, gaps_s: Sequence[int] = (DAY_S,)) -> History:
    """A register that is read now and then, at some 10 to 60 MJ a day, in the resolution of its display."""
    pace = draw.randint(20, 60)
    energy, at = start if start is not None else draw.randint(500, 900_000) * STEP, 1_700_000_000
    exact, times = [energy], [at]
    for _ in range(n - 1):
        gap = draw.choice(gaps_s)
        at += gap
        energy += draw.randint(pace // 2, pace) * MJ * gap // DAY_S
        exact.append(energy)
        times.append(at)
    shown = [value // STEP * STEP for value in exact]
    return History(tuple(times), tuple(shown), shown[-1] - shown[0])


def reset_at(history: History, i: int) -> History:
    """The register starts again at zero right after reading ``i``; nothing that was used is lost."""
    lost = history.values[i]
    values = [value if k <= i else (value - lost) for k, value in enumerate(history.values)]
    return replace(history, values=tuple(values))


def roll_over(history: History) -> History:
    """The register reaches its maximum on the way."""
    shift = MAXIMUM - history.values[len(history.values) // 2]
    values = tuple((value + shift) % MAXIMUM for value in history.values)
    return replace(history, values=values, bound=replace(history.bound, modulus=MAXIMUM))


def fewest_false(history: History) -> list[tuple[int, ...]]:
    """Every smallest set of readings without which the rest is one possible line; by trying all sets."""
    n = len(history.values)
    for size in range(n):
        found = [
            false
            for false in combinations(range(n), size)
            if _is_line(history, [i for i in range(n) if i not in false])
        ]
        if found:
            return found
    return []


def _is_line(history: History, kept: Sequence[int]) -> bool:
    for a, b in pairwise(kept):
        rise = history.values[b] - history.values[a]
        hours = (history.at_s[b] - history.at_s[a]) / HOUR_S
        if not -history.bound.step <= rise <= history.bound.per_hour * hours + history.bound.step:
            return False
    return True
