"""The year that a proposed tariff would make, for each contract, beside the one without it.

Use that was measured counts once more: each month of the year to come has the use of the same month of the last twelve
that were measured. The months in between are reckoned too, so that guarantee years stand as they will. Every month is
priced by the functions that make bills (``draft_bill``), under terms with the proposed tariff and under terms without
it; where the use is the same, the later bill is the same to the cent.

The coldest year restates the heat of the year to come: what does not heat tap water grows by the degree days of that
year over those of the months that were measured, and what comes on top lies in the months by their normal degree days.

Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu; docs/domain/degree-days.md#normal-year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from coop.billing.bills.comparing import Figures, degree_days_of
from coop.billing.bills.drafts import Draft, PeriodFacts, Task, draft_bill
from coop.billing.bills.settling import YearSoFar
from coop.billing.guarantee.profile import degree_days_of as normal_degree_days_of
from coop.billing.model import Contract, HeatReading, Notice, Profile, SharedEnergy, Tariff
from coop.billing.terms.rules import Book, Holder, Terms, YearKey
from coop.values import CoopError, Period, Said, anniversary, split_by_largest_remainder

MONTHS = 12


@dataclass(frozen=True)
class Slot:
    """A month that is priced with the use of the month ``source``, which is itself where it is still to be billed;
    ``counts`` where it belongs to the year that is compared."""

    days: Period
    source: Period
    counts: bool


@dataclass(frozen=True)
class MonthSum:
    """A month of the year to come: the heat of it [J], and what it costs before and after the guarantee [cents]."""

    days: Period
    source: Period
    heat_j: Decimal
    credit_cents: int
    total_cents: int

    @property
    def cost_cents(self) -> int:
        """Cost before the guarantee."""
        return self.total_cents + self.credit_cents


@dataclass(frozen=True)
class Ceiling:
    """A guarantee year that these months touch: its ceiling, and what it has after the last of them [cents];
    ``index_years`` are those whose index factors it rests on."""

    year: Period
    ceiling_cents: int | None
    heat_cents: int
    credit_cents: int
    index_years: tuple[int, ...] = ()

    @property
    def is_reached(self) -> bool:
        """True where the guarantee gives something back."""
        return self.credit_cents > 0


@dataclass(frozen=True)
class YearSum:
    """The year to come of a contract under one tariff."""

    months: tuple[MonthSum, ...]
    ceilings: tuple[Ceiling, ...]

    @property
    def total_cents(self) -> int:
        """To pay, incl. VAT."""
        return sum(month.total_cents for month in self.months)

    @property
    def credit_cents(self) -> int:
        """Taken off by the guarantee."""
        return sum(month.credit_cents for month in self.months)

    @property
    def is_at_ceiling(self) -> bool:
        """True where a guarantee year that these months touch reaches its ceiling."""
        return any(ceiling.is_reached for ceiling in self.ceilings)


@dataclass(frozen=True)
class Effect:
    """A contract with its year as it is without the proposed tariff (None where there is no tariff yet) and with it;
    ``refusal`` says why there is neither. The tariff ``binds`` where the contract takes a change of it."""

    contract_id: str
    member_id: str
    connection_id: str
    without: YearSum | None
    proposed: YearSum | None
    binds: bool = True
    refusal: Said | None = None

    @property
    def months(self) -> tuple[MonthSum, ...]:
        """The months that are compared, as they are under the proposed tariff."""
        return self.proposed.months if self.proposed else ()

    @property
    def pairs(self) -> tuple[tuple[MonthSum | None, MonthSum], ...]:
        """Each month as it is without the proposal, where there is a tariff, beside the month with it."""
        without = {month.days: month for month in self.without.months} if self.without else {}
        return tuple((without.get(month.days), month) for month in self.months)

    @property
    def ceilings(self) -> tuple[Ceiling, ...]:
        """The guarantee years that these months touch, as they are under the proposed tariff."""
        return self.proposed.ceilings if self.proposed else ()

    @property
    def is_whole(self) -> bool:
        """True where all twelve months were measured for this contract."""
        return len(self.months) == MONTHS

    @property
    def change_cents(self) -> int | None:
        """Amount by which the year becomes dearer, below zero where it becomes cheaper; None where nothing compares."""
        if self.without is None or self.proposed is None or not self.months:
            return None
        return self.proposed.total_cents - self.without.total_cents


@dataclass(frozen=True)
class EffectSums:
    """All contracts together: what their year costs, what the guarantee gives back, which the co-operative pays, and
    how many reach their ceiling, without a proposed tariff and with it [cents]; how many become dearer and cheaper."""

    contracts: int
    dearer: int
    cheaper: int
    without_cents: int
    proposed_cents: int
    credit_without_cents: int
    credit_proposed_cents: int
    at_ceiling_without: int
    at_ceiling_proposed: int

    @property
    def same(self) -> int:
        """Number of contracts that cost the same, or have nothing to compare."""
        return self.contracts - self.dearer - self.cheaper


@dataclass(frozen=True)
class Winter:
    """The coldest calendar year on file: its weighted degree days, beside those of the months that were measured."""

    year: int
    degree_days: Decimal
    degree_days_measured: Fraction
    all_on_file: bool

    @property
    def factor(self) -> Fraction:
        """Factor by which what heats rooms is multiplied, never less than one."""
        if not self.degree_days_measured:
            return Fraction(1)
        return max(Fraction(1), Fraction(self.degree_days) / self.degree_days_measured)


def with_proposal(book: Book, proposed: Tariff) -> Book:
    """The terms as they are once a tariff is adopted and everybody with a contract is told of it on that day."""
    told = dict.fromkeys(contract.member_id for contract in book.contracts)
    notices = (Notice(proposed.tariff_id, member_id, proposed.decided_on) for member_id in told)
    return replace(book, tariffs=(*book.tariffs, proposed), notices=(*book.notices, *notices))


def assume_index(book: Book, series: Iterable[str], years: Iterable[int]) -> tuple[Book, frozenset[int]]:
    """The terms with an index factor of one for each of these years that has none on file, and which years that are."""
    missing = [(name, year) for name in series for year in years if (name, year) not in book.figures]
    assumed = dict.fromkeys(missing, Decimal(1))
    return replace(book, figures={**book.figures, **assumed}), frozenset(year for _, year in missing)


def find_slots(measured: Sequence[Period], unbilled: Iterable[Period], binds_on: date) -> list[Slot]:
    """The months that are priced: those still to be billed, those in between, and twelve from that on in which the
    tariff binds, or from the end of what was measured.

    Args:
        measured: every whole month that was measured, in order.
        unbilled: those of them that no run has billed.
        binds_on: the day from which the tariff binds.
    """
    if not measured:
        return []
    end = measured[-1].end
    sources = {month.start.month: month for month in measured if month.start >= _months_later(end, -MONTHS)}
    begins = max(end, binds_on.replace(day=1))
    first = _months_later(begins, -MONTHS)  # a guarantee year that these months touch begins after that
    slots = [Slot(month, month, False) for month in unbilled if month.end > first]
    first = max(end, first)
    while first < _months_later(begins, MONTHS):
        days = Period.month(first.year, first.month)
        if source := sources.get(days.start.month):
            slots.append(Slot(days, source, days.start >= begins))
        first = days.end
    return slots


def use_of_slot(slot: Slot, facts: PeriodFacts) -> PeriodFacts:
    """Use that was measured in the month of a slot, on the days of the slot."""
    if slot.days == slot.source:
        return facts
    return PeriodFacts(
        slot.days,
        facts.revision,
        (),
        {holder: [_move(reading, slot) for reading in readings] for holder, readings in facts.readings.items()},
        {holder: [_move_share(share, slot) for share in shares] for holder, shares in facts.shares.items()},
    )


def find_effect(
    contract: Contract,
    without: Terms | None,
    proposed: Terms,
    years: Mapping[YearKey, YearSoFar],
    slots: Sequence[tuple[Slot, PeriodFacts]],
    tariff_id: str,
) -> Effect:
    """The year of a contract without a proposed tariff and with it, by the same functions that make bills."""
    whose = contract.contract_id, contract.member_id, contract.connection_id
    try:
        sums = tuple(
            None if terms is None else price_year(terms, years, contract, slots) for terms in (without, proposed)
        )
        binds = any(tariff.tariff_id == tariff_id for _, tariff in proposed.bind(contract))
    except CoopError as refused:
        return Effect(*whose, None, None, refusal=refused.message)
    return Effect(*whose, sums[0], sums[1], binds)


def sum_effects(effects: Sequence[Effect]) -> EffectSums:
    """The effects of a proposed tariff on all contracts together."""
    changes = [effect.change_cents or 0 for effect in effects]
    without = [effect.without for effect in effects if effect.without]
    proposed = [effect.proposed for effect in effects if effect.proposed]
    return EffectSums(
        contracts=len(effects),
        dearer=sum(change > 0 for change in changes),
        cheaper=sum(change < 0 for change in changes),
        without_cents=sum(year.total_cents for year in without),
        proposed_cents=sum(year.total_cents for year in proposed),
        credit_without_cents=sum(year.credit_cents for year in without),
        credit_proposed_cents=sum(year.credit_cents for year in proposed),
        at_ceiling_without=sum(year.is_at_ceiling for year in without),
        at_ceiling_proposed=sum(year.is_at_ceiling for year in proposed),
    )


def find_winter(figures: Figures, sources: Sequence[Period], by_month: Sequence[int]) -> Winter | None:
    """The coldest calendar year on file; None where the degree days of no year are.

    A measured month of which nothing is on file has its part of those of its year by normal degree days, and normal
    ones where those of the year are not on file either.
    """
    of_years = {
        year: total
        for year in {year for _, year in figures}
        if (total := degree_days_of(Period.year(year), figures)) is not None
    }
    if not of_years:
        return None
    coldest = max(of_years, key=lambda year: (of_years[year], year))
    measured, all_on_file = Fraction(0), True
    for month in sources:
        on_file = degree_days_of(month, figures)
        normal = normal_degree_days_of(month, by_month)
        if on_file is not None:
            measured += Fraction(on_file)
        elif month.start.year in of_years:
            measured += Fraction(of_years[month.start.year]) * normal / sum(by_month)
        else:
            measured, all_on_file = measured + normal, False
    return Winter(coldest, of_years[coldest], measured, all_on_file)


def chill(
    slots: Sequence[tuple[Slot, PeriodFacts]], winter: Winter, profile: Profile
) -> list[tuple[Slot, PeriodFacts]]:
    """The same months, with the heat of the year to come as it would be in the coldest year on file."""
    heat: dict[Holder, Decimal] = {}
    for _, facts in (pair for pair in slots if pair[0].counts):
        for holder, readings in facts.readings.items():
            heat[holder] = heat.get(holder, Decimal(0)) + _heat_of(readings)
    more = {
        holder: int(Fraction(heat_j) * (1 - Fraction(profile.tap_share)) * (winter.factor - 1))
        for holder, heat_j in heat.items()
    }
    by_month = [int(number) for number in profile.degree_days_by_month.split()]
    parts: dict[Holder, dict[Period, int]] = {}
    for holder, extra_j in more.items():
        days = [slot.days for slot, facts in slots if slot.counts and _heat_of(facts.readings.get(holder, ()))]
        weights = [by_month[month.start.month - 1] for month in days]
        shares = split_by_largest_remainder(extra_j, weights) if any(weights) else [0] * len(days)
        parts[holder] = dict(zip(days, shares, strict=True))
    return [(slot, _warm(facts, parts) if slot.counts else facts) for slot, facts in slots]


def price_year(
    terms: Terms, years: Mapping[YearKey, YearSoFar], contract: Contract, slots: Sequence[tuple[Slot, PeriodFacts]]
) -> YearSum:
    """The months of a contract in order, each as its bill would be; those that were measured for it in whole."""
    reached = {key: so_far for key, so_far in years.items() if key[0] == contract.contract_id}
    months: list[MonthSum] = []
    ceilings: dict[date, Ceiling] = {}
    for slot, facts in slots:
        if not _is_priced(terms, contract, slot):
            continue
        draft = draft_bill(_as_of(terms, contract, slot), reached, contract, Task(facts), {})
        if draft is None or not slot.counts:
            continue
        months.append(_sum_up(slot, draft))
        for state, entry in zip(draft.inputs.guarantee, draft.bill.guarantee, strict=True):
            ceilings[entry.year.start] = Ceiling(
                entry.year,
                entry.ceiling_cents,
                entry.heat_so_far_cents,
                entry.credit_so_far_cents,
                tuple(factor.year for factor in state.terms.factors),
            )
    return YearSum(tuple(months), tuple(ceilings[start] for start in sorted(ceilings)))


def _warm(facts: PeriodFacts, parts: Mapping[Holder, Mapping[Period, int]]) -> PeriodFacts:
    """The facts of a month with more heat, which the first reading of each holder has."""
    readings = {}
    for holder, measured in facts.readings.items():
        more = parts.get(holder, {}).get(facts.period, 0)
        first = next((number for number, reading in enumerate(measured) if reading.quantity == "heat"), None)
        readings[holder] = [
            replace(reading, energy_j=reading.energy_j + more) if number == first else reading
            for number, reading in enumerate(measured)
        ]
    return replace(facts, readings=readings)


def _is_priced(terms: Terms, contract: Contract, slot: Slot) -> bool:
    """True where a tariff binds the contract in a month, and it covered the whole month that was measured."""
    is_bound = any(since <= max(slot.days.start, contract.starts_on) for since, _ in terms.bind(contract))
    return is_bound and (slot.days == slot.source or contract.within(slot.source) == slot.source)


def _as_of(terms: Terms, contract: Contract, slot: Slot) -> Terms:
    """The terms as the run of a month has them: an end of the contract counts once bills reach up to it."""
    return terms if contract.ends_on is None else Terms(terms.book, slot.days.end, terms.known_on)


def _sum_up(slot: Slot, draft: Draft) -> MonthSum:
    heat_j = _heat_of(draft.inputs.consumption.readings)
    return MonthSum(slot.days, slot.source, heat_j, draft.bill.credit_cents, draft.bill.total_cents)


def _heat_of(readings: Iterable[HeatReading]) -> Decimal:
    return sum((reading.energy_j for reading in readings if reading.quantity == "heat"), Decimal(0))


def _move(reading: HeatReading, slot: Slot) -> HeatReading:
    return replace(reading, period=_move_days(reading.period, slot))


def _move_share(share: SharedEnergy, slot: Slot) -> SharedEnergy:
    return replace(share, period=_move_days(share.period, slot))


def _move_days(days: Period, slot: Slot) -> Period:
    """Days of a month on the same days of another year; the last day of February stays the last."""
    if days == slot.source:
        return slot.days
    later = slot.days.start.year - slot.source.start.year
    start = min(anniversary(days.start, later), date.fromordinal(slot.days.end.toordinal() - 1))
    end = slot.days.end if days.end == slot.source.end else anniversary(days.end, later)
    return Period(start, max(end, date.fromordinal(start.toordinal() + 1)))


def _months_later(day: date, months: int) -> date:
    """The first day of the month so many months later."""
    years, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(years, month + 1, 1)
