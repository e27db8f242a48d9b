"""Heat that each connection takes from the network, hour by hour, in whole kJ.

Space heating follows how far the outside temperature lies below the connection's balance point: mostly the mean of the
last day (a brick building is slow), partly the hour's own, shaped by the civil clock. Hot water follows the morning and
the evening, later in weekends, and stops in the holidays.
"""

from __future__ import annotations

import numpy as np

from coop.demo.habits import Habits, habits
from coop.demo.plan import DemoPlan, Int64Array, Span, generator
from coop.demo.weather import Weather

KJ = 1000

_DEGREE_HOURS = {1500: 45_100, 1550: 48_200, 1600: 51_500, 1650: 54_900, 1700: 58_500}
"""Kelvin-hours below each balance point in a normal year: the mean over thirty simulated years."""

_SPACE = np.array(
    [78, 76, 75, 76, 80, 95, 125, 135, 125, 110, 100, 96, 94, 94, 96, 102, 113, 124, 128, 125, 118, 108, 90, 82]
)
_SPACE_BUSINESS = np.array([65] * 4 + [70, 100, 145, 155, 145, 135, 130] + [125] * 5 + [120, 100, 75, 70] + [65] * 4)
_WATER = np.array([5, 3, 2, 2, 5, 20, 75, 110, 85, 50, 35, 30, 35, 30, 25, 30, 40, 65, 85, 80, 65, 55, 45, 23])
_WATER_WEEKEND = np.array([9, 5, 3, 2, 3, 8, 22, 50, 85, 105, 90, 65, 50, 40, 35, 35, 45, 65, 75, 65, 50, 40, 33, 20])
_WATER_BUSINESS = np.array([0, 0, 0, 0, 0, 5, 30, 70, 100, 110, 100, 95, 110, 100, 80, 70, 55, 35, 20, 10, 5, 5, 0, 0])


def space_w(habit: Habits, span: Span, weather: Weather) -> Int64Array:
    """Mean power of space heating in each hour [W], shape (hours,)."""
    felt_cdegc = (7 * weather.mean_day_cdegc + 3 * weather.outside_cdegc) // 10
    shape = _SPACE_BUSINESS if habit.business else _SPACE
    w_per_k = habit.space_mj * 1_000_000 // (3600 * _DEGREE_HOURS[habit.balance_cdegc])
    below = np.maximum(habit.balance_cdegc - felt_cdegc, 0)
    power_w: Int64Array = w_per_k * below * shape[(span.hour + habit.early) % 24] // 10_000
    return power_w


def demand_j(plan: DemoPlan, span: Span, weather: Weather, number: int) -> Int64Array:
    """Heat that connection ``number`` takes in each hour [J], whole kJ, shape (hours,)."""
    habit = habits(plan, number)
    noise = generator(plan, "heat", number, span.key).integers(700, 1301, (2, span.hours))
    space_kj = space_w(habit, span, weather) * 36 * noise[0] // 10_000

    first, days = habit.holiday
    away = (span.day_of_year >= first) & (span.day_of_year < first + days)
    weekend = span.weekday >= 5
    if habit.business:
        shape = np.where(weekend, 0, _WATER_BUSINESS[span.hour])
    else:
        shape = np.where(weekend, _WATER_WEEKEND[span.hour], _WATER[(span.hour + habit.early) % 24])
    daily_kj = habit.water_mj * KJ // 365
    water_kj = np.where(away, 0, daily_kj * shape * noise[1] // 1_000_000)
    taken_j: Int64Array = (space_kj + water_kj) * KJ
    return taken_j
