"""Forecasts of contracts, from their bills and from the terms as known today. Nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final

from coop.billing.amounts.forecasting import Forecast, forecast
from coop.billing.bills import store as bills
from coop.billing.bills.book import list_contracts, load_book
from coop.billing.bills.store import IssuedBill
from coop.billing.model import Consumption, Contract
from coop.billing.terms.rules import Terms
from coop.kit.tx import Tx
from coop.values import Period

CONTRACTS_AT_ONCE: Final = 100


def forecast_member(tx: Tx, member_id: str, own: Sequence[IssuedBill]) -> list[Forecast]:
    """Forecast each contract of a member that runs today or is still to begin, given their bills."""
    made = (_forecast(tx, contract, own) for contract in list_contracts(tx, member_id))
    return [each for each in made if each is not None]


def forecast_contract(tx: Tx, contract: Contract) -> Forecast | None:
    """Forecast the guarantee year of a contract in which today lies; None where nothing can be told of it."""
    return _forecast(tx, contract, bills.find_bills(tx, contract_id=contract.contract_id))


def forecast_contracts(tx: Tx, terms: Terms, contracts: Iterable[Contract]) -> Iterator[tuple[Contract, Forecast]]:
    """Forecast the guarantee years of many contracts under the same terms; those of which nothing can be told are left
    out. Their bills are read some contracts at a time."""
    left = iter(contracts)
    while some := list(islice(left, CONTRACTS_AT_ONCE)):
        issued: dict[str, list[IssuedBill]] = defaultdict(list)
        for bill in bills.find_bills(tx, contract_ids=[contract.contract_id for contract in some]):
            issued[bill.contract_id].append(bill)
        for contract in some:
            made = _forecast(tx, contract, issued[contract.contract_id], terms)
            if made is not None:
                yield contract, made


def load_terms(tx: Tx, contract_id: str | None = None) -> Terms:
    """Terms of one contract or of all, as known today: an end that is known counts, although no bill has reached it
    yet, for that is what the year comes to."""
    return Terms(load_book(tx, contract_id), date.max, tx.today)


def _forecast(tx: Tx, contract: Contract, issued: Iterable[IssuedBill], terms: Terms | None = None) -> Forecast | None:
    if contract.ends_on is not None and contract.ends_on <= tx.today:
        return None
    of_contract = sorted(
        (bill for bill in issued if bill.contract_id == contract.contract_id), key=lambda bill: bill.ordinal
    )
    newest: dict[Period, Consumption] = {bill.period: bill.inputs.consumption for bill in of_contract}
    lines = [line for bill in of_contract for line in bill.bill.lines]
    return forecast(terms or load_terms(tx, contract.contract_id), contract, tx.today, list(newest.values()), lines)
