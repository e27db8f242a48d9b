"""Drafting a run: from heard facts to the inputs of every bill, their bills, and what brakes the run.

Invariant: a draft follows from the values that are given and from nothing else; nothing here reads or writes a store.
Drafts are made in order of contract and period, and each leaves the guarantee years as the next one of that contract
finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from coop.billing.model import Bill, BillInputs, Brake, Consumption, Contract, HeatReading, SharedEnergy
from coop.billing.rules.bills import compute_bill
from coop.billing.rules.brakes import implausible
from coop.billing.rules.guarantee import guarantee_year, guarantee_years
from coop.billing.rules.law import hold_to_law
from coop.billing.rules.lines import lines_of
from coop.billing.rules.settling import (
    CeilingMove,
    YearSoFar,
    count_in,
    find_moves,
    find_unsettled,
    is_unsettled,
    state_of,
)
from coop.billing.rules.tariffs import spans_of
from coop.billing.rules.terms import Holder, Terms, YearKey
from coop.communities.choices import BrakeChoice
from coop.values import CoopError, Period, Said, say


@dataclass(frozen=True)
class PeriodFacts:
    """What metering told of a period: the newest revision of each, what is still missing, and by connection the
    quantities that no tariff prices."""

    period: Period
    revision: int
    missing: tuple[Said, ...]
    readings: Mapping[Holder, Sequence[HeatReading]]
    shares: Mapping[Holder, Sequence[SharedEnergy]]
    unpriced: tuple[tuple[str, str], ...] = ()


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
    before."""

    inputs: BillInputs
    bill: Bill
    cost_before: tuple[int, int] | None

    @property
    def likely_cents(self) -> int | None:
        """What the bill before makes likely for as many days."""
        if self.cost_before is None:
            return None
        cents, days = self.cost_before
        return cents * self.inputs.consumption.days.days // days


def draft_run(
    terms: Terms,
    years: Mapping[YearKey, YearSoFar],
    tasks: Sequence[Task],
    newest: Mapping[str, LastBill],
    costs_before: Mapping[str, tuple[int, int]],
    choice: BrakeChoice,
) -> tuple[list[Draft], list[CeilingMove], list[Brake]]:
    """Every bill of a run, every ceiling that moved without a bill, and what is so unlikely that somebody has to look.

    Args:
        terms: which tariff binds which contract.
        years: the guarantee years as the bills so far left them, by contract and first day.
        tasks: what is to be billed or brought up to date, in order of period.
        newest: for each contract of which a guarantee year is unsettled, its newest bill.
        costs_before: for each contract, cost before guarantee [cents] and days of the bill before a first bill.
        choice: how far from the bill before is too far.

    Raises:
        CoopError: no tariff binds on some day, or a ceiling needs a figure that is not on file.
    """
    reached = dict(years)
    drafts: list[Draft] = []
    brakes = [brake for task in tasks for brake in _brakes_of_period(terms, task)]
    unsettled = find_unsettled(terms, years)
    for contract in terms.book.contracts:
        drafted = (_draft(terms, reached, contract, task, costs_before) for task in tasks)
        of_contract = [draft for draft in drafted if draft is not None]
        if starts := [
            start for start in unsettled.get(contract.contract_id, ()) if is_unsettled(terms, reached, contract, start)
        ]:
            settled = _settle(terms, reached, contract, of_contract.pop() if of_contract else None, newest, starts)
            of_contract.append(settled)
        drafts += of_contract
        brakes += [brake for draft in of_contract for brake in _brakes_of_draft(draft, choice)]
    return drafts, find_moves(terms, reached), brakes


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
        last = newest[contract.contract_id]
        inputs = BillInputs(
            contract_id=contract.contract_id,
            member_id=contract.member_id,
            connection_id=contract.connection_id,
            period=last.period,
            consumption=last.consumption,
            previous=last.consumption,
            corrects=last.bill_id,
            guarantee=states,
        )
    bill = compute_bill(inputs)
    count_in(years, inputs, bill)
    return Draft(inputs, bill, draft.cost_before if draft else None)


def _draft(
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
    bill = compute_bill(inputs)
    if inputs.previous is not None and not bill.lines:
        return None
    count_in(years, inputs, bill)
    return Draft(inputs, bill, costs_before.get(contract.contract_id) if task.last is None else None)


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
    spans = hold_to_law(spans, terms.known_on)
    holder = (contract.connection_id, contract.member_id)
    held = terms.days_held(holder, facts.period)
    readings = ((reading, reading.period.overlap(held)) for reading in facts.readings.get(holder, ()))
    shares = ((share, share.period.overlap(held)) for share in facts.shares.get(holder, ()))
    return Consumption(
        days=days,
        readings=tuple(replace(r, period=cut) for r, cut in readings if cut and cut.overlap(days)),
        shares=tuple(replace(s, period=cut) for s, cut in shares if cut and cut.overlap(days)),
        spans=spans,
        cuts=tuple(year.start for year in guarantee_years(contract, days) if year.start > days.start),
    )


def _brakes_of_period(terms: Terms, task: Task) -> list[Brake]:
    """Energy that nobody's contract covers, and in a first bill contracts without a heat reading."""
    facts, contracts = task.facts, terms.book.contracts
    covered = {
        (contract.connection_id, contract.member_id)
        for contract in contracts
        if contract.within(facts.period) is not None
    }
    used: set[Holder] = {
        holder for holder, readings in facts.readings.items() if any(reading.energy_j for reading in readings)
    }
    used |= {holder for holder, shares in facts.shares.items() if any(share.allocated_wh for share in shares)}
    brakes = [
        Brake("no-contract", connection_id, f"member {member_id} used energy in {facts.period} without a contract")
        for connection_id, member_id in sorted(used - covered)
    ]
    brakes += [
        Brake("unpriced", connection_id, f"{quantity} was measured in {facts.period}, and no tariff prices it")
        for connection_id, quantity in facts.unpriced
    ]
    if task.last is None:
        brakes += [
            Brake("no-reading", contract.contract_id, f"no heat was measured in {facts.period}")
            for contract in contracts
            if contract.within(facts.period) is not None
            and (contract.connection_id, contract.member_id) not in facts.readings
        ]
    return brakes


def _brakes_of_draft(draft: Draft, choice: BrakeChoice) -> list[Brake]:
    """The brake of one draft, if it has one: beside the bill before, or for a correction beside what it corrects."""
    inputs, days = draft.inputs, draft.inputs.consumption.days.days
    cost, before = (draft.bill.total_cents + draft.bill.credit_cents, days), draft.cost_before
    if inputs.previous is not None:
        billed = sum(line.amount_cents for line in lines_of(inputs.previous))
        cost, before = (billed + cost[0], days), (billed, days)
    brake = implausible(inputs.contract_id, cost, before, choice)
    return [] if brake is None else [brake]
