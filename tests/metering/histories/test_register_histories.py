"""Histories of a register that is misread, mistyped, reset, rolled over: each comes out right, or blocks."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from coop.metering.heat.breaks import judge
from coop.metering.heat.model import Decided
from coop.metering.heat.verdicts import BreakKind
from tests.metering.histories.registers import (
    BOUND,
    DAY_S,
    HOUR_S,
    MJ,
    STEP,
    History,
    fewest_false,
    reset_at,
    roll_over,
    run_honestly,
    run_with_faults,
)

SEEDS = range(20)
RHYTHMS = [(HOUR_S,), (DAY_S,), (HOUR_S, DAY_S, 3 * DAY_S), (14 * DAY_S,)]


def assert_right(history: History) -> None:
    counted = history.count()
    assert counted.doubts == ()
    assert abs(history.told() - history.used) <= STEP, counted.asides


def assert_right_or_blocked(history: History) -> None:
    assert history.count().doubts or abs(history.told() - history.used) <= STEP


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gaps_s", RHYTHMS)
def test_a_single_reading_that_is_too_low_is_never_billed(seed: int, gaps_s: tuple[int, ...]) -> None:
    draw = Random(seed)
    honest = run_honestly(draw, gaps_s=gaps_s)
    i = draw.randint(1, len(honest.values) - 2)
    too_low = honest.values[i] - draw.choice([2 * STEP, 5 * STEP, honest.values[i] // 2, honest.values[i]])
    assert_right(honest.falsified({i: too_low}))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gaps_s", RHYTHMS)
def test_a_single_reading_that_is_too_high_is_never_billed(seed: int, gaps_s: tuple[int, ...]) -> None:
    draw = Random(seed)
    honest = run_honestly(draw, gaps_s=gaps_s)
    i = draw.randint(1, len(honest.values) - 2)
    typed = honest.values[i]
    too_high = draw.choice([typed * 10, typed + 900_000 * MJ, typed + 92_000 * MJ, typed + 300 * STEP])
    assert_right(honest.falsified({i: too_high}))


@pytest.mark.parametrize("seed", SEEDS)
def test_several_false_readings_among_many_are_never_billed(seed: int) -> None:
    draw = Random(seed)
    honest = run_honestly(draw, n=60)
    places = draw.sample(range(2, len(honest.values) - 2, 3), 5)
    false = {i: max(0, honest.values[i] + draw.choice([-1, 1]) * draw.randint(20, 40_000) * STEP) for i in places}
    assert_right(honest.falsified(false))


@pytest.mark.parametrize("seed", SEEDS)
def test_two_false_readings_in_a_row_come_out_right_or_block(seed: int) -> None:
    draw = Random(seed)
    honest = run_honestly(draw)
    i = draw.randint(2, len(honest.values) - 4)
    false = {k: max(0, honest.values[k] + draw.choice([-1, 1]) * draw.randint(2, 40_000) * STEP) for k in (i, i + 1)}
    assert_right_or_blocked(honest.falsified(false))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_display_that_showed_nothing_for_a_while_is_left_out(seed: int) -> None:
    draw = Random(seed)
    honest = run_honestly(draw, gaps_s=(HOUR_S,))
    i, length = draw.randint(2, 20), draw.randint(1, 12)
    assert_right(honest.falsified(dict.fromkeys(range(i, i + length), 0)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gaps_s", [(HOUR_S, 2 * HOUR_S), (DAY_S,), (DAY_S, 2 * DAY_S)])
def test_a_register_that_was_reset_counts_from_zero_and_nothing_twice(seed: int, gaps_s: tuple[int, ...]) -> None:
    draw = Random(seed)
    assert_right(reset_at(run_honestly(draw, gaps_s=gaps_s), draw.randint(5, 30)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gaps_s", RHYTHMS)
def test_a_register_that_rolls_over_goes_on_across_its_known_maximum(seed: int, gaps_s: tuple[int, ...]) -> None:
    draw = Random(seed)
    assert_right(roll_over(run_honestly(draw, gaps_s=gaps_s)))


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_known_maximum_a_rollover_is_a_reset_or_blocks_and_never_bills_the_register(seed: int) -> None:
    rolled = roll_over(run_honestly(Random(seed)))
    unknown = replace(rolled, bound=BOUND)
    counted = unknown.count()
    assert not any(one.kind is BreakKind.ROLLOVER for one in counted.breaks)
    assert unknown.told() <= unknown.used + STEP


@pytest.mark.parametrize("seed", SEEDS)
def test_two_doors_that_round_one_meter_differently_make_no_dips(seed: int) -> None:
    draw = Random(seed)
    exact = run_honestly(draw, gaps_s=(HOUR_S,), n=200)
    values = [
        value + draw.randint(0, STEP - 1) * (i % 2) if i < len(exact.values) - 1 else value
        for i, value in enumerate(exact.values)
    ]
    level = [max(values[: i + 1]) for i in range(len(values))]
    rounded = tuple(value // STEP * STEP if i % 3 else value for i, value in enumerate(level))
    history = replace(exact, values=rounded, used=rounded[-1] - rounded[0])
    counted = history.count()
    assert (counted.asides, counted.breaks, counted.doubts) == ((), (), ())
    assert abs(history.told() - history.used) <= STEP


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gap_anywhere_changes_nothing(seed: int) -> None:
    draw = Random(seed)
    honest = run_honestly(draw)
    first = draw.randint(1, 20)
    lost = set(range(first, first + draw.randint(1, 15)))
    i = draw.choice([k for k in range(1, len(honest.values) - 1) if k not in lost])
    assert_right(honest.falsified({i: honest.values[i] // 3}).without(lost))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_meter_that_was_exchanged_without_a_word_blocks(seed: int) -> None:
    """Another meter answers to the old one's number from reading ``i`` on, and stands lower."""
    draw = Random(seed)
    old = run_honestly(draw, start=draw.randint(50_000, 90_000) * STEP)
    i = draw.randint(5, 30)
    lower = old.values[i] - draw.randint(2_000, 40_000) * STEP
    values = tuple(value if k < i else value - lower for k, value in enumerate(old.values))
    assert replace(old, values=values).count().doubts


@pytest.mark.parametrize("seed", SEEDS)
def test_a_jump_beyond_the_meters_power_that_stays_blocks(seed: int) -> None:
    draw = Random(seed)
    honest = run_honestly(draw, gaps_s=(DAY_S,))
    i = draw.randint(3, 35)
    values = tuple(value if k < i else value + 90_000 * STEP for k, value in enumerate(honest.values))
    [doubt] = replace(honest, values=values).count().doubts
    assert not doubt.is_fall
    assert doubt.at_s == honest.at_s[i]


@pytest.mark.parametrize("seed", range(40))
def test_the_fewest_readings_that_can_be_false_are_set_aside(seed: int) -> None:
    """Against a second calculation that tries every set of readings."""
    draw = Random(seed)
    honest = run_honestly(draw, n=10, gaps_s=(DAY_S, 2 * DAY_S))
    places = draw.sample(range(1, 9), draw.randint(1, 2))
    history = honest.falsified({i: honest.values[i] + draw.randint(-400, 400) * STEP for i in places})
    counted = history.count()
    if not counted.doubts:
        smallest = fewest_false(history)
        asides = tuple(history.at_s.index(one.at_s) for one in counted.asides)
        assert asides in smallest


def test_the_least_trusted_of_two_readings_is_set_aside() -> None:
    low = History((0, 13 * DAY_S, 31 * DAY_S), (85_000 * MJ, 84_900 * MJ, 85_930 * MJ), 930 * MJ, (1, 2, 1))
    assert low.count().asides[0].at_s == 13 * DAY_S
    assert low.told() == 930 * MJ


def test_a_decision_of_people_settles_what_nothing_explains() -> None:
    history = History(tuple(i * DAY_S for i in range(6)), tuple(i * MJ for i in (500, 530, 560, 300, 330, 360)), 0)
    counted = history.count()
    [doubt] = counted.doubts
    assert (doubt.before_s, doubt.at_s, doubt.before, doubt.after) == (2 * DAY_S, 3 * DAY_S, 560 * MJ, 300 * MJ)

    def decide(kind: BreakKind, false: tuple[int, int] | None = None) -> tuple[tuple[int, ...], int]:
        decided = Decided(doubt.before_s, doubt.at_s, kind, *(false or (None, None)))
        arrays = counted.at_s, counted.stands, counted.quality
        verdict = judge(*arrays, BOUND, [decided])
        assert verdict.doubts == ()
        return tuple(one.at_s // DAY_S for one in verdict.asides), sum(one.base for one in verdict.breaks)

    assert decide(BreakKind.RESET) == ((), 0)
    assert decide(BreakKind.EXCHANGE) == ((), 300 * MJ)
    assert decide(BreakKind.DIP, doubt.false_low_s) == ((3, 4, 5), 0)
    assert decide(BreakKind.SLIP, doubt.false_high_s) == ((0, 1, 2), 0)


def daily(*values: int, days: int = 1) -> History:
    """Readings [0.01 GJ], so many days apart."""
    return History(tuple(i * days * DAY_S for i in range(len(values))), tuple(value * STEP for value in values), 0)


def test_a_reading_mistyped_after_a_display_showed_nothing_is_no_climb_from_a_reset() -> None:
    values = (273, 275, 277, 280, 283, 0, 0, 209, 292, 294, 295, 296, 296, 297, 298)
    assert daily(*values, days=3).count().doubts


def test_two_low_readings_that_climb_back_within_a_day_are_no_reset() -> None:
    values = [300 + 6 * i for i in range(17)]
    assert daily(*values, 402, 2, 103, 403, 410, 418).count().doubts


def test_a_reset_is_not_hidden_behind_a_reading_mistyped_after_it() -> None:
    values = (0, 46, 84, 117, 142, 17, 30, 43, 560, 76, 104, 138, 180, 217, 227)
    counted = daily(*values, days=3).count()
    assert counted.doubts or counted.counted[-1] - counted.counted[0] <= (142 + 227) * STEP


def test_readings_mistyped_just_before_a_reset_are_not_billed() -> None:
    values = (0, 3, 9, 316, 321, 0, 2, 5, 12, 16)
    assert daily(*values, days=7).count().doubts


def test_a_fall_by_a_hair_after_some_days_is_no_reset_of_a_young_meter() -> None:
    counted = daily(6, 11, 15, 27, 38, 55, 58, 51, 60, 90, 99, 110, 121, 161, days=3).count()
    assert counted.breaks == ()
    assert counted.doubts or counted.counted[-1] - counted.counted[0] == 155 * STEP


def test_a_fall_near_a_known_maximum_that_is_not_at_the_registers_pace_blocks() -> None:
    young = replace(
        daily(99811, 99826, 0, 0, 0, 0, 27, 43, 64, 103, days=7), bound=replace(BOUND, modulus=100_000 * STEP)
    )
    assert young.count().doubts


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_several_faults_at_once_come_out_right_or_block(first: int) -> None:
    wrong = []
    for seed in range(first, first + 50):
        history = run_with_faults(Random(seed))
        if not history.count().doubts and abs(history.told() - history.used) > 2 * STEP:
            wrong.append(seed)
    assert wrong == []


@pytest.mark.parametrize("seed", [839, 2525, 22845])
def test_histories_in_which_two_faults_hid_the_truth_block(seed: int) -> None:
    """Two runs of false readings that each looked like single ones, and a young register whose typing errors looked
    like a reset."""
    assert run_with_faults(Random(seed)).count().doubts


SEVERAL = {
    "a reset, and a display that showed nothing after it": ((0, 16, 32, 46, 21, 0, 0, 0, 101, 113), 7, 159),
    "a display that showed nothing, and then a reset": ((0, 0, 0, 0, 60, 18, 38, 64, 80, 95), 14, 155),
    "two low readings that climb": ((317, 391, 450, 0, 418, 618, 689, 755, 802, 853), 14, 536),
    "a digit too many, and a leap that inflates the pace": (
        (371, 3890, 410, 434, 461, 997, 506, 540, 567, 590),
        7,
        219,
    ),
    "a low reading beside two mistyped ones": ((478, 5080, 553, 592, 3738, 0, 730, 780, 826, 870), 14, 392),
    "a slip, and a low reading that looks like a reset": ((0, 34, 111, 9, 129, 161, 191, 223, 257, 296), 7, 296),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_faults_that_were_billed_as_a_reset_or_hid_one_come_out_right_or_block(name: str) -> None:
    values, days, used = SEVERAL[name]
    assert_right_or_blocked(replace(daily(*values, days=days), used=used * STEP))
