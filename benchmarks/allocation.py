"""What an exact allocation costs: the dynamic key over a month and a year of quarter-hours, on one core.

Every interval here is scarce (0 < production < use): the one case in which there is something to divide. Nights and
sunny noons, where the answer is nothing or everything, would only flatter the number. The other keys follow.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks._measure import Contender, interleave, table
from coop.communities.allocation_keys import SHARED_BY_PARTS
from coop.metering.model import Int64Array
from coop.metering.sharing.allocation import PARTS, Key, KeyKind, allocate
from coop.metering.sharing.quarters import PER_WH
from coop.values import split_by_largest_remainder

OURS, ONE_PASS, NUMPY, PANDAS = "coop, exact", "one pass (numpy sum)", "numpy, exact", "pandas group-by, inexact"
SLICE = 2976
"""Intervals that the slow contenders are given at most: a month; at a year they would take minutes and 10 GB."""


def scarce_intervals(intervals: int, participants: int, seed: int) -> tuple[Int64Array, Int64Array]:
    """Production (intervals,) and use (intervals, participants) of homes, skewed as real ones are [Wh]."""
    rng = np.random.default_rng(seed)
    use = np.empty((intervals, participants), np.int64)
    for row in use:
        row[:] = np.minimum(rng.lognormal(5, 0.8, participants), 5000)
    production = (use.sum(axis=1) * rng.uniform(0.02, 0.98, intervals)).astype(np.int64)
    return production, use


def numpy_exact(production: Int64Array, use: Int64Array, rows: int = 96) -> Int64Array:
    """Largest remainder in whole-array operations: integer division, a stable sort per interval."""
    allocated = np.empty_like(use)
    for start in range(0, len(use), rows):
        part = slice(start, start + rows)
        product, total = production[part, None] * use[part], use[part].sum(axis=1, keepdims=True)
        floors, remainders = np.divmod(product, total)
        place = np.empty_like(floors)
        line = np.argsort(-remainders, axis=1, kind="stable")
        np.put_along_axis(place, line, np.broadcast_to(np.arange(use.shape[1]), line.shape), axis=1)
        allocated[part] = floors + (place < production[part, None] - floors.sum(axis=1, keepdims=True))
    return allocated


def pandas_group_by(production: Int64Array, use: Int64Array) -> Callable[[], NDArray[np.float64]]:
    """The straightforward way: one row per member and interval, shares of the group's sum, in floats."""
    intervals, participants = use.shape
    frame = pd.DataFrame(
        {
            "interval": np.repeat(np.arange(intervals), participants),
            "use": use.ravel(),
            "production": np.repeat(production, participants),
        }
    )

    def run() -> NDArray[np.float64]:
        total = frame.groupby("interval")["use"].transform("sum")
        shares = frame["use"] * frame["production"].clip(upper=total) / total
        return np.asarray(shares, np.float64).reshape(use.shape)

    return run


def check(production: Int64Array, use: Int64Array, ids: list[str], seed: int) -> None:
    """Exactness and independence of order, on the very data that is timed.

    Raises:
        AssertionError: an interval does not add up, or another order of members gives another result.
    """
    key = Key(KeyKind.DYNAMIC)
    found = allocate(key, ids, production, use)
    off = np.count_nonzero(found.allocated.sum(axis=1) != np.minimum(production, use.sum(axis=1)))
    part = slice(0, SLICE)
    moved = np.random.default_rng(seed).permutation(len(ids))
    again = allocate(key, [ids[i] for i in moved], production[part], np.ascontiguousarray(use[part, moved]))
    differ = np.count_nonzero(again.allocated != found.allocated[part, moved])
    unlike = np.count_nonzero(numpy_exact(production[part], use[part]) != found.allocated[part])
    rounded = np.rint(pandas_group_by(production[part], use[part])()).sum(axis=1)
    inexact = np.count_nonzero(rounded != production[part]) / len(rounded)
    if off or differ or unlike:
        raise AssertionError(
            f"{off} intervals do not add up, {differ} values depend on order, {unlike} are not numpy's"
        )
    print(f"  checked: {len(use):,} intervals add up to the unit; another order of members, and numpy, give the same;")
    print(f"           pandas shares rounded to the unit miss the production in {inexact:.0%} of the intervals")


def measure(intervals: int, participants: int, repeats: int, seed: int) -> None:
    """Check, time and print one size."""
    print(f"dynamic key, {participants:,} members x {intervals:,} quarter-hours, every one scarce, one core")
    production, use = (PER_WH * energies for energies in scarce_intervals(intervals, participants, seed))
    ids = [f"member-{i:06}" for i in range(participants)]
    check(production, use, ids, seed)
    part = slice(0, min(intervals, SLICE))
    cells, part_cells = float(use.size), float(use[part].size)
    per_cell = interleave(
        {
            OURS: Contender(lambda: allocate(Key(KeyKind.DYNAMIC), ids, production, use), cells),
            ONE_PASS: Contender(use.sum, cells),
            NUMPY: Contender(lambda: numpy_exact(production[part], use[part]), part_cells),
            PANDAS: Contender(pandas_group_by(production[part], use[part]), part_cells),
        },
        repeats,
    )
    print(table(per_cell, ONE_PASS, "ns per member and interval", 1e9))
    if intervals > SLICE:
        print(f"  (numpy and pandas on the first {SLICE:,} intervals)")


def report_deviation(intervals: int, participants: int, seed: int) -> None:
    """Print the largest deviation of any member from the exact share, with whole Wh and with thousandths."""
    production, use = scarce_intervals(intervals, participants, seed)
    production //= 50
    ids = [f"member-{i:06}" for i in range(participants)]
    exact = (production[:, None] / use.sum(axis=1, keepdims=True) * use).sum(axis=0)
    for name, unit in (("whole Wh", 1), ("thousandths of a Wh", PER_WH)):
        found = allocate(Key(KeyKind.DYNAMIC), ids, production * unit, use * unit).allocated.sum(axis=0) / unit
        largest = float(np.max(np.abs(found / exact - 1)))
        print(f"largest deviation of a member over {intervals:,} quarter-hours, divided in {name}: {largest:.4%}")


def measure_every_key(intervals: int, participants: int, repeats: int, seed: int) -> None:
    """Time and print all kinds of key on one size; shares are skewed like the use."""
    print(f"every key, {participants:,} members x {intervals:,} quarter-hours, every one scarce, one core")
    production, use = (PER_WH * energies for energies in scarce_intervals(intervals, participants, seed))
    ids = [f"member-{i:06}" for i in range(participants)]
    shares = dict(zip(ids, split_by_largest_remainder(PARTS, use[0].tolist()), strict=True))
    keys = {
        kind: Key(kind, shares if kind in SHARED_BY_PARTS else {}, tuple(ids) if kind is KeyKind.PRIORITY else ())
        for kind in KeyKind
    }

    def contender(key: Key) -> Contender:
        return Contender(lambda: allocate(key, ids, production, use), float(use.size))

    per_cell = interleave({kind.value: contender(key) for kind, key in keys.items()}, repeats)
    print(table(per_cell, KeyKind.DYNAMIC.value, "ns per member and interval", 1e9))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--intervals", type=int, nargs="+", default=[2976, 35_040])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=14)
    options = parser.parse_args()
    for intervals in options.intervals:
        measure(intervals, options.members, options.repeats, options.seed)
    report_deviation(max(options.intervals), options.members, options.seed)
    measure_every_key(min(options.intervals), options.members, options.repeats, options.seed)


if __name__ == "__main__":
    main()
