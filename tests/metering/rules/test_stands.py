"""What a register counted, across rollovers, resets, dips and gaps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.metering.heat.degree_days import by_degree_days, linear, mean_cdegc, weighted_degree_days
from coop.metering.heat.measuring import Span, total_energy, use_of
from coop.metering.heat.stands import Count, count, parts, point
from coop.metering.model import Quality
from coop.metering.readings.blocks import Day
from coop.metering.readings.plausibility import Bound

HOUR = 3600
BOUND = Bound(per_hour=100, step=5)


def register(*stands: int, bound: Bound | None = BOUND) -> Count:
    """Hourly measured stands, from second 0 on."""
    n = len(stands)
    return count(np.arange(n) * HOUR, np.array(stands, np.int64), np.ones(n, np.uint8), bound)


def energies(counted: Count, from_s: int, to_s: int) -> list[tuple[int, int, int]]:
    found = parts(counted, point(counted, from_s), point(counted, to_s))
    return [(part.from_stand, part.to_stand, part.energy) for part in found]


def test_a_register_that_rolls_over_goes_on_across_its_maximum() -> None:
    # docs/domain/heat-source-and-environment.md#e22: 99,987.50 to 12.34 with a maximum of 100,000 is 24.84.
    counted = register(9_998_750, 1_234, bound=Bound(5_000, 0, 10_000_000))
    assert energies(counted, 0, HOUR) == [(-1250, 1234, 2484)]


def test_a_fall_that_no_rollover_explains_is_a_reset_to_zero() -> None:
    counted = register(100, 110, 4, 9)
    assert energies(counted, 0, 3 * HOUR) == [(100, 110, 10), (0, 9, 9)]
    [_, after] = parts(counted, point(counted, 0), point(counted, 3 * HOUR))
    assert after.start.quality is Quality.ESTIMATED


def test_a_fall_to_more_than_can_have_been_counted_since_starts_where_it_fell() -> None:
    assert energies(register(900, 910, 700, 720), 0, 3 * HOUR) == [(900, 910, 10), (700, 720, 20)]


def test_a_dip_is_left_out() -> None:
    counted = register(500, 510, 0, 1, 530, 540)
    assert energies(counted, 0, 5 * HOUR) == [(500, 540, 40)]
    assert counted.at_s.tolist() == [0, HOUR, 4 * HOUR, 5 * HOUR]


def test_a_period_that_starts_in_the_gap_of_a_reset_counts_from_zero() -> None:
    counted = register(100, 110, 8, 18)
    assert energies(counted, HOUR + HOUR // 2, 3 * HOUR) == [(4, 18, 14)]


def test_before_the_first_and_after_the_last_stand_the_nearest_stands_in_and_says_so() -> None:
    counted = register(100, 110)
    early, late = point(counted, -HOUR), point(counted, 9 * HOUR)
    assert (early.counted, early.before_s, early.quality) == (100, None, Quality.ESTIMATED)
    assert (late.counted, late.after_s, late.quality) == (110, None, Quality.ESTIMATED)


def test_a_register_without_any_stand_has_no_count() -> None:
    with pytest.raises(ValueError, match="no stand"):
        point(register(), 0)


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=30),
    st.lists(st.integers(0, 29 * HOUR), min_size=1, max_size=5),
)
def test_parts_of_any_division_add_up_to_the_whole(stands: list[int], cuts: list[int]) -> None:
    counted = register(*stands, bound=Bound(100, 5, 1001))
    bounds = sorted({0, 29 * HOUR, *cuts})
    whole = sum(energy for _, _, energy in energies(counted, bounds[0], bounds[-1]))
    divided = [energy for start, end in pairwise(bounds) for _, _, energy in energies(counted, start, end)]
    assert sum(divided) == whole
    assert all(energy >= 0 for energy in divided)


def test_a_reading_far_above_its_neighbours_is_set_aside_and_its_neighbours_are_not() -> None:
    assert [one.at_s for one in register(10, 9000, 12, 13).asides] == [HOUR]
    assert register(10, 115, 220, 325).asides == ()
    assert [one.at_s for one in register(500, 0, 500, 501).asides] == [HOUR]


def test_a_meter_that_was_reset_may_count_on() -> None:
    before = (480, 490, 500, 510)
    assert register(*before, 0, 90, 180).doubts == ()
    assert [one.at_s for one in register(*before, 0, 90, 180, 270, 360, 450, 9999).doubts] == [10 * HOUR]
    # What leaps just after a reset leaves the reset itself in doubt.
    assert [one.at_s for one in register(*before, 0, 90, 9999).doubts] == [4 * HOUR, 6 * HOUR]
    # Of so few readings one that is false makes the pace, so it has to be kept better.
    assert [one.at_s for one in register(500, 510, 0, 90, 180).doubts] == [2 * HOUR]


def test_a_missing_reading_is_shared_out_by_degree_days() -> None:
    # docs/domain/degree-days.md#e12: 15.00 GJ from January to June, tap 20 %, 1,350 + 400 degree days, 90 of 181 days.
    per_day = dict.fromkeys(range(90), 15_000) | dict.fromkeys(range(90, 181), 400_000 // 91)
    per_day[180] += 400_000 - 91 * (400_000 // 91)
    numerator, denominator = by_degree_days(per_day, 200)(0, 90 * 86_400, 181 * 86_400)
    assert round(Decimal(15) * numerator / denominator, 3) == Decimal("10.749")
    numerator, denominator = linear(0, 90, 181)
    assert round(Decimal(15) * numerator / denominator, 3) == Decimal("7.459")


def test_without_degree_days_or_with_a_day_unknown_time_alone_counts() -> None:
    assert by_degree_days({0: 0, 1: 0}, 200)(0, 86_400, 2 * 86_400) == (86_400, 2 * 86_400)
    assert by_degree_days({0: 9_000}, 200)(0, 86_400, 2 * 86_400) == (86_400, 2 * 86_400)


def test_degree_days_start_below_eighteen_degrees() -> None:
    # docs/domain/degree-days.md#e10, unweighted in March: 20, 10 and -4 degC are 0 + 8 + 22.
    march = date(2026, 3, 1)
    assert [weighted_degree_days(t, march) for t in (2000, 1000, -400)] == [0, 8_000, 22_000]
    assert mean_cdegc(np.array([100, 101])) == 101


def test_interval_values_add_up_and_a_missing_one_is_said() -> None:
    span = Span("H1", "r", 0, 3600, 0, 4 * HOUR)
    day = Day(np.array([0, HOUR, 3 * HOUR]), np.array([5, 6, 7]), np.ones(3, np.uint8))
    use = use_of(span, {0: day})
    assert use is not None
    assert (total_energy([use]), use.estimated, use.gap_s) == (Decimal(18), True, None)
