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


def run_with_faults(draw: Random) -> History:
    """A register, perhaps a young one, that is reset, rolls over, is exchanged in silence, or none of these; of which
    one to four readings or runs of readings besides are false; never its first and last one, nor those beside the
    break, without which nobody could know the truth."""
    n = draw.choice([10, 15, 25, 40])
    rhythm = draw.choice([(HOUR_S,), (DAY_S,), (HOUR_S, DAY_S, 3 * DAY_S), (3 * DAY_S,), (7 * DAY_S,), (14 * DAY_S,)])
    start = draw.choice([0, draw.randint(0, 500), draw.randint(500, 900_000)]) * STEP
    history = run_honestly(draw, start, n, rhythm)
    broken, what = draw.randint(3, n - 5), draw.choice(["", "", "reset", "reset", "rollover", "exchange"])
    level, rise = history.values[broken], history.values[broken + 1] - history.values[broken]
    spared = {0, n - 1}
    if what == "rollover":
        history = roll_over(history)
    elif what == "reset" and level > 2 * rise + 3 * STEP:
        history, spared = reset_at(history, broken), {*spared, broken, broken + 1}
    elif what == "exchange" and level > 3_000 * STEP:
        lower = draw.randint(2_000, level // STEP - 500) * STEP
        history = history.falsified({k: history.values[k] - lower for k in range(broken + 1, n)})
        spared |= {broken, broken + 1}
    places = [k for k in range(n) if k not in spared]
    values = dict(enumerate(history.values))
    for _ in range(draw.randint(1, 4)):
        values |= _draw_fault(draw, values, places)
    highest = history.bound.modulus - STEP if history.bound.modulus else max(values.values())
    return history.falsified({k: min(max(0, value // STEP * STEP), highest) for k, value in values.items()})


def _draw_fault(draw: Random, values: dict[int, int], places: Sequence[int]) -> dict[int, int]:
    at = draw.choice(places)
    value = values[at]
    match draw.choice(["low", "high", "digit", "nothing", "two", "hair"]):
        case "low":
            some = draw.randint(0, max(1, value // STEP)) * STEP
            return {at: draw.choice([value - draw.randint(2, 50) * STEP, value // 2, value // 10, some])}
        case "high":
            return {at: value + draw.choice([draw.randint(2, 50), draw.randint(50, 5_000), 90_000]) * STEP}
        case "digit":
            return {at: value * 10}
        case "nothing":
            run = range(at, at + draw.randint(1, 6))
            return {k: 0 for k in run if set(range(at, k + 1)) <= set(places)}
        case "two":
            two = [k for k in (at, at + 1) if k in places]
            return {k: values[k] + draw.choice([-1, 1]) * draw.randint(2, 4_000) * STEP for k in two}
    return {at: value - draw.randint(1, 9) * STEP}


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
