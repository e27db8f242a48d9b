"""From heard facts to drafts: the inputs of every bill of a run, their bills, and what brakes the run.

Nothing here writes. A draft is what would be issued; drafts are made in order of contract and period, and each leaves
the guarantee years as the next one of that contract finds them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from coop.billing.model import (
    Bill,
    BillInputs,
    Brake,
    Consumption,
    Contract,
    GuaranteeState,
    Notice,
    Tariff,
)
from coop.billing.rules.bills import compute_bill
from coop.billing.rules.brakes import implausible
from coop.billing.rules.choices import BrakeChoice
from coop.billing.rules.guarantee import guarantee_terms, guarantee_years
from coop.billing.rules.lines import lines_of
from coop.billing.rules.tariffs import spans_of, terms_of
from coop.billing.storage import bills
from coop.billing.storage.bills import YearSoFar
from coop.billing.storage.book import Book, Holder, PeriodFacts, load_book
from coop.values import CoopError, Period


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


@dataclass
class Desk:
    """What a run has on its desk: the terms of all contracts and the guarantee years as drafted so far."""

    book: Book
    years: dict[tuple[str, date], YearSoFar]
    terms: dict[str, list[tuple[date, Tariff]]] = field(default_factory=dict)
    contracts_of: dict[Holder, list[Contract]] = field(default_factory=dict)
    notices_to: dict[str | None, list[Notice]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for notice in self.book.notices:
            self.notices_to.setdefault(notice.member_id, []).append(notice)
        for contract in self.book.contracts:
            self.contracts_of.setdefault((contract.connection_id, contract.member_id), []).append(contract)

    def terms_of(self, contract: Contract) -> list[tuple[date, Tariff]]:
        """From which day which tariff binds a contract."""
        found = self.terms.get(contract.contract_id)
        if found is None:
            members = self.book.memberships.get(contract.member_id, ())
            notices = [*self.notices_to.get(contract.member_id, ()), *self.notices_to.get(None, ())]
            found = terms_of(contract, self.book.tariffs, notices, members)
            self.terms[contract.contract_id] = found
        return found

    def terms_hash(self, period: Period) -> str:
        """Fingerprint of which contract is billed for which days under which tariff: another one reopens the period."""
        digest = hashlib.sha256()
        for contract in self.book.contracts:
            days = contract.within(period)
            if days is not None:
                spans = [
                    (since.isoformat(), tariff.tariff_id)
                    for since, tariff in self.terms_of(contract)
                    if since < days.end
                ]
                digest.update(f"{contract.contract_id} {days.start} {days.end} {spans}\n".encode())
        return digest.hexdigest()


def open_desk(connection: Connection, community: str) -> Desk:
    """Load the terms of a community and the state of every guarantee year."""
    return Desk(load_book(connection, community), bills.years_so_far(connection, community))


def draft_contract(
    desk: Desk, contract: Contract, facts: PeriodFacts, last: bills.IssuedBill | None
) -> BillInputs | None:
    """Inputs of the bill of a contract for a period, or of the correction of ``last``; None when nothing is to be said.

    Raises:
        CoopError: no tariff binds on some day, or the ceiling needs a figure that is not on file.
    """
    days = contract.within(facts.period)
    if days is None and last is None:
        return None
    now = _consumption(desk, contract, facts, days) if days else None
    previous = last.inputs.consumption if last else None
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
        corrects=last.id if last else None,
        guarantee=tuple(_state(desk, contract, year, reach.end) for year in guarantee_years(contract, reach)),
    )


def draft(desk: Desk, inputs: BillInputs, cost_before: tuple[int, int] | None) -> Draft | None:
    """The draft of these inputs, which then counts for the drafts after it; None for a correction of nothing."""
    bill = compute_bill(inputs)
    if inputs.previous is not None and not bill.lines:
        return None
    until = inputs.consumption.days.end
    for entry in bill.guarantee:
        key = (inputs.contract_id, entry.year.start)
        known = desk.years.get(key)
        desk.years[key] = YearSoFar(
            entry.heat_so_far_cents, entry.credit_so_far_cents, max(until, known.until) if known else until
        )
    return Draft(inputs, bill, cost_before)


def brakes_of_period(desk: Desk, facts: PeriodFacts) -> list[Brake]:
    """Energy that nobody's contract covers, and contracts without a heat reading."""
    covered = {
        (contract.connection_id, contract.member_id)
        for contract in desk.book.contracts
        if contract.within(facts.period) is not None
    }
    used: set[Holder] = {
        holder for holder, readings in facts.readings.items() if any(reading.energy_j for reading in readings)
    }
    used |= {holder for holder, shares in facts.shares.items() if any(share.allocated_wh for share in shares)}
    found = [
        Brake("no-contract", connection_id, f"member {member_id} used energy in {facts.period} without a contract")
        for connection_id, member_id in sorted(used - covered)
    ]
    return found + [
        Brake("no-reading", contract.contract_id, f"no heat was measured in {facts.period}")
        for contract in desk.book.contracts
        if contract.within(facts.period) is not None
        and (contract.connection_id, contract.member_id) not in facts.readings
    ]


def brakes_of(made: Draft, choice: BrakeChoice) -> list[Brake]:
    """The brake of one draft, if it has one: beside the bill before, or for a correction beside what it corrects."""
    inputs, days = made.inputs, made.inputs.consumption.days.days
    cost, before = (made.bill.total_cents + made.bill.credit_cents, days), made.cost_before
    if inputs.previous is not None:
        billed = sum(line.amount_cents for line in lines_of(inputs.previous))
        cost, before = (billed + cost[0], days), (billed, days)
    brake = implausible(inputs.contract_id, cost, before, choice)
    return [] if brake is None else [brake]


def _consumption(desk: Desk, contract: Contract, facts: PeriodFacts, days: Period) -> Consumption:
    spans = spans_of(desk.terms_of(contract), days)
    if sum(span.period.days for span in spans) != days.days:
        raise CoopError(
            "no-tariff",
            f"contract {contract.contract_id}: no tariff binds on every day from {days.start} to {days.end}",
        )
    holder = (contract.connection_id, contract.member_id)
    held = _held(desk, holder, facts.period)
    readings = ((reading, reading.period.overlap(held)) for reading in facts.readings.get(holder, ()))
    shares = ((share, share.period.overlap(held)) for share in facts.shares.get(holder, ()))
    return Consumption(
        days=days,
        readings=tuple(replace(r, period=cut) for r, cut in readings if cut and cut.overlap(days)),
        shares=tuple(replace(s, period=cut) for s, cut in shares if cut and cut.overlap(days)),
        spans=spans,
        cuts=tuple(year.start for year in guarantee_years(contract, days) if year.start > days.start),
    )


def _held(desk: Desk, holder: Holder, period: Period) -> Period:
    """The days of a period that a member's contracts on a connection cover together. What metering measured for the
    member belongs to these days, so one contract of half a month bears all of it and two share it by days."""
    found = [days for contract in desk.contracts_of[holder] if (days := contract.within(period))]
    return Period(min(days.start for days in found), max(days.end for days in found))


def _state(desk: Desk, contract: Contract, year: Period, reach: date) -> GuaranteeState:
    known = desk.years.get((contract.contract_id, year.start))
    until = max(reach, known.until) if known else reach
    terms = guarantee_terms(contract, year, until, desk.terms_of(contract), desk.book.figures)
    return GuaranteeState(terms, known.heat_cents if known else 0, known.credit_cents if known else 0)
