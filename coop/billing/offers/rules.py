"""An offer to somebody who is no member yet: gas bills in, ceiling and expected bills of the first year out.

The contract that would be signed is priced as any other: its ceiling by the function of every ceiling, its months by
``price_year``, with the heat that their gas makes expected at normal weather. So the ceiling is that of the later
contract, to the cent, and where the use is what was expected so are the bills.

Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu; docs/domain/degree-days.md#sharing-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from coop.billing.amounts.expecting import Expected, expect_heat
from coop.billing.bills.drafts import PeriodFacts
from coop.billing.effects.rules import Slot, YearSum, price_year
from coop.billing.guarantee.gas import heat_per_m3
from coop.billing.guarantee.rules import ceiling_cents, guarantee_year
from coop.billing.model import Contract, GasYear, GuaranteeTerms, HeatReading, Tariff
from coop.billing.terms.rules import Book, Terms
from coop.billing.terms.tariffs import tariff_on
from coop.communities.tariffs import CLASSES
from coop.values import BadInput, CoopError, Problem, say

NOBODY: Final = "offer"
GAS_M3_MAX, AMOUNT_CENTS_MAX, YEARS_MAX = 1_000_000, 1_000_000_00, 10


@dataclass(frozen=True)
class Offer:
    """Cost for somebody: the tariff of the first day, what the ceiling of the first guarantee year follows from,
    the heat that is expected of it [J], and its months."""

    contract: Contract
    tariff: Tariff
    promise: GuaranteeTerms
    heat_j: Decimal
    year: YearSum

    @property
    def ceiling_cents(self) -> int | None:
        """The ceiling of the first guarantee year; None where nothing is promised."""
        return ceiling_cents(self.promise)

    @property
    def gas_cents(self) -> int:
        """Mean of what was paid for gas in the years that count."""
        paid = [year.amount_cents for year in self.promise.reference]
        return sum(paid) // len(paid)


def make_offer(book: Book, starts_on: date, reference: Sequence[GasYear], customer_class: str, known_on: date) -> Offer:
    """Reckon the first guarantee year of a contract that nobody signed yet.

    Raises:
        BadInput: the gas bills or the class are none that an offer can rest on; every problem at once.
        CoopError: ``no-tariff``, or the ceiling needs a figure that is not on file.
    """
    if problems := _judge(starts_on, reference, customer_class):
        raise BadInput(problems, "bad-offer")
    contract = Contract(NOBODY, NOBODY, NOBODY, starts_on, None, "", tuple(reference), customer_class)
    year = guarantee_year(contract, starts_on)
    terms = Terms(replace(book, contracts=(contract,), notices=()), year.end, known_on)
    bound = terms.bind(contract)
    if not bound or bound[0][0] > starts_on:
        raise CoopError("no-tariff", say("no tariff is adopted that holds on %(day)s", day=starts_on))
    profile = terms.profile_of(year)
    gj_per_m3 = heat_per_m3(book.choices, starts_on)
    months = [expect_heat(days, (), contract, profile, book.figures, gj_per_m3) for days in year.months()]
    expected = [month for month in months if month is not None]
    slots = [(Slot(heat.period, heat.period, True), _facts_of(heat)) for heat in expected]
    return Offer(
        contract=contract,
        tariff=tariff_on(bound, starts_on),
        promise=terms.promise(contract, year),
        heat_j=sum((heat.amount for heat in expected), Decimal(0)),
        year=price_year(terms, {}, contract, slots),
    )


def _facts_of(heat: Expected) -> PeriodFacts:
    reading = HeatReading("", 1, heat.period, heat.amount, True, "", ())
    return PeriodFacts(heat.period, 1, (), {(NOBODY, NOBODY): [reading]}, {})


def _judge(starts_on: date, reference: Sequence[GasYear], customer_class: str) -> list[Problem]:
    """Find what of an offer cannot be: a class that there is not, no gas, a year twice or after the start."""
    problems = []
    if customer_class not in CLASSES:
        reason = say('"%(value)s" is none of %(known)s', value=customer_class[:40], known=CLASSES)
        problems.append(Problem(reason, "customer_class"))
    if not 0 < len(reference) <= YEARS_MAX or not any(paid.gas_m3 for paid in reference):
        problems.append(Problem(say("an offer rests on the gas bills of at least one year"), "gas"))
    for number, paid in enumerate(reference):
        if not 2000 <= paid.year < starts_on.year or paid.year in [other.year for other in reference[:number]]:
            reason = say("%(year)s is no year before the start that stands here once", year=str(paid.year))
            problems.append(Problem(reason, f"gas.{number}.year"))
        if not 0 <= paid.gas_m3 <= GAS_M3_MAX:
            problems.append(Problem(say("is no amount of gas of a year"), f"gas.{number}.m3"))
        if not 0 < paid.amount_cents <= AMOUNT_CENTS_MAX:
            problems.append(Problem(say("is no amount of money of a year"), f"gas.{number}.eur"))
    return problems
