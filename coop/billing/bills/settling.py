"""Guarantee years as they stand, and what brings them to what is known now: their ceiling may move without a bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from coop.billing.guarantee.rules import apply_guarantee, ceiling_cents, credit_due_cents, guarantee_year
from coop.billing.model import Bill, BillInputs, Contract, GuaranteeEntry, GuaranteeState, GuaranteeTerms
from coop.billing.terms.rules import Terms, YearKey
from coop.billing.terms.tariffs import tariff_on
from coop.values import Period


@dataclass(frozen=True)
class YearSoFar:
    """Standing of a guarantee year after its newest entry, and the terms of that."""

    heat_cents: int
    credit_cents: int
    ceiling_cents: int | None = None
    terms: GuaranteeTerms | None = None


@dataclass(frozen=True)
class CeilingMove:
    """A ceiling that moved while the credit that is due stayed as it was: an entry without a bill."""

    contract_id: str
    entry: GuaranteeEntry
    terms: GuaranteeTerms


def find_unsettled(terms: Terms, years: Mapping[YearKey, YearSoFar]) -> dict[str, list[date]]:
    """First days of the guarantee years, by contract, whose credit is no longer what is due: their ceiling moved."""
    contracts = {contract.contract_id: contract for contract in terms.book.contracts}
    unsettled: dict[str, list[date]] = {}
    for contract_id, start in sorted(years):
        if contract_id in contracts and is_unsettled(terms, years, contracts[contract_id], start):
            unsettled.setdefault(contract_id, []).append(start)
    return unsettled


def is_unsettled(terms: Terms, years: Mapping[YearKey, YearSoFar], contract: Contract, start: date) -> bool:
    so_far = years[contract.contract_id, start]
    promised = terms.promise(contract, guarantee_year(contract, start))
    return credit_due_cents(promised, so_far.heat_cents) != so_far.credit_cents


def find_moves(terms: Terms, years: Mapping[YearKey, YearSoFar]) -> list[CeilingMove]:
    """The guarantee years whose newest entry has another ceiling than follows now."""
    contracts = {contract.contract_id: contract for contract in terms.book.contracts}
    moves = []
    for (contract_id, start), so_far in sorted(years.items()):
        contract = contracts.get(contract_id)
        if contract is None:
            continue
        year = guarantee_year(contract, start)
        promised = terms.promise(contract, year)
        if ceiling_cents(promised) != so_far.ceiling_cents:
            entry = apply_guarantee(state_of(terms, years, contract, year), 0)
            moves.append(CeilingMove(contract_id, entry, promised))
    return moves


def state_of(terms: Terms, years: Mapping[YearKey, YearSoFar], contract: Contract, year: Period) -> GuaranteeState:
    before = years.get((contract.contract_id, year.start), YearSoFar(0, 0))
    promised = terms.promise(contract, year)
    return GuaranteeState(
        promised,
        before.heat_cents,
        before.credit_cents,
        tariff_on(terms.bind(contract), year.end - timedelta(days=1)),
        None if before.terms == promised else before.terms,
        terms.law.vat_on(year.end - timedelta(days=1)),
    )


def count_in(years: dict[YearKey, YearSoFar], inputs: BillInputs, bill: Bill) -> None:
    for state, entry in zip(inputs.guarantee, bill.guarantee, strict=True):
        years[inputs.contract_id, entry.year.start] = YearSoFar(
            entry.heat_so_far_cents, entry.credit_so_far_cents, entry.ceiling_cents, state.terms
        )
