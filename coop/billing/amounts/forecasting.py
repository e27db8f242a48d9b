"""The cost of a guarantee year before it is over: what was billed, and the rest as it would be billed.

Invariant: what is expected is priced as a bill prices it, by the tariffs that bind as far as is known and under the
same ceiling. Once every day was billed nothing is expected any more, and the forecast is what the bills say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from coop.billing.amounts.expecting import Expected, Key, Use, expect_heat, expect_other, uses_of
from coop.billing.bills.asking import year_of
from coop.billing.bills.lines import lines_of
from coop.billing.guarantee.gas import heat_per_m3
from coop.billing.guarantee.rules import ceiling_cents, yearly_credit_cents
from coop.billing.model import Consumption, Contract, HeatReading, Line, LineKind, Profile, SharedEnergy
from coop.billing.terms.rules import Terms
from coop.billing.terms.tariffs import spans_of
from coop.values import CoopError, Period, split_by_largest_remainder


@dataclass(frozen=True)
class ExpectedMonth:
    """Days that are still to be billed: their heat, what that rests on, and what it costs before the guarantee;
    ``gas_j`` is the heat that the gas bills make likely, None where there are none."""

    period: Period
    heat_j: Decimal
    basis: str
    heat_cents: int
    other_cents: int
    gas_j: Decimal | None = None


@dataclass(frozen=True)
class Forecast:
    """The cost of a guarantee year of a contract. Heat is what counts towards the ceiling, before what is given back;
    ``days`` are those of the year that the contract covers; ``given_back_cents`` is what was given back so far;
    ``ceiling_cents`` is None where nothing is promised, or where it is not known yet (``ceiling_unknown``);
    ``measured_days`` are those of which the heat was billed."""

    contract_id: str
    year: Period
    days: Period
    billed_heat_cents: int
    billed_other_cents: int
    given_back_cents: int
    expected: tuple[ExpectedMonth, ...]
    ceiling_cents: int | None
    ceiling_unknown: bool = False
    measured_days: int = 0

    @property
    def heat_cents(self) -> int:
        """Heat of the whole year before what is given back."""
        return self.billed_heat_cents + sum(month.heat_cents for month in self.expected)

    @property
    def credit_cents(self) -> int:
        """Part of it that the guarantee gives back."""
        return 0 if self.ceiling_cents is None else yearly_credit_cents(self.heat_cents, self.ceiling_cents)

    @property
    def paid_heat_cents(self) -> int:
        """Heat of the whole year after what is given back: never above the ceiling."""
        return self.heat_cents - self.credit_cents

    @property
    def other_cents(self) -> int:
        """Part that does not count towards the ceiling."""
        return self.billed_other_cents + sum(month.other_cents for month in self.expected)

    @property
    def total_cents(self) -> int:
        """Everything together."""
        return self.paid_heat_cents + self.other_cents

    @property
    def month_cents(self) -> int:
        """Amount of that a month, spread evenly."""
        return spread_evenly(self.total_cents, len(self.days.months()))[0]

    @property
    def rest_cents(self) -> int:
        """Sum that the bills that are still to come are expected to come to."""
        return self.total_cents - (self.billed_heat_cents + self.billed_other_cents - self.given_back_cents)

    def even_cents(self, carried_cents: int) -> int | None:
        """An even amount for each month that is still to be billed, with what earlier bills left to be asked for; None
        where every month was billed."""
        if not self.expected:
            return None
        return max(0, spread_evenly(self.rest_cents + carried_cents, len(self.expected))[0])

    def reach(self) -> list[tuple[date, int]]:
        """Heat after what is given back at the end of each month that is still to be billed."""
        steps, heat_cents = [], self.billed_heat_cents
        for month in self.expected:
            heat_cents += month.heat_cents
            given_back = 0 if self.ceiling_cents is None else yearly_credit_cents(heat_cents, self.ceiling_cents)
            steps.append((month.period.end, heat_cents - given_back))
        return steps


def spread_evenly(amount_cents: int, parts: int) -> list[int]:
    """An amount in so many parts that differ by a cent at most, the larger ones first, and are together exactly it.

    Source: docs/domain/heat-tariffs-and-guarantee.md#e1; docs/domain/energy-sharing-and-allocation.md#remainders (E15).

    >>> spread_evenly(198689, 12) == [16558] * 5 + [16557] * 7
    True
    >>> spread_evenly(160315, 12) == [13360] * 7 + [13359] * 5
    True
    """
    return split_by_largest_remainder(amount_cents, [1] * parts)


def forecast(
    terms: Terms, contract: Contract, day: date, priced: Sequence[Consumption], billed: Iterable[Line]
) -> Forecast | None:
    """Forecast the guarantee year of a contract in which a day lies, or its first one where it has not begun; None
    where the contract is over, no tariff binds, or nothing is known to tell its heat from.

    Args:
        terms: which tariff binds and what the ceiling follows from, as known now.
        contract: the contract.
        day: the day.
        priced: what was priced of each period that was billed, by the newest bill of it.
        billed: the lines of all bills of the contract.
    """
    year = year_of(contract, day)
    days = contract.within(year)
    if days is None or (contract.ends_on is not None and contract.ends_on <= day):
        return None
    profile = terms.profile_of(days)
    uses = uses_of(priced, profile)
    gj_per_m3 = heat_per_m3(terms.book.choices, day)
    measured = uses.get(("heat", ""), ())
    expected = []
    for period in _unbilled(days, priced):
        by_gas, heat = (
            expect_heat(period, used, contract, profile, terms.book.figures, gj_per_m3) for used in ((), measured)
        )
        month = _price(terms, contract, profile, heat, uses) if heat is not None else None
        if month is None:
            return None
        expected.append(replace(month, gas_j=by_gas.amount if by_gas else None))
    lines = [line for line in billed if year.start <= line.period.start < year.end]
    ceiling, is_unknown = _ceiling(terms, contract, year)
    return Forecast(
        contract_id=contract.contract_id,
        year=year,
        days=days,
        billed_heat_cents=sum(line.amount_cents for line in lines if line.in_guarantee),
        billed_other_cents=sum(
            line.amount_cents for line in lines if not line.in_guarantee and line.kind is not LineKind.GUARANTEE
        ),
        given_back_cents=-sum(line.amount_cents for line in lines if line.kind is LineKind.GUARANTEE),
        expected=tuple(expected),
        ceiling_cents=ceiling,
        ceiling_unknown=is_unknown,
        measured_days=sum(use.period.days for use in measured),
    )


def _ceiling(terms: Terms, contract: Contract, year: Period) -> tuple[int | None, bool]:
    """The ceiling of a year, and whether it waits for a figure that is not published yet."""
    try:
        return ceiling_cents(terms.promise(contract, year)), False
    except CoopError as refusal:
        if refusal.code != "figure-missing":
            raise
        return None, True


def _unbilled(days: Period, priced: Iterable[Consumption]) -> list[Period]:
    """The days that no bill covers, cut by months."""
    unbilled = [days]
    for consumption in priced:
        unbilled = [rest for part in unbilled for rest in _without(part, consumption.days)]
    return [month for part in unbilled for month in part.months()]


def _without(part: Period, covered: Period) -> list[Period]:
    if part.overlap(covered) is None:
        return [part]
    bounds = ((part.start, covered.start), (covered.end, part.end))
    return [Period(start, end) for start, end in bounds if start < end]


def _price(
    terms: Terms, contract: Contract, profile: Profile, heat: Expected, uses: dict[Key, list[Use]]
) -> ExpectedMonth | None:
    """The days as their bill would price them; None where no tariff binds on all of them."""
    days = heat.period
    spans = terms.hold_to_law(spans_of(terms.bind(contract), days), contract.customer_class)
    if sum(span.period.days for span in spans) != days.days:
        return None
    others = {key: expect_other(days, of_kind) for key, of_kind in uses.items() if key != ("heat", "")}
    consumption = Consumption(
        days=days,
        readings=(
            _reading(days, heat.amount, "heat"),
            *(_reading(days, amount, key[0]) for key, amount in others.items() if key[0] != "shared"),
        ),
        shares=tuple(
            SharedEnergy("", 0, group_id, "", "", days, int(amount))
            for (kind, group_id), amount in others.items()
            if kind == "shared"
        ),
        spans=spans,
        customer_class=contract.customer_class,
        begins_on=contract.starts_on,
        profile=profile,
    )
    lines = lines_of(consumption)
    return ExpectedMonth(
        period=days,
        heat_j=heat.amount,
        basis=heat.basis,
        heat_cents=sum(line.amount_cents for line in lines if line.in_guarantee),
        other_cents=sum(line.amount_cents for line in lines if not line.in_guarantee),
    )


def _reading(days: Period, energy_j: Decimal, quantity: str) -> HeatReading:
    return HeatReading("", 0, days, energy_j, True, "", (), quantity)
