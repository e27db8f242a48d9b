"""Amount that a line of a bill comes to, derived anew.

Source: docs/domain/vat-and-bills.md#rounding.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from sqlalchemy import Row

MEASURED = ("GJ", "kWh")
"""Quantities that are priced by the unit."""


def amount_cents(line: Row[Any]) -> int:
    """Amount that the quantity of a line comes to at its price, or its price of a year by its days."""
    if line.per != "year":
        return cents(Fraction(line.quantity) * Fraction(line.price_eur))
    return _by_days_cents(line.price_eur, line.period_start, line.period_end)


@cache
def _by_days_cents(price_eur: Decimal, start: date, end: date) -> int:
    """Part of a price of a year that some days of it bear; most homes have it alike."""
    new_year = date(start.year, 1, 1)
    of_year = (date(start.year + 1, 1, 1) - new_year).days
    until, since = (cents(Fraction(price_eur) * (day - new_year).days / of_year) for day in (end, start))
    return until - since


def cents(amount_eur: Fraction) -> int:
    """Euros in whole cents, half a cent away from zero."""
    rounded = int(abs(amount_eur) * 100 + Fraction(1, 2))
    return -rounded if amount_eur < 0 else rounded
