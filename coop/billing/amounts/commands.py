"""Even amounts: set from what is expected, by the member within bounds, and anew where what is expected drifts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.billing.amounts import store as amounts
from coop.billing.amounts.forecasting import Forecast
from coop.billing.amounts.forecasts import forecast_contract
from coop.billing.bills.asking import (
    MonthlyAmount,
    Standing,
    bounds_of,
    coming_amount,
    first_day_after_notice,
    has_drifted,
    year_of,
)
from coop.billing.bills.book import find_contract, list_contracts
from coop.billing.model import Contract
from coop.communities.choices import PaymentChoice
from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Period, Problem, eur, say

SETTLING_MONTHS = 3
"""So many months before a guarantee year is settled its amount is left as it is: a choice."""


@dataclass(frozen=True)
class AmountView:
    """The even amount of a contract beside what is expected now. ``expected_cents`` is the amount with which nothing
    would be left to settle; ``left_cents`` is what the last bill of the year would ask beyond the present amount: below
    zero, so much less. ``coming`` was told and holds later."""

    contract_id: str
    year: Period
    carried_cents: int
    expected_cents: int
    least_cents: int
    most_cents: int
    present: MonthlyAmount | None
    coming: MonthlyAmount | None
    left_cents: int | None
    total_cents: int


@dataclass(frozen=True)
class AmountRow:
    """The newest even amount of a contract, and what it was billed and not yet asked for: below zero, it paid ahead."""

    contract_id: str
    member_id: str
    amount: MonthlyAmount
    carried_cents: int


def list_amount_rows(tx: Tx) -> list[AmountRow]:
    """The newest even amount of each contract, those that are furthest from what was billed first."""
    members = {contract.contract_id: contract.member_id for contract in list_contracts(tx)}
    newest = {each.contract_id: each for each in amounts.list_amounts(tx)}
    standings = amounts.list_standings(tx, list(newest))
    rows = [
        AmountRow(contract_id, members[contract_id], amount, standings.get(contract_id, Standing()).carried_cents)
        for contract_id, amount in newest.items()
        if contract_id in members
    ]
    return sorted(rows, key=lambda row: (-abs(row.carried_cents), row.contract_id))


def view_amount(tx: Tx, contract: Contract) -> AmountView | None:
    """The even amount of a contract; None where the co-operative asks for each bill, or nothing can be told."""
    choice = load_choices(tx).on(PaymentChoice, tx.today)
    made = forecast_contract(tx, contract) if choice.plan == "even" else None
    return None if made is None else _view(tx, made, choice)


def _view(tx: Tx, made: Forecast, choice: PaymentChoice) -> AmountView | None:
    carried_cents = amounts.sum_carried(tx, made.contract_id)
    expected_cents = made.even_cents(carried_cents)
    if expected_cents is None:
        return None
    of_year = [each for each in amounts.list_amounts(tx, [made.contract_id]) if each.year_start == made.year.start]
    held = [each for each in of_year if each.from_day <= tx.today]
    present = max(held, key=lambda each: (each.from_day, each.number)) if held else None
    coming = coming_amount(of_year, tx.today)
    least_cents, most_cents = bounds_of(expected_cents, choice.margin_percent)
    rest_cents, months = made.rest_cents + carried_cents, len(made.expected)
    return AmountView(
        contract_id=made.contract_id,
        year=made.year,
        carried_cents=carried_cents,
        expected_cents=expected_cents,
        least_cents=least_cents,
        most_cents=most_cents,
        present=present,
        coming=coming,
        left_cents=None if present is None else rest_cents - months * present.amount_cents,
        total_cents=made.total_cents,
    )


def set_amount(tx: Tx, contract: Contract, amount_cents: int) -> MonthlyAmount:
    """Set the even amount of a contract as its member wishes, from the bill of this month on.

    Raises:
        CoopError: ``no-even-amounts``, the co-operative asks for each bill, or nothing can be told.
        BadInput: the amount lies outside the bounds of the co-operative.
    """
    view = view_amount(tx, contract)
    if view is None:
        raise CoopError("no-even-amounts", say("there is no monthly amount to set for this contract"))
    if not view.least_cents <= amount_cents <= view.most_cents:
        bounds = {"least": eur(view.least_cents), "most": eur(view.most_cents)}
        raise BadInput([Problem(say("must be from %(least)s to %(most)s euros", **bounds), "amount")], "bad-amount")
    return _add(tx, view, Period.month(tx.today.year, tx.today.month).start, amount_cents, "asked")


def list_contract_ids(tx: Tx) -> list[str]:
    """Contracts that run today and have an even amount in their guarantee year; none where the co-operative asks for
    each bill."""
    if load_choices(tx).on(PaymentChoice, tx.today).plan != "even":
        return []
    known = {(each.contract_id, each.year_start) for each in amounts.list_amounts(tx)}
    return [
        contract.contract_id
        for contract in _list_running(tx)
        if (contract.contract_id, year_of(contract, tx.today).start) in known
    ]


def follow_drift(tx: Tx, contract_id: str) -> bool:
    """Tell another even amount of a contract where what is expected has drifted from the present one; False where
    nothing changes.

    It holds from the month after next, so that a bill names it before. Nothing is changed while another is to come,
    nor in the last months before the settlement.
    """
    choice, made = _forecast(tx, contract_id)
    view = None if made is None else _view(tx, made, choice)
    begin = first_day_after_notice(tx.today)
    if made is None or view is None or view.present is None or view.coming is not None:
        return False
    if sum(month.period.start >= begin for month in made.expected) < SETTLING_MONTHS:
        return False
    expected_cents = _even_from(made, view.present.amount_cents, view.carried_cents, begin)
    if not has_drifted(view.present.amount_cents, expected_cents, choice.drift_percent):
        return False
    _add(tx, view, begin, expected_cents, "drift")
    return True


def _list_running(tx: Tx) -> list[Contract]:
    today = tx.today
    return [
        contract
        for contract in list_contracts(tx)
        if contract.starts_on <= today and (contract.ends_on is None or contract.ends_on > today)
    ]


def _forecast(tx: Tx, contract_id: str) -> tuple[PaymentChoice, Forecast | None]:
    contract = find_contract(tx, contract_id)
    return load_choices(tx).on(PaymentChoice, tx.today), None if contract is None else forecast_contract(tx, contract)


def _even_from(made: Forecast, present_cents: int, carried_cents: int, begin: date) -> int:
    """The amount from a day on with which nothing is left to settle, where the present one is asked for until then."""
    before = sum(month.period.start < begin for month in made.expected)
    left_cents = made.rest_cents + carried_cents - before * present_cents
    return max(0, -(-left_cents // (len(made.expected) - before)))


def _month_of(day: date) -> Period:
    return Period.month(day.year, day.month)


def _add(tx: Tx, view: AmountView, from_day: date, amount_cents: int, basis: str) -> MonthlyAmount:
    of_year = [each for each in amounts.list_amounts(tx, [view.contract_id]) if each.year_start == view.year.start]
    amount = MonthlyAmount(
        contract_id=view.contract_id,
        year_start=view.year.start,
        number=len(of_year) + 1,
        from_day=from_day,
        amount_cents=amount_cents,
        expected_cents=view.expected_cents,
        basis=basis,
        set_on=tx.today,
        set_by=str(tx.actor),
    )
    amounts.add_amount(tx, amount)
    return amount
