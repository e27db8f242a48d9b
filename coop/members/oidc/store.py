"""Accounts by the name under which a provider knows their owner."""

from __future__ import annotations

from sqlalchemy import delete

from coop.kit.rows import find_by, row_of, select_as
from coop.kit.tx import Tx
from coop.members.oidc.model import Bound
from coop.members.oidc.tables import bound_subject


def find_by_subject(tx: Tx, issuer: str, subject: str) -> Bound | None:
    """Find the account that a provider's subject opens."""
    return find_by(tx, Bound, bound_subject, issuer=issuer, subject=subject)


def find_by_account(tx: Tx, issuer: str, account_id: str) -> Bound | None:
    """Find the subject that opens an account."""
    return find_by(tx, Bound, bound_subject, issuer=issuer, account_id=account_id)


def add_bound(tx: Tx, bound: Bound) -> None:
    """Let a subject open an account."""
    tx.insert_new(bound_subject, [row_of(tx, bound)], ["community", "issuer", "subject"])


def remove_every_bound(tx: Tx, account_id: str) -> None:
    """Let no subject of any provider open an account."""
    columns = bound_subject.c
    tx.execute(delete(bound_subject).where(columns.community == tx.community, columns.account_id == account_id))


def list_bound(tx: Tx, account_id: str) -> list[Bound]:
    """List the subjects that open an account, of providers by address."""
    columns = bound_subject.c
    return select_as(tx, Bound, bound_subject, columns.account_id == account_id, order_by=[columns.issuer])


def remove_bound(tx: Tx, issuer: str, account_id: str) -> bool:
    """Let no subject of a provider open an account; False when none did."""
    columns = bound_subject.c
    mine = columns.community == tx.community, columns.issuer == issuer, columns.account_id == account_id
    return bool(tx.execute(delete(bound_subject).where(*mine)).rowcount)
