"""Who can sign in, and how often somebody tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, update
from sqlalchemy import Connection as Tx

from coop.kit.journal import insert_new
from coop.members.storage.tables import account, sign_in_try


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in. ``one_time_until`` is None once they chose a password of their own."""

    account_id: str
    email: str
    name: str
    password_hash: str = field(repr=False)
    roles: frozenset[str]
    member_id: str | None
    active: bool = True
    one_time_until: datetime | None = None


def find_by_email(tx: Tx, community: str, email: str) -> Account | None:
    """The account with an e-mail address, or None."""
    return _first(tx, community, account.c.email == email)


def find_by_id(tx: Tx, community: str, account_id: str) -> Account | None:
    """One account, or None."""
    return _first(tx, community, account.c.account_id == account_id)


def of_member(tx: Tx, community: str, member_id: str) -> list[Account]:
    """A member's accounts: an organisation may have several."""
    query = select(account).where(account.c.community == community, account.c.member_id == member_id)
    return [_account(row) for row in tx.execute(query.order_by(account.c.email))]


def add_account(tx: Tx, community: str, made: Account) -> None:
    """Add an account that is not there yet."""
    row = {**vars(made), "community": community, "roles": ",".join(sorted(made.roles))}
    insert_new(tx, account, [row], ["account_id"])


def change_account(tx: Tx, account_id: str, **values: Any) -> None:
    """Change some columns of an account."""
    tx.execute(update(account).where(account.c.account_id == account_id).values(**values))


def count_try(tx: Tx, community: str, key: str, tries_max: int, now: datetime, forget_before: datetime) -> bool:
    """Count a try to sign in; False when ``tries_max`` were made and the last is not yet forgotten."""
    tx.execute(delete(sign_in_try).where(sign_in_try.c.last_at <= forget_before))
    insert_new(
        tx, sign_in_try, [{"address_key": key, "community": community, "tries": 0, "last_at": now}], ["address_key"]
    )
    # One statement counts and checks, so that many tries at once cannot slip through together.
    counted = tx.execute(
        update(sign_in_try)
        .where(sign_in_try.c.address_key == key, sign_in_try.c.tries < tries_max)
        .values(tries=sign_in_try.c.tries + 1, last_at=now)
    )
    return bool(counted.rowcount)


def forget_tries(tx: Tx, key: str) -> None:
    """Start counting anew after a try that went well."""
    tx.execute(delete(sign_in_try).where(sign_in_try.c.address_key == key))


def _first(tx: Tx, community: str, condition: ColumnElement[bool]) -> Account | None:
    row = tx.execute(select(account).where(account.c.community == community, condition)).first()
    return _account(row) if row else None


def _account(row: Row[Any]) -> Account:
    fields = {name: row._mapping[name] for name in Account.__dataclass_fields__}
    return Account(**{**fields, "roles": frozenset(row.roles.split(","))})
