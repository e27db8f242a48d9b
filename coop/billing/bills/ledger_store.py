"""The ledger's transfers, and their balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, literal, select, union_all

from coop.billing.bills.ledger import Transfer
from coop.billing.tables.bills import posting
from coop.kit.rows import group_as, row_of, select_as
from coop.kit.tx import Tx
from coop.values import derive_id


@dataclass(frozen=True)
class Balance:
    """Both columns of an account [cents]."""

    account: str
    debit_cents: int
    credit_cents: int


@dataclass(frozen=True)
class Posting:
    """A transfer as it was booked, and what it was booked for."""

    transaction_id: str
    line: int
    booked_on: date
    source_kind: str
    source_id: str
    debit: str
    credit: str
    amount_cents: int


def posting_rows(
    tx: Tx, source_kind: str, source_id: str, booked_on: date, transfers: Sequence[Transfer]
) -> list[Mapping[str, object]]:
    """Rows of one transaction; its id follows from its source, so it cannot be booked twice."""
    source = {
        "transaction_id": transaction_of(tx, source_kind, source_id),
        "booked_on": booked_on,
        "source_kind": source_kind,
        "source_id": source_id,
    }
    return [row_of(tx, transfer, line=line, **source) for line, transfer in enumerate(transfers, 1)]


def book(tx: Tx, source_kind: str, source_id: str, booked_on: date, transfers: Sequence[Transfer]) -> None:
    """Write one transaction; the same again changes nothing."""
    rows = posting_rows(tx, source_kind, source_id, booked_on, transfers)
    tx.insert_new(posting, rows, ["community", "transaction_id", "line"])


def transfers_of(tx: Tx, source_kind: str, source_id: str) -> list[Transfer]:
    """Transfers that one source booked."""
    transaction_id = transaction_of(tx, source_kind, source_id)
    return select_as(tx, Transfer, posting, posting.c.transaction_id == transaction_id, order_by=[posting.c.line])


def list_transfers(tx: Tx) -> dict[str, list[Transfer]]:
    """Transfers of every transaction, by its id."""
    grouped = group_as(tx, Transfer, posting, [posting.c.transaction_id], order_by=[posting.c.line])
    return {transaction_id: transfers for (transaction_id,), transfers in grouped.items()}


def list_postings(tx: Tx) -> list[Posting]:
    """Every transfer, in order of days."""
    columns = posting.c
    return select_as(tx, Posting, posting, order_by=[columns.booked_on, columns.transaction_id, columns.line])


def trial_balance(tx: Tx) -> list[Balance]:
    """Both columns of every account, in order of name; together they have one sum."""
    amount = posting.c.amount_cents
    mine = posting.c.community == tx.community
    sides = union_all(
        select(posting.c.debit.label("account"), amount.label("debit"), literal(0).label("credit")).where(mine),
        select(posting.c.credit, literal(0), amount).where(mine),
    ).subquery()
    rows = tx.execute(
        select(sides.c.account, func.sum(sides.c.debit), func.sum(sides.c.credit))
        .group_by(sides.c.account)
        .order_by(sides.c.account)
    )
    return [Balance(account, int(debit), int(credit)) for account, debit, credit in rows]


def transaction_of(tx: Tx, source_kind: str, source_id: str) -> str:
    """Id of the transaction that a source books."""
    return derive_id("transaction", tx.community, source_kind, source_id)
