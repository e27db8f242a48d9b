"""The ledger's transfers, and their balances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, func, literal, select, union_all

from coop.billing.model import Transfer
from coop.billing.storage.tables import posting
from coop.kit.journal import insert_new
from coop.values import derive_id


def posting_rows(
    community: str, source_kind: str, source_id: str, booked_on: date, transfers: Sequence[Transfer]
) -> list[dict[str, object]]:
    """Rows of one transaction; its id follows from its source, so it cannot be booked twice."""
    transaction_id = derive_id("transaction", community, source_kind, source_id)
    return [
        {
            "transaction_id": transaction_id,
            "line": line,
            "community": community,
            "booked_on": booked_on,
            "source_kind": source_kind,
            "source_id": source_id,
            "debit": transfer.debit,
            "credit": transfer.credit,
            "amount_cents": transfer.amount_cents,
        }
        for line, transfer in enumerate(transfers, 1)
    ]


def book(
    connection: Connection,
    community: str,
    source_kind: str,
    source_id: str,
    booked_on: date,
    transfers: Sequence[Transfer],
) -> None:
    """Write one transaction; the same again changes nothing."""
    rows = posting_rows(community, source_kind, source_id, booked_on, transfers)
    insert_new(connection, posting, rows, ["transaction_id", "line"])


def transfers_of(connection: Connection, community: str, source_kind: str, source_id: str) -> list[Transfer]:
    """What one source booked."""
    rows = connection.execute(
        select(posting.c.debit, posting.c.credit, posting.c.amount_cents)
        .where(posting.c.transaction_id == derive_id("transaction", community, source_kind, source_id))
        .order_by(posting.c.line)
    )
    return [Transfer(row.debit, row.credit, row.amount_cents) for row in rows]


def trial_balance(connection: Connection, community: str) -> list[tuple[str, int, int]]:
    """Account, debit and credit [cents] of every account, in order of name; both columns have one sum."""
    sides = union_all(
        select(
            posting.c.debit.label("account"), posting.c.amount_cents.label("debit"), literal(0).label("credit")
        ).where(posting.c.community == community),
        select(posting.c.credit, literal(0), posting.c.amount_cents).where(posting.c.community == community),
    ).subquery()
    rows = connection.execute(
        select(sides.c.account, func.sum(sides.c.debit), func.sum(sides.c.credit))
        .group_by(sides.c.account)
        .order_by(sides.c.account)
    )
    return [(account, int(debit), int(credit)) for account, debit, credit in rows]
