"""Forecasts of contracts, from their bills and from the terms as known today. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from coop.billing.amounts.forecasting import Forecast, forecast
from coop.billing.bills import store as bills
from coop.billing.bills.book import list_contracts, load_book
from coop.billing.bills.store import IssuedBill
from coop.billing.model import Consumption, Contract
from coop.billing.terms.rules import Terms
from coop.kit.tx import Tx
from coop.values import Period


def forecast_member(tx: Tx, member_id: str, own: Sequence[IssuedBill]) -> list[Forecast]:
    """Forecast each contract of a member that runs today or is still to begin, given their bills."""
    made = (_forecast(tx, contract, own) for contract in list_contracts(tx, member_id))
    return [each for each in made if each is not None]


def forecast_contract(tx: Tx, contract: Contract) -> Forecast | None:
    """Forecast the guarantee year of a contract in which today lies; None where nothing can be told of it."""
    return _forecast(tx, contract, bills.find_bills(tx, contract_id=contract.contract_id))


def _forecast(tx: Tx, contract: Contract, issued: Iterable[IssuedBill]) -> Forecast | None:
    if contract.ends_on is not None and contract.ends_on <= tx.today:
        return None
    of_contract = sorted(
        (bill for bill in issued if bill.contract_id == contract.contract_id), key=lambda bill: bill.ordinal
    )
    newest: dict[Period, Consumption] = {bill.period: bill.inputs.consumption for bill in of_contract}
    # An end that is known counts, although no bill has reached it yet: this is what the year comes to.
    terms = Terms(load_book(tx, contract.contract_id), date.max, tx.today)
    lines = [line for bill in of_contract for line in bill.bill.lines]
    return forecast(terms, contract, tx.today, list(newest.values()), lines)
