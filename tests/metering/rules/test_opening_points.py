"""Points that are opened all at once, held against the same points opened one by one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from coop.metering.model import DAY_S
from coop.metering.sharing.balance import Balance
from coop.metering.sharing.inputs import Counter, Holding, Inputs, Point, Source
from coop.metering.sharing.quarters import QUARTER_S, Quarters, Readings, RegisterValues, WholeDays, resample
from coop.metering.sharing.sums import day_starts, sum_up

FIRST_DAY = 20_089
OPENED = ("taken", "own", "left", "made", "is_taken", "is_made", "need")


def some_quarters(draw: np.random.Generator, registers: list[str], from_s: int, n: int) -> Quarters:
    """Quarter-hours of registers of which some say nothing, some not all, some by an account alone, some in hours."""
    rows = [(one, day) for one in registers for day in range(FIRST_DAY - 1, FIRST_DAY + 4) if draw.random() < 0.7]
    there = draw.random((len(rows), 96)) < draw.choice([0.8, 1.0])
    values = np.where(there, draw.integers(-draw.integers(0, 2), 50, there.shape), 0)
    claimed = there & (draw.random(there.shape) < draw.choice([0.0, 0.1]))
    whole = WholeDays([one for one, _ in rows], [day for _, day in rows], values, there, claimed)
    hours = RegisterValues(FIRST_DAY * DAY_S + 3600 * np.arange(30), 3600, draw.integers(0, 400, 30))
    others = {registers[0]: [hours]} if draw.random() < 0.4 else {}
    return resample(Readings(whole, others), {one: int(draw.choice([0, -3, -4])) for one in registers}, from_s, n)


def some_inputs(draw: np.random.Generator, registers: list[str], from_s: int, to_s: int) -> Inputs:
    """Points with one or two meters, some of which make, and some of which hang for part of the time."""
    left = list(registers)
    points: list[Point] = []

    def hang(meter: str) -> Counter:
        sources = tuple(Source(left.pop()) for _ in range(min(len(left), int(draw.integers(1, 3)))))
        start = from_s if draw.random() < 0.7 else int(draw.integers(from_s, to_s))
        return Counter(meter, start, to_s, sources)

    while left:
        name = f"C{len(points)}"
        taken = [hang(f"E{name}{k}") for k in range(int(draw.choice([1, 1, 1, 2]))) if left]
        made = [hang(f"S{name}")] if left and draw.random() < 0.3 else []
        points.append(Point(name, tuple(taken), tuple(made)))
    producers = tuple(one.meter for point in points for one in point.made)
    holdings = tuple(
        Holding(point.name, "M", from_s if draw.random() < 0.7 else int(draw.integers(from_s, to_s)), to_s)
        for point in points
    )
    names = tuple(point.name for point in points)
    return Inputs("roofs", {"kind": "dynamic"}, from_s, to_s, names, producers, tuple(points), holdings)


def test_points_that_are_opened_at_once_are_what_each_is_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(18)
    at_once = 0
    for _ in range(300):
        n = int(draw.integers(1, 250))
        from_s = FIRST_DAY * DAY_S + QUARTER_S * int(draw.integers(0, 96))
        registers = [f"r{k}" for k in range(int(draw.integers(1, 9)))]
        quarters = some_quarters(draw, registers, from_s, n)
        inputs = some_inputs(draw, registers, from_s, from_s + n * QUARTER_S)
        opened = Balance([inputs], quarters, from_s)
        at_once += len(opened._open_plain(quarters))
        with monkeypatch.context() as patch:
            patch.setattr(Balance, "_open_plain", lambda *_: set())
            one_by_one = Balance([inputs], quarters, from_s)
        for name in OPENED:
            assert np.array_equal(getattr(opened, name), getattr(one_by_one, name)), name
        whose = len(inputs.participants) + len(inputs.producers)
        gapped = [1] * whose, [2] * whose
        assert opened.gaps(inputs, *gapped) == one_by_one.gaps(inputs, *gapped)
        made, need = opened.left.copy(), opened.need.copy()
        served = opened.serve(inputs)
        assert np.array_equal(served.made, made.T), "what was there to share is told as it was before it was given"
        assert np.array_equal(served.use.T, np.where(opened.held(inputs), need, 0))
        assert np.array_equal(opened.need, need - served.allocated.T)
        assert np.array_equal(opened.left, made - served.given.T)
    assert at_once > 100


def test_a_day_adds_up_to_its_quarter_hours_one_by_one() -> None:
    draw = np.random.default_rng(5)
    for _ in range(50):
        from_s, n = FIRST_DAY * DAY_S + QUARTER_S * int(draw.integers(0, 96)), int(draw.integers(1, 300))
        starts = day_starts(from_s, n)
        matrix = draw.integers(0, 2**40, (n, 3))
        by_day = [[sum(matrix[start:end, k].tolist()) for k in range(3)] for start, end in pairwise(starts.tolist())]
        for one in (matrix, np.asfortranarray(matrix)):
            assert sum_up(one, starts).tolist() == by_day
        assert sum_up(matrix % 2 == 1, starts).tolist() == sum_up(matrix % 2, starts).tolist()
        assert sum_up(matrix[:, 0], starts).tolist() == [day[0] for day in by_day]
