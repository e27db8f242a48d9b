"""Gas as heat, and what the same gas would cost in a later year: the measure that a member reads a ceiling beside.

Invariant: it decides no amount of any bill. What is not on file is None, and is not guessed.

Source: docs/domain/heat-tariffs-and-guarantee.md#gas-reference (E7, E8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from coop.billing.model import GuaranteeTerms
from coop.communities.choices import Choices, GasChoice
from coop.communities.law import Law
from coop.values import Period

UPPER_VALUE_GJ_PER_M3: Final = Fraction("0.03517")
"""Upper heating value of gas."""

SPACE_SHARE, TAP_SHARE = Fraction("0.79"), Fraction("0.21")
SPACE_GJ_PER_M3: Final = Fraction("0.94") / Fraction("1.05") * UPPER_VALUE_GJ_PER_M3
"""A boiler that heats rooms: an efficiency of 94 %, with the 5 % that pipes lose."""
TAP_GJ_PER_M3: Final = Fraction("0.65") / Fraction("1.10") * UPPER_VALUE_GJ_PER_M3
"""A boiler that heats tap water: an efficiency of 65 %, with the 10 % that pipes lose."""

GJ_PER_M3: Final[Mapping[str, Fraction]] = {
    "rounded": Fraction(1, 35),
    "regulator": Fraction("0.0306"),
    "shares-of-gas": SPACE_SHARE * SPACE_GJ_PER_M3 + TAP_SHARE * TAP_GJ_PER_M3,
    "shares-of-heat": 1 / (SPACE_SHARE / SPACE_GJ_PER_M3 + TAP_SHARE / TAP_GJ_PER_M3),
}
"""Heat of a cubic metre of gas by each conversion in use [GJ]."""

PRICE, TAX, STANDING, NETWORK = "gas-price", "gas-tax", "gas-standing", "gas-network"
"""Series of a year's gas: price and energy tax without VAT [EUR/m3], standing charge and network incl. VAT [EUR]."""

GAS_BOUNDS: Final[Mapping[str, tuple[Decimal, Decimal]]] = {
    PRICE: (Decimal(0), Decimal(5)),
    TAX: (Decimal(0), Decimal(3)),
    STANDING: (Decimal(0), Decimal(1000)),
    NETWORK: (Decimal(0), Decimal(2000)),
}
"""The least and the most that a figure of each of these series can be."""

Figures = Mapping[tuple[str, int], Decimal]


@dataclass(frozen=True)
class GasCost:
    """The cost of a year's gas [cents, incl. VAT], each part rounded: ``gas`` with its tax, what the supplier and the
    network ask a year, and what an owner pays for a boiler."""

    gas_cents: int
    standing_cents: int
    network_cents: int
    maintenance_cents: int
    boiler_cents: int

    @property
    def bill_cents(self) -> int:
        """The bill for gas, without a boiler: what a tenant pays."""
        return self.gas_cents + self.standing_cents + self.network_cents

    @property
    def with_boiler_cents(self) -> int:
        """The bill for gas and a boiler of one's own."""
        return self.bill_cents + self.maintenance_cents + self.boiler_cents


@dataclass(frozen=True)
class GasBenchmark:
    """The gas that a ceiling rests on, as heat, and what it would cost in the guarantee year. ``cost`` is None where a
    price of ``prices_of`` is not on file; ``cooking_m3`` of the gas cooked, and is no heat."""

    year: Period
    gas_m3: int
    cooking_m3: int
    conversion: str
    heat_gj: Decimal
    prices_of: int
    cost: GasCost | None


def heat_of_gas_gj(gas_m3: Fraction, conversion: str) -> Fraction:
    """Heat that gas gives: ``gas * GJ per m3`` [GJ].

    >>> [round(float(heat_of_gas_gj(Fraction(1200), name)), 3) for name in GJ_PER_M3]
    [34.286, 36.72, 35.085, 34.095]

    Source: docs/domain/heat-tariffs-and-guarantee.md#gas-reference (E7).
    """
    return gas_m3 * GJ_PER_M3[conversion]


def heat_per_m3(choices: Choices, day: date) -> Fraction:
    """Heat of a cubic metre of gas by the conversion that a co-operative chose [GJ]."""
    return GJ_PER_M3[choices.on(GasChoice, day).conversion]


def cost_of_gas(gas_m3: int, year: int, figures: Figures, vat: Decimal, method: GasChoice) -> GasCost | None:
    """The cost of so much gas in a year; None where a price of it is not on file.

    ``gas = m3 * (price + tax) * (1 + VAT)``; a boiler costs ``price / life`` a year beside its maintenance.

    >>> figures = {(PRICE, 2026): Decimal("0.45"), (TAX, 2026): Decimal("0.60066")}
    >>> figures |= {(STANDING, 2026): Decimal(96), (NETWORK, 2026): Decimal(240)}
    >>> boiler = dict(boiler_eur="2200", boiler_years=15, maintenance_eur="120")
    >>> method = GasChoice(conversion="rounded", cooking_m3=0, **boiler)
    >>> cost = cost_of_gas(1200, 2026, figures, Decimal("0.21"), method)
    >>> cost.gas_cents, cost.bill_cents, cost.with_boiler_cents
    (152556, 186156, 212823)

    Source: docs/domain/heat-tariffs-and-guarantee.md#gas-reference (E8).
    """
    price, tax, standing, network = (figures.get((series, year)) for series in (PRICE, TAX, STANDING, NETWORK))
    if price is None or tax is None or standing is None or network is None:
        return None
    return GasCost(
        gas_cents=_cents(gas_m3 * Fraction(price + tax) * (1 + Fraction(vat))),
        standing_cents=_cents(Fraction(standing)),
        network_cents=_cents(Fraction(network)),
        maintenance_cents=_cents(Fraction(method.maintenance_eur)),
        boiler_cents=_cents(Fraction(method.boiler_eur) / method.boiler_years),
    )


def gas_benchmark(terms: GuaranteeTerms, figures: Figures, choices: Choices, law: Law) -> GasBenchmark | None:
    """The gas behind a ceiling at the prices of its guarantee year, by the method of the year's first day; None where
    no amount of gas is on file.

    The mean is that of what was burnt, whatever the weather was: that is what was paid for.
    """
    burnt = [paid.gas_m3 for paid in terms.reference if paid.gas_m3]
    if not burnt:
        return None
    method = choices.on(GasChoice, terms.year.start)
    gas_m3 = _whole(Fraction(sum(burnt), len(burnt)))
    cooking_m3 = min(method.cooking_m3, gas_m3)
    heat_gj = heat_of_gas_gj(Fraction(gas_m3 - cooking_m3), method.conversion)
    year = terms.year.start.year
    return GasBenchmark(
        year=terms.year,
        gas_m3=gas_m3,
        cooking_m3=cooking_m3,
        conversion=method.conversion,
        heat_gj=Decimal(_whole(heat_gj * 1000)).scaleb(-3),
        prices_of=year,
        cost=cost_of_gas(gas_m3, year, figures, law.vat_on(terms.year.start), method),
    )


def _cents(amount_eur: Fraction) -> int:
    return _whole(amount_eur * 100)


def _whole(amount: Fraction) -> int:
    """A whole number, half up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)
