"""Drafting a run: from heard facts to the inputs of every bill, and their bills.

Invariant: a draft follows from the values that are given and from nothing else; nothing here reads or writes a store.
Drafts are made in order of contract and period, and each leaves the guarantee years as the next one of that contract
finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from coop.billing.bills.ledger import transfers_of_bill
from coop.billing.bills.lines import lines_of
from coop.billing.bills.rules import compute_bill
from coop.billing.bills.settling import (
    CeilingMove,
    YearSoFar,
    count_in,
    find_moves,
    find_unsettled,
    is_unsettled,
    state_of,
)
from coop.billing.bills.splitting import days_of_cuts, narrow
from coop.billing.guarantee.rules import guarantee_year, guarantee_years
from coop.billing.model import Bill, BillInputs, Consumption, Contract, HeatReading, SharedEnergy
from coop.billing.terms.rules import Holder, Terms, YearKey
from coop.billing.terms.tariffs import spans_of
from coop.values import CoopError, Period, Said, say


@dataclass(frozen=True)
class Part:
    """One register's part of a reading, from stand to stand."""

    meter: str
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True)
class PeriodFacts:
    """Facts that metering told of a period: the newest revision of each, what is still missing, by connection the
    quantities that no tariff prices, and the parts of each reading by its id."""

    period: Period
    revision: int
    missing: tuple[Said, ...]
    readings: Mapping[Holder, Sequence[HeatReading]]
    shares: Mapping[Holder, Sequence[SharedEnergy]]
    unpriced: tuple[tuple[str, str], ...] = ()
    parts: Mapping[str, Sequence[Part]] = field(default_factory=dict)


@dataclass(frozen=True)
class LastBill:
    """The newest bill of a contract (for a period): its id, its period, and what it priced."""

    bill_id: str
    period: Period
    consumption: Consumption


@dataclass(frozen=True)
class Task:
    """A period to be billed for the first time, or to be brought up to date from the ``last`` bill of each contract."""

    facts: PeriodFacts
    last: Mapping[str, LastBill] | None = None


@dataclass(frozen=True)
class Draft:
    """A bill that would be issued. ``cost_before`` is the cost before guarantee [cents] and the days of the bill
    before; ``billed_cents`` was billed before for what this corrects, without the credit: 0 for a first bill."""

    inputs: BillInputs
    bill: Bill
    cost_before: tuple[int, int] | None
    billed_cents: int

    @property
    def likely_cents(self) -> int | None:
        """Amount that the bill before makes likely for as many days."""
        if self.cost_before is None:
            return None
        cents, days = self.cost_before
        return cents * self.inputs.consumption.days.days // days


@dataclass(frozen=True)
class LeftOut:
    """A contract that a run does not bill, and why: it ``ended`` on a day or ``begins`` on one."""

    contract_id: str
    member_id: str
    reason: str
    day: date


def find_left_out(contracts: Iterable[Contract], period: Period, before: Container[str]) -> list[LeftOut]:
    """Contracts that are not billed for a period: those that were billed the time ``before``, and those to come."""
    left_out = []
    for contract in contracts:
        if contract.starts_on >= period.end:
            left_out.append(LeftOut(contract.contract_id, contract.member_id, "begins", contract.starts_on))
        elif contract.ends_on is not None and contract.ends_on <= period.start and contract.contract_id in before:
            left_out.append(LeftOut(contract.contract_id, contract.member_id, "ended", contract.ends_on))
    return left_out


def draft_run(
    terms: Terms,
    years: Mapping[YearKey, YearSoFar],
    tasks: Sequence[Task],
    newest: Mapping[str, LastBill],
    costs_before: Mapping[str, tuple[int, int]],
    priced: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[list[Draft], list[CeilingMove]]:
    """Every bill of a run, and every ceiling that moved without a bill.

    Args:
        terms: which tariff binds which contract.
        years: the guarantee years as the bills so far left them, by contract and first day.
        tasks: what is to be billed or brought up to date, in order of period.
        newest: for each contract of which a guarantee year is unsettled, its newest bill.
        costs_before: for each contract, cost before guarantee [cents] and days of the bill before a first bill.
        priced: told of how many contracts how many are priced.

    Raises:
        CoopError: no tariff binds on some day, or a ceiling needs a figure that is not on file.
    """
    reached = dict(years)
    drafts: list[Draft] = []
    unsettled = find_unsettled(terms, years)
    contracts = terms.book.contracts
    for nth, contract in enumerate(contracts):
        priced(nth, len(contracts))
        drafted = (draft_bill(terms, reached, contract, task, costs_before) for task in tasks)
        of_contract = [draft for draft in drafted if draft is not None]
        if starts := [
            start for start in unsettled.get(contract.contract_id, ()) if is_unsettled(terms, reached, contract, start)
        ]:
            settled = _settle(terms, reached, contract, of_contract.pop() if of_contract else None, newest, starts)
            of_contract.append(settled)
        drafts += of_contract
    priced(len(contracts), len(contracts))
    return drafts, find_moves(terms, reached)


def _settle(
    terms: Terms,
    years: dict[YearKey, YearSoFar],
    contract: Contract,
    draft: Draft | None,
    newest: Mapping[str, LastBill],
    starts: Sequence[date],
) -> Draft:
    """The draft with what these guarantee years are due; where there is none, the correction of the newest bill by that
    alone."""
    states = tuple(state_of(terms, years, contract, guarantee_year(contract, start)) for start in starts)
    if draft is not None:
        inputs = replace(draft.inputs, guarantee=(*draft.inputs.guarantee, *states))
    else:
        inputs = replace(_unchanged(contract, newest[contract.contract_id]), guarantee=states)
    settled = _compute(inputs, draft.cost_before if draft else None)
    count_in(years, inputs, settled.bill)
    return settled


def draft_nothing(contract: Contract, last: LastBill) -> Draft:
    """The correction of the last bill of a contract that changes nothing: it asks for what was left."""
    return _compute(_unchanged(contract, last), None)


def _unchanged(contract: Contract, last: LastBill) -> BillInputs:
    return BillInputs(
        contract_id=contract.contract_id,
        member_id=contract.member_id,
        connection_id=contract.connection_id,
        period=last.period,
        consumption=last.consumption,
        previous=last.consumption,
        corrects=last.bill_id,
        guarantee=(),
    )


def draft_bill(
    terms: Terms,
    years: dict[YearKey, YearSoFar],
    contract: Contract,
    task: Task,
    costs_before: Mapping[str, tuple[int, int]],
) -> Draft | None:
    """The draft of a contract for a period, which then counts in ``years``; None when there is nothing to say."""
    inputs = _inputs(terms, years, contract, task.facts, (task.last or {}).get(contract.contract_id))
    if inputs is None:
        return None
    draft = _compute(inputs, costs_before.get(contract.contract_id) if task.last is None else None)
    if inputs.previous is not None and _moves_nothing(inputs, draft.bill):
        return None
    count_in(years, inputs, draft.bill)
    return draft


def _compute(inputs: BillInputs, cost_before: tuple[int, int] | None) -> Draft:
    lines_before = lines_of(inputs.previous) if inputs.previous is not None else []
    bill = compute_bill(inputs, lines_before)
    return Draft(inputs, bill, cost_before, sum(line.amount_cents for line in lines_before))


def _moves_nothing(inputs: BillInputs, bill: Bill) -> bool:
    """True where no cent moves: not what the member owes, not what an account holds, not what a guarantee year cost.

    Such as heat that lies otherwise over the days of two tariffs with one price, once a stand of that midnight came.
    """
    if any(entry.heat_cents or entry.credit_cents for entry in bill.guarantee):
        return False
    return not bill.lines or not transfers_of_bill(inputs.member_id, bill)


def _inputs(
    terms: Terms,
    years: Mapping[YearKey, YearSoFar],
    contract: Contract,
    facts: PeriodFacts,
    last: LastBill | None,
) -> BillInputs | None:
    """Inputs of the bill of a contract for a period, or of the correction of ``last``; None when nothing changed."""
    days = contract.within(facts.period)
    if days is None and last is None:
        return None
    now = _consumption(terms, contract, facts, days) if days else None
    previous = last.consumption if last else None
    if previous is not None:
        if now is None:
            now = Consumption(previous.days, (), (), ())
        if now == previous:
            return None
    assert now is not None
    reach = Period(
        min(now.days.start, previous.days.start) if previous else now.days.start,
        max(now.days.end, previous.days.end) if previous else now.days.end,
    )
    return BillInputs(
        contract_id=contract.contract_id,
        member_id=contract.member_id,
        connection_id=contract.connection_id,
        period=facts.period,
        consumption=now,
        previous=previous,
        corrects=last.bill_id if last else None,
        guarantee=tuple(state_of(terms, years, contract, year) for year in guarantee_years(contract, reach)),
    )


def _consumption(terms: Terms, contract: Contract, facts: PeriodFacts, days: Period) -> Consumption:
    spans = spans_of(terms.bind(contract), days)
    if sum(span.period.days for span in spans) != days.days:
        raise CoopError(
            "no-tariff",
            say(
                "contract %(contract_id)s: no tariff binds on every day from %(start)s to %(end)s",
                contract_id=contract.contract_id,
                start=days.start,
                end=days.end,
            ),
        )
    spans = terms.hold_to_law(spans, contract.customer_class)
    holder = (contract.connection_id, contract.member_id)
    held = terms.days_held(holder, facts.period)
    years = tuple(year.start for year in guarantee_years(contract, days) if year.start > days.start)
    cuts = days_of_cuts(days, spans, years)
    readings = ((reading, reading.period.overlap(held)) for reading in facts.readings.get(holder, ()))
    shares = ((share, share.period.overlap(held)) for share in facts.shares.get(holder, ()))
    return Consumption(
        days=days,
        readings=tuple(narrow(r, cut, cuts) for r, cut in readings if cut and cut.overlap(days)),
        shares=tuple(
            s if cut == s.period else replace(s, period=cut) for s, cut in shares if cut and cut.overlap(days)
        ),
        spans=spans,
        cuts=years,
        customer_class=contract.customer_class,
        begins_on=contract.starts_on,
        profile=terms.profile_of(facts.period),
    )
