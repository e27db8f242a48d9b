"""The ledger: what a bill or a tranche moves between accounts.

Invariant: the ledger is written in transfers, each from one credited account to one debited account with one amount
above zero. Whatever is booked, by whatever code, debits and credits are then equal line by line, so the sum of all
balances is zero after every transaction by construction, and not because a check passed. Entries are never changed: a
correction is a new transaction.

VAT is rounded once per rate on the document (rules.vat). To book revenue without VAT, the running total of the lines is
rounded after each account and the differences are booked, so that the parts are together exactly the document's total.
"""

from __future__ import annotations

from dataclasses import dataclass

from coop.billing.model import Bill, Line, LineKind
from coop.billing.terms.vat import excluding


@dataclass(frozen=True)
class Transfer:
    """Money from one account to another: the only form in which the ledger is written."""

    debit: str
    credit: str
    amount_cents: int

    def __post_init__(self) -> None:
        if self.amount_cents <= 0:
            raise ValueError("a transfer moves a positive amount; turn it round instead")
        if self.debit == self.credit:
            raise ValueError("a transfer needs two accounts")


VAT_PAYABLE = "vat-payable"
GUARANTEE_COST = "guarantee-cost"
SUBSIDY_ADVANCES = "subsidy-advances"


def account_of(line: Line) -> str:
    """The account that a line is booked on, without VAT: the revenue that its component names, or the guarantee."""
    return GUARANTEE_COST if line.kind is LineKind.GUARANTEE else f"revenue:{line.account}"


def debtor(member_id: str) -> str:
    """The account of what a member owes."""
    return f"debtors:{member_id}"


def transfers_of_bill(member_id: str, bill: Bill) -> list[Transfer]:
    """Transfers of a bill: the member owes its total, revenue and guarantee cost stand without VAT, VAT is payable."""
    owed = debtor(member_id)
    transfers: list[Transfer] = []
    for vat in bill.vat:
        incl_cents = excl_cents = 0
        by_account: dict[str, int] = {}
        for line in bill.lines:
            if line.vat_rate == vat.rate:
                account = account_of(line)
                by_account[account] = by_account.get(account, 0) + line.amount_cents
        for account, amount_cents in by_account.items():
            incl_cents += amount_cents
            rounded = excluding(incl_cents, vat.rate)
            transfers += _transfer(owed, account, rounded - excl_cents)
            excl_cents = rounded
        transfers += _transfer(owed, VAT_PAYABLE, vat.vat_cents)
    return transfers


def transfers_of_tranche(financier: str, amount_cents: int) -> list[Transfer]:
    """A released tranche: the financier owes it, and it is an advance until the subsidy is determined.

    Source: docs/domain/programmes-and-funding.md#grants.
    """
    return _transfer(f"subsidy-receivable:{financier}", SUBSIDY_ADVANCES, amount_cents)


def _transfer(debit: str, credit: str, amount_cents: int) -> list[Transfer]:
    if amount_cents == 0:
        return []
    if amount_cents < 0:
        return [Transfer(credit, debit, -amount_cents)]
    return [Transfer(debit, credit, amount_cents)]
