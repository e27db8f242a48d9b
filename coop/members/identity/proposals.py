"""Roles and addresses that wait for a second word, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select, update

from coop.kit.rows import find_as, find_by, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.members.identity.model import EmailChange, RoleProposal
from coop.members.identity.tables import email_change, role_proposal

LOCK = "role proposals"


def next_number(tx: Tx, table: Table) -> int:
    """Number the next row of a table; the lock is held to the end of the transaction."""
    tx.lock(LOCK)
    return (tx.scalar(select(func.max(table.c.number)).where(table.c.community == tx.community)) or 0) + 1


def add_proposal(tx: Tx, made: RoleProposal) -> None:
    """Let a role wait for a second person."""
    insert_nouns(tx, role_proposal, [made])


def find_proposal(tx: Tx, number: int) -> RoleProposal | None:
    """Find one proposal by its number."""
    return find_by(tx, RoleProposal, role_proposal, number=number)


def list_proposals(
    tx: Tx, account_id: str | None = None, *, only_open: bool = False, limit: int = 1_000_000
) -> list[RoleProposal]:
    """List proposals of one account or of all, newest first."""
    rows = role_proposal.c
    where: list[ColumnElement[bool]] = [rows.account_id == account_id] if account_id else []
    where += [rows.settled_at.is_(None)] if only_open else []
    return select_as(tx, RoleProposal, role_proposal, *where, order_by=[rows.number.desc()])[:limit]


def settle_proposal(tx: Tx, number: int, outcome: str) -> None:
    """Write down what became of a proposal, and by whom."""
    _settle(tx, role_proposal, number, outcome)


def add_email_change(tx: Tx, made: EmailChange) -> None:
    """Let another address wait for its owner."""
    insert_nouns(tx, email_change, [made])


def find_email_change(tx: Tx, account_id: str) -> EmailChange | None:
    """Find the address that waits for the owner of an account."""
    rows = email_change.c
    return find_as(tx, EmailChange, email_change, rows.account_id == account_id, rows.settled_at.is_(None))


def list_email_changes(tx: Tx) -> Sequence[EmailChange]:
    """List every change of an address that was ever asked for, newest first."""
    return select_as(tx, EmailChange, email_change, order_by=[email_change.c.number.desc()])


def confirm_email_change(tx: Tx, number: int, **confirmed_at: Any) -> None:
    """Write down that the owner confirmed one of the addresses."""
    rows = email_change.c
    tx.execute(update(email_change).where(rows.community == tx.community, rows.number == number).values(**confirmed_at))


def settle_email_change(tx: Tx, number: int, outcome: str) -> None:
    """Write down what became of a change, and by whom."""
    _settle(tx, email_change, number, outcome)


def _settle(tx: Tx, table: Table, number: int, outcome: str) -> None:
    settled = {"settled_at": tx.now, "settled_by": str(tx.actor), "settled_through": tx.actor.channel}
    mine = table.c.community == tx.community, table.c.number == number
    tx.execute(update(table).where(*mine).values(**settled, outcome=outcome))
