"""What a part of a register had counted at each midnight within it: read then or near then, and never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from coop.metering.heat.measuring import Span, use_of
from coop.metering.model import DAY_S, Quality
from coop.metering.readings.blocks import Day
from coop.metering.readings.store import seconds
from coop.values import Period, midnight

WEEK = Period(date(2025, 1, 1), date(2025, 1, 8))
SUMMER = Period(date(2025, 3, 29), date(2025, 4, 1))
AUTUMN = Period(date(2025, 10, 25), date(2025, 10, 28))


def at(day: date, hour: int = 0) -> int:
    return seconds(midnight(day)) + hour * 3600


def told(
    period: Period, read: dict[int, int], step_s: int = 0, quality: Quality = Quality.MEASURED
) -> tuple[int | None, ...]:
    """The midnights of the one part that a register with these values [s since 1970] has in a period."""
    days: dict[int, Day] = {}
    for day in sorted({at_s // DAY_S for at_s in read}):
        of_day = {at_s: value for at_s, value in sorted(read.items()) if at_s // DAY_S == day}
        days[day] = Day(
            np.array([at_s % DAY_S for at_s in of_day], np.int32),
            np.array(list(of_day.values()), np.int64),
            np.full(len(of_day), quality, np.uint8),
        )
    use = use_of(Span("M", "r", 6, step_s, seconds(period.start_at), seconds(period.end_at)), days)
    assert use is not None
    assert use.energy >= Decimal(0)
    [part] = use.parts
    return part.midnights


def test_stands_of_every_midnight_are_what_was_counted_since_the_first() -> None:
    stands = {at(date(2025, 1, day)): 100 + 10 * day for day in range(1, 9)}
    assert told(WEEK, stands) == (10, 20, 30, 40, 50, 60)


def test_readings_once_a_day_at_another_hour_are_shared_out_within_their_day() -> None:
    stands = {at(date(2025, 1, day), 6): 24 * day for day in range(1, 8)}
    stands |= {at(date(2024, 12, 31), 6): 0, at(date(2025, 1, 8), 6): 192}
    # 18 of 24 hours of each day lie before the midnight that follows its reading
    assert told(WEEK, stands) == (24, 48, 72, 96, 120, 144)


def test_a_midnight_that_nobody_read_near_is_not_known() -> None:
    stands = {at(date(2025, 1, day)): 10 * day for day in (1, 3, 6, 8)}
    assert told(WEEK, stands) == (None, 20, None, None, 50, None)


def test_where_both_ends_alone_were_read_nothing_is_told() -> None:
    assert told(WEEK, {at(WEEK.start): 0, at(WEEK.end): 70}) == ()


def test_an_estimated_stand_is_no_reading() -> None:
    stands = {at(date(2025, 1, day)): 10 * day for day in range(1, 9)}
    assert told(WEEK, stands, quality=Quality.ESTIMATED) == ()


@pytest.mark.parametrize("step_s", [900, 3600])
def test_interval_values_are_added_up_to_each_midnight_until_one_is_missing(step_s: int) -> None:
    first, last = seconds(WEEK.start_at), seconds(WEEK.end_at)
    values = dict.fromkeys(range(first, last, step_s), step_s // 900)
    assert told(WEEK, values, step_s) == (96, 192, 288, 384, 480, 576)
    del values[at(date(2025, 1, 4), 12)]
    assert told(WEEK, values, step_s) == (96, 192, 288, None, None, None)


@pytest.mark.parametrize(("period", "hours"), [(SUMMER, (24, 47)), (AUTUMN, (24, 49))])
def test_the_day_of_a_clock_change_has_its_hours(period: Period, hours: tuple[int, int]) -> None:
    first, last = seconds(period.start_at), seconds(period.end_at)
    assert told(period, dict.fromkeys(range(first, last, 3600), 1), 3600) == hours
    stands = {at_s: nth for nth, at_s in enumerate(range(first, last + 1, 3600))}
    assert told(period, stands) == hours
    once_a_day = {
        at(day): nth * 5
        for nth, day in enumerate([*map(date.fromordinal, range(period.start.toordinal(), period.end.toordinal() + 1))])
    }
    assert told(period, once_a_day) == (5, 10)


def test_values_of_civil_days_are_added_up() -> None:
    days = [date.fromordinal(AUTUMN.start.toordinal() + nth) for nth in range(3)]
    assert told(AUTUMN, {at(day): 7 for day in days}, DAY_S) == (7, 14)
