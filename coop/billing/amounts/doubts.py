"""Brakes of first even amounts: what in one is so unlikely that a person looks before anybody is asked for it.

An amount that nobody set follows from gas bills, readings and tariffs, of which each may be wrong: it is held beside
the gas of before, what a home can use, what the others are asked, and what was asked in the year before. What is held
is asked of nobody: until somebody releases it, each bill asks what it comes to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from coop.billing.amounts.forecasting import Forecast
from coop.billing.model import Contract
from coop.communities.tariff_law import UNREGULATED
from coop.values import Said, eur, say

FAR: Final = Fraction(5, 2)
"""Times so much, or less than its part, is no habit but a fault: a unit mixed up makes 3.6. A choice, as all here."""

FEW_DAYS: Final = 28
"""Fewer days of measured heat tell little of a year."""

MOST_GJ: Final = 200
"""No home uses so much heat in a year; what the law takes for larger than a home may."""

GAS_EUR_PER_M3: Final = (Fraction(20, 100), Fraction(4))
"""A cubic metre of gas cost no less and no more, with everything on the bill."""

SMALLEST_CROWD: Final = 10
"""From so many amounts on their middle says something."""


@dataclass(frozen=True)
class First:
    """A first amount of a guarantee year as it is expected, what it rests on, and what is unlikely about it.
    ``before_cents`` is the amount of the year before, ``newer_from`` the first day of a tariff in force of which nobody
    told the member in writing."""

    contract: Contract
    made: Forecast
    amount_cents: int
    from_day: date
    before_cents: int | None = None
    newer_from: date | None = None


def find_doubts(first: First, others_cents: Sequence[int]) -> Iterator[Said]:
    """Everything that is unlikely about an amount, beside those that others of the same class are asked."""
    yield from _doubt_heat(first)
    yield from _doubt_gas(first.contract)
    yield from _doubt_amount(first, others_cents)
    if first.newer_from is not None:
        yield say(
            "it rests on an older tariff than that of %(since)s, of which nobody told this member in writing",
            since=first.newer_from,
        )


def _doubt_heat(first: First) -> Iterator[Said]:
    months = first.made.expected
    heat_j = sum((month.heat_j for month in months), Decimal(0))
    likely_j = sum((month.gas_j for month in months if month.gas_j is not None), Decimal(0))
    if likely_j and all(month.gas_j is not None for month in months) and _is_far(heat_j, likely_j):
        yield say(
            "%(heat)s GJ is expected, and the gas bills make %(likely)s GJ likely",
            heat=_in_gj(heat_j),
            likely=_in_gj(likely_j),
        )
    if first.contract.customer_class != UNREGULATED and heat_j > MOST_GJ * 10**9:
        yield say("%(heat)s GJ is expected, and no home uses %(most)s GJ a year", heat=_in_gj(heat_j), most=MOST_GJ)
    if any(month.basis == "use-so-far" for month in months) and first.made.measured_days < FEW_DAYS:
        yield say("it rests on %(days)s days of heat", days=first.made.measured_days)


def _doubt_gas(contract: Contract) -> Iterator[Said]:
    low, high = GAS_EUR_PER_M3
    for year in contract.reference:
        if year.gas_m3 and not low <= Fraction(year.amount_cents, 100 * year.gas_m3) <= high:
            yield say(
                "%(gas)s m3 of gas for %(amount)s euros in %(year)s is no price of gas",
                gas=year.gas_m3,
                amount=eur(year.amount_cents),
                year=str(year.year),
            )


def _doubt_amount(first: First, others_cents: Sequence[int]) -> Iterator[Said]:
    amount_cents, before_cents = first.amount_cents, first.before_cents
    if amount_cents <= 0:
        total = eur(first.made.total_cents)
        yield say("nothing would be asked for a year that is expected to come to %(total)s euros", total=total)
        return
    if before_cents and _is_far(amount_cents, before_cents):
        yield say("the year before it was %(before)s euros a month", before=eur(before_cents))
    if len(others_cents) >= SMALLEST_CROWD:
        middle_cents = sorted(others_cents)[(len(others_cents) - 1) // 2]
        if middle_cents and _is_far(amount_cents, middle_cents):
            yield say("a middle home is asked %(middle)s euros a month", middle=eur(middle_cents))


def judge(firsts: Sequence[First], asked: Mapping[str, Sequence[int]]) -> list[tuple[First, tuple[Said, ...]]]:
    """First amounts with what is unlikely about each, beside all others of its class of customers: those that are
    ``asked`` now, and those that are expected with it."""
    crowds = defaultdict(list, {name: list(amounts) for name, amounts in asked.items()})
    for first in firsts:
        crowds[first.contract.customer_class].append(first.amount_cents)
    return [(first, tuple(find_doubts(first, crowds[first.contract.customer_class]))) for first in firsts]


def _is_far(amount: Decimal | int, likely: Decimal | int) -> bool:
    return not 1 / FAR <= Fraction(amount) / Fraction(likely) <= FAR


def _in_gj(heat_j: Decimal) -> Decimal:
    return (heat_j / 10**9).quantize(Decimal("0.1"))
