"""How everything here is measured: contenders take turns, and what is printed are medians and ratios of the same run.

Machines are shared and drift by a factor of two within minutes. Taking turns spreads a slow spell over all contenders,
so their ratio holds where a bare number of seconds would not.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """Something to time. ``units`` is how much work one call does, so that contenders may do unequal amounts."""

    run: Callable[[], object]
    units: float


def interleave(contenders: Mapping[str, Contender], repeats: int) -> dict[str, float]:
    """Median seconds per unit of work for each contender; one warm-up each, then ``repeats`` rounds of all in turn."""
    for contender in contenders.values():
        contender.run()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    gc.disable()
    try:
        for _ in range(repeats):
            for name, contender in contenders.items():
                start = time.perf_counter()
                contender.run()
                seconds[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
    return {name: statistics.median(taken) / contenders[name].units for name, taken in seconds.items()}


def table(per_unit: Mapping[str, float], base: str, unit: str, scale: float = 1.0) -> str:
    """One line per contender: its cost in ``unit`` (seconds times ``scale``) and how many times that of ``base``."""
    width = max(map(len, per_unit))
    return "\n".join(
        f"  {name:<{width}}  {cost * scale:>12,.2f} {unit}  {cost / per_unit[base]:>10,.2f} x"
        for name, cost in per_unit.items()
    )
