"""Law that sets prices, as dated data: VAT by day of consumption, and the most that ACM lets heat cost.

A maximum of a day is that of the newest row whose first day is not after it, among the rows that are known: where ACM
is late, the last one goes on (Warmtewet art. 5 lid 5), and a repair counts back to its first day once it is known.

Source: docs/domain/heat-tariffs-and-guarantee.md#maximum-tariffs; docs/domain/vat-and-bills.md#vat.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from coop.values import Period

MAXIMA_VAT: Final = Decimal("0.21")
"""The rate that ACM's maxima hold."""

VAT_CATEGORIES: Final = ("energy", "standard", "none")
"""Categories of VAT, each with a rate of its own by day."""

PRICE_STEP: Final = Decimal("0.000001")
"""To so much a price is rounded that the law makes [EUR]."""


@dataclass(frozen=True)
class Maximum:
    """ACM's maximum of one component for a class of customers from a day on, EUR incl. 21 % VAT, and the day from which
    it is known. ``component`` says what is priced per what, such as ``heat per GJ``; ``fixed per year`` binds the sum
    of the fixed parts."""

    valid_from: date
    known_from: date
    customer_class: str
    component: str
    price_eur: Decimal
    source: str
    mark: str

    @property
    def year(self) -> int:
        """Year that it begins in."""
        return self.valid_from.year


@dataclass(frozen=True)
class VatRate:
    """A rate of VAT of a category from a day on."""

    valid_from: date
    category: str
    rate: Decimal


@cache
def maxima() -> tuple[Maximum, ...]:
    """All maxima on file, of one day those that are known later last; each names its own source."""
    return tuple(
        Maximum(row["valid_from"], row["known_from"], customer_class, name, Decimal(value), row["source"], row["mark"])
        for row in sorted(_read()["maximum"], key=lambda row: (row["valid_from"], row["known_from"]))
        for customer_class, prices in row["prices"].items()
        for name, value in prices.items()
    )


@cache
def vat_rates() -> tuple[VatRate, ...]:
    """Rates of VAT, oldest first."""
    return tuple(VatRate(row["valid_from"], row["category"], Decimal(row["rate"])) for row in _read()["vat"])


def maxima_on(day: date, known_on: date) -> tuple[Maximum, ...]:
    """The maxima of a day as known on another; none where no maximum of so long ago is on file.

    >>> [str(m.price_eur) for m in maxima_on(date(2024, 3, 1), date(2024, 3, 1)) if "standing" in m.component]
    ['618.82', '309.41', '309.41']
    >>> [str(m.price_eur) for m in maxima_on(date(2024, 3, 1), date(2024, 7, 1)) if "standing" in m.component]
    ['582.82', '291.42', '291.42']
    """
    known = [m for m in maxima() if m.valid_from <= day and m.known_from <= known_on]
    if not known:
        return ()
    newest = max((m.valid_from, m.known_from) for m in known)
    return tuple(m for m in known if (m.valid_from, m.known_from) == newest)


def vat_on(day: date, category: str = "energy") -> Decimal:
    """The rate of VAT on what is supplied on a day, by its category.

    >>> [str(vat_on(day)) for day in (date(2022, 6, 30), date(2022, 7, 1), date(2023, 1, 1))]
    ['0.21', '0.09', '0.21']
    """
    rates = [rate for rate in vat_rates() if rate.category == category]
    return next((rate.rate for rate in reversed(rates) if rate.valid_from <= day), rates[0].rate)


def law_days(period: Period) -> list[date]:
    """Days within a period on which the law may change."""
    days = {maximum.valid_from for maximum in maxima()} | {rate.valid_from for rate in vat_rates()}
    return sorted(day for day in days if period.start < day < period.end)


def restate(price_eur: Decimal, stated: Decimal, rate: Decimal) -> Decimal:
    """A price that holds one rate of VAT, with another in its place.

    >>> str(restate(Decimal("53.95"), Decimal("0.21"), Decimal("0.09")))
    '48.599587'
    """
    if stated == rate:
        return price_eur
    return (price_eur * (1 + rate) / (1 + stated)).quantize(PRICE_STEP, ROUND_HALF_UP)


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("law.toml").read_text())
