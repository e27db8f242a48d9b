"""Spread of a year over its days where nobody read a meter: tap water by days, the rest of heat by degree days.

Source: docs/domain/degree-days.md#sharing-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache

from coop.billing.model import Profile
from coop.values import Period


@lru_cache(maxsize=4096)
def share_of(part: Period, whole: Period, profile: Profile) -> Fraction:
    """Share of a whole that lies in a part of its days, where the normal degree days of a month lie evenly on its days;
    by days alone without any: ``s * days / days of the whole + (1 - s) * WDD of the part / WDD of the whole``.

    >>> share_of(Period.month(2025, 1), Period.year(2025), Profile())
    Fraction(31, 365)
    """
    by_days = Fraction(part.days, whole.days)
    months = [int(number) for number in profile.degree_days_by_month.split()]
    degree_days = degree_days_of(whole, months) if months else 0
    if not degree_days:
        return by_days
    tap = Fraction(profile.tap_share)
    return tap * by_days + (1 - tap) * degree_days_of(part, months) / degree_days


def share_of_years(part: Period, profile: Profile) -> Fraction:
    """Share of a calendar year that lies in some days; of days in two years, that of each together."""
    years = (Period.year(year) for year in range(part.start.year, part.end.year + 1))
    pieces = ((days, year) for year in years if (days := part.overlap(year)) is not None)
    return sum((share_of(days, year, profile) for days, year in pieces), Fraction(0))


def degree_days_of(days: Period, by_month: Sequence[int]) -> Fraction:
    """Normal degree days of some days: those of a month evenly on its days."""
    return sum(
        (Fraction(by_month[part.start.month - 1] * part.days, _month_of(part.start).days) for part in days.months()),
        Fraction(0),
    )


def _month_of(day: date) -> Period:
    return Period.month(day.year, day.month)
