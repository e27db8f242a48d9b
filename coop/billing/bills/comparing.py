"""Use of heat beside that of last year, at the same weather, and beside that of others; and what the heat came from.

Everything rests on what is on file: what is not is None, and the paper says so.

Source: docs/domain/duties-to-customers.md#overviews, docs/domain/degree-days.md#normal-year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from coop.values import Period

GROUP_LEAST: Final = 10
"""Households beside one's own that a mean is made of, so that nobody's use can be told from it.

Source: docs/domain/personal-data.md#groups.
"""

MONTHLY_DEGREE_DAYS: Final = tuple(f"wdd-{month:02}" for month in range(1, 13))
"""Series of the weighted degree days of each month."""

CO2, RENEWABLE = "co2-kg-per-gj", "renewable-share"
"""Series of the greenhouse gas of the heat [kg CO2 equivalent per GJ], and of its share from renewable sources."""

FIGURE_BOUNDS: Final[Mapping[str, tuple[Decimal, Decimal]]] = {
    **dict.fromkeys(MONTHLY_DEGREE_DAYS, (Decimal(0), Decimal(1000))),
    CO2: (Decimal(0), Decimal(200)),
    RENEWABLE: (Decimal(0), Decimal(1)),
}
"""The least and the most that a figure of each of these series can be."""

Figures = Mapping[tuple[str, int], Decimal]


@dataclass(frozen=True)
class Comparison:
    """Heat of the days of a bill [J]: as it was used; a year before; a year before had the weather been that of now,
    with the weighted degree days of then and now; and the mean of others, with how many they are."""

    days: Period
    used_j: Decimal
    before_j: Decimal | None = None
    before_at_this_weather_j: Decimal | None = None
    degree_days_before: Decimal | None = None
    degree_days_now: Decimal | None = None
    others_j: Decimal | None = None
    others_count: int = 0


@dataclass(frozen=True)
class Origin:
    """Origin of the heat, by the newest figures on file: of which year, and where each was published."""

    co2_kg_per_gj: Decimal | None = None
    co2_year: int = 0
    co2_source: str = ""
    renewable_share: Decimal | None = None
    renewable_year: int = 0
    renewable_source: str = ""


def year_before(days: Period) -> Period:
    """The same days a year before; 29 February becomes 1 March.

    >>> str(year_before(Period.month(2025, 2)))
    '2024-02'
    """
    return Period(_a_year_before(days.start), _a_year_before(days.end))


def degree_days_of(days: Period, figures: Figures) -> Decimal | None:
    """Weighted degree days of whole months, or of a whole year; None where one is not on file.

    >>> degree_days_of(Period.month(2025, 1), {("wdd-01", 2025): Decimal(520)})
    Decimal('520')
    """
    months = days.months()
    if any(part != Period.month(part.start.year, part.start.month) for part in months):
        return None
    if days == Period.year(days.start.year) and (year := figures.get(("wdd", days.start.year))) is not None:
        return year
    monthly = [figures.get((MONTHLY_DEGREE_DAYS[part.start.month - 1], part.start.year)) for part in months]
    known = [value for value in monthly if value is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(monthly) else None


@dataclass(frozen=True)
class Weather:
    """Degree days of some days, and of the same days a year ``before``; None where one is not on file."""

    before: Period
    then: Decimal | None
    now: Decimal | None


def weather_of(days: Period, figures: Figures) -> Weather:
    """The weather of some days and of those a year before."""
    before = year_before(days)
    return Weather(before, degree_days_of(before, figures), degree_days_of(days, figures))


def at_other_weather(used_j: Decimal, then: Decimal, now: Decimal, tap_share: Decimal) -> Decimal | None:
    """Heat of other days at the weather of these: what heats tap water stays, the rest goes with the degree days; None
    where there were none to go by.

    >>> at_other_weather(Decimal(1000), Decimal(400), Decimal(500), Decimal("0.2"))
    Decimal('1200')
    """
    if then <= 0:
        return None
    restated = Fraction(used_j) * (Fraction(tap_share) + (1 - Fraction(tap_share)) * Fraction(now) / Fraction(then))
    return Decimal(round(restated))


def compare(
    days: Period,
    used_j: Decimal,
    before_j: Decimal | None,
    others: tuple[Decimal, int],
    weather: Weather,
    tap_share: Decimal,
) -> Comparison:
    """Compare heat with that of a year before, and with the mean of others: their heat together, and how many they are.
    Of too few there is no mean."""
    then, now = weather.then, weather.now
    compared = Comparison(days, used_j, before_j)
    if before_j is not None and then is not None and now is not None:
        restated_j = at_other_weather(before_j, then, now, tap_share)
        compared = replace(compared, before_at_this_weather_j=restated_j, degree_days_before=then, degree_days_now=now)
    together_j, count = others
    if count < GROUP_LEAST:
        return compared
    return replace(compared, others_j=Decimal(round(Fraction(together_j) / count)), others_count=count)


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 3, 1)
