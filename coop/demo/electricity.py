"""Electricity that each connection takes from and gives to the grid, quarter-hour by quarter-hour, in whole Wh."""

from __future__ import annotations

import numpy as np

from coop.demo.habits import Habits, habits
from coop.demo.plan import DemoPlan, Int64Array, Span, generator
from coop.demo.solar import Orientation, production_wh
from coop.demo.weather import Weather

OWN_TILT_DEG = 35

_HOME = np.array([45, 38, 34, 32, 32, 36, 55, 80, 85, 80, 78, 80, 88, 85, 80, 80, 90, 125, 165, 175, 165, 145, 110, 70])
_HOME_WEEKEND = np.array(
    [55, 46, 40, 36, 34, 35, 42, 55, 80, 105, 115, 115, 120, 115, 105, 105, 110, 135, 165, 170, 160, 140, 110, 80]
)
_BUSINESS = np.array(
    [40, 40, 40, 40, 40, 45, 65, 110, 165, 185, 190, 190, 185, 190, 190, 185, 170, 130, 85, 60, 50, 45, 42, 40]
)
_BUSINESS_CLOSED = np.full(24, 42)


def orientation(habit: Habits) -> Orientation:
    """Direction in which a home's own panels look."""
    return OWN_TILT_DEG, habit.own_solar_azimuth_deg


def load_wh(plan: DemoPlan, span: Span, number: int) -> Int64Array:
    """Use of connection ``number`` in each quarter-hour [Wh], shape (4 * hours,).

    Mostly a base that follows the clock and the season; now and then an appliance, so that quarter-hours differ as much
    as they do in life. Integers throughout.
    """
    habit = habits(plan, number)
    noise = generator(plan, "electricity", number, span.key).integers(0, 1024, 4 * span.hours)
    # The cube of a uniform draw is mostly small and sometimes large; its mean is a quarter, so the factor is about 1.
    spiky = 400 + 2500 * (noise * noise * noise >> 20) // 1024
    weekend = span.weekday >= 5
    if habit.business:
        shape = np.where(weekend, _BUSINESS_CLOSED[span.hour], _BUSINESS[span.hour])
    else:
        shape = np.where(weekend, _HOME_WEEKEND[span.hour], _HOME[span.hour])
    # Winter evenings are long: a triangle over the year, 15 % up in January and down in July.
    season = 850 + 300 * np.abs(span.day_of_year - 183) // 183
    first, days = habit.holiday
    away = (span.day_of_year >= first) & (span.day_of_year < first + days)
    hourly = np.where(away, 30 * 1000, shape * season)
    # Thousandths of a Wh in a quarter-hour for each point of the shape, whose mean is 105 and 87.
    per_point = habit.electricity_wh * 1000 // (365 * 24 * 4 * (105 if habit.business else 87))
    used_wh: Int64Array = (per_point * hourly // 1000).repeat(4) * spiky // 1024 // 1000
    return used_wh


def grid_wh(
    plan: DemoPlan, span: Span, weather: Weather, planes: dict[Orientation, Int64Array], number: int
) -> tuple[Int64Array, Int64Array | None]:
    """Import and export of connection ``number`` [Wh] per quarter-hour; export is None without panels of its own."""
    load = load_wh(plan, span, number)
    habit = habits(plan, number)
    if not habit.own_solar_w:
        return load, None
    net = load - production_wh(habit.own_solar_w, planes[orientation(habit)], weather)
    return np.maximum(net, 0), np.maximum(-net, 0)
