"""Everything that billing issued and booked, to compare two runs."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request, Response

from coop.billing.bills import ledger_store as ledger
from coop.billing.bills import store as bills
from coop.billing.bills.ledger_store import Balance
from coop.billing.checking.api import BillOut, bill_out
from coop.billing.fields import make_router, may
from coop.kit.answers import Answer
from coop.kit.keyset import Window, cut_rows
from coop.kit.sections import Section, stream
from coop.kit.tx import Tx

routes = make_router()


class BalanceOut(Answer):
    """Both columns of an account."""

    account: str
    """Name of the account; of a member's debt `debtors:` and their id."""
    debit_cents: int
    """Debit [euro cents]."""
    credit_cents: int
    """Credit [euro cents]."""


class BillingStateOut(Answer):
    """Bills in order of number and balances in order of account."""

    bills: list[BillOut]
    """Every bill."""
    ledger: list[BalanceOut]
    """Every account."""


def _page_balances(tx: Tx, window: Window) -> Sequence[Balance]:
    # Sums are made over the whole book in any case, and their order is that of Python: of no database's collation.
    balances = sorted(ledger.trial_balance(tx), key=lambda balance: balance.account)
    return cut_rows(balances, window, lambda balance: (balance.account,))


SECTIONS = {
    "bills": Section(lambda tx, window: bills.find_bills(tx, window=window), bills.bill_key, bill_out),
    "ledger": Section(
        _page_balances,
        lambda balance: (balance.account,),
        BalanceOut.model_validate,
    ),
}


@routes.get("/state", response_model=BillingStateOut)
@may("see-all-bills")
def get_billing_state(request: Request) -> Response:
    """Every bill, line and balance in canonical order, without clocks or positions: two runs compare by it."""
    return stream(request, SECTIONS)
