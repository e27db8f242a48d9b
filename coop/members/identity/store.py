"""Accounts, sessions that began, and tries to sign in, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, case, delete, func, literal, or_, select, type_coerce, update

from coop.communities.choices import Choices, SecondFactorChoice, founding_choices
from coop.communities.store import find_profile, load_choices
from coop.kit.database import among
from coop.kit.keyset import Window, cut_query
from coop.kit.metadata import Instant
from coop.kit.rows import columns_of, find_by, insert_nouns, row_of, select_as
from coop.kit.tx import Tx
from coop.members.identity.model import Account, AccountChange, OneTimeAddress, Purpose, SignIn
from coop.members.identity.rules.tries import Counter
from coop.members.identity.tables import one_time_address
from coop.members.tables import account, account_change, sign_in, sign_in_try
from coop.values import NotFound, say


def find_by_email(tx: Tx, email: str) -> Account | None:
    """Find the account with an e-mail address."""
    return find_by(tx, Account, account, email=email) if email.isprintable() else None


def find_account(tx: Tx, account_id: str) -> Account | None:
    """Find one account."""
    return find_by(tx, Account, account, account_id=account_id)


def get_account(tx: Tx, account_id: str) -> Account:
    """Find one account that has to be there.

    Raises:
        NotFound: there is none with this id.
    """
    noun = find_account(tx, account_id)
    if noun is None:
        raise NotFound(say("there is no account %(account_id)s", account_id=account_id))
    return noun


@dataclass(frozen=True)
class Wanted:
    """Accounts that are looked for: a part of the name or address, a role, and a state: open, invited or closed."""

    search: str = ""
    role: str = ""
    state: str = ""


def _has_role(role: str) -> ColumnElement[bool]:
    """Condition that a role is one of those that are kept with commas between; none is a part of another."""
    return type_coerce(account.c.roles, String).contains(role, autoescape=True)


def _wanted(wanted: Wanted) -> list[ColumnElement[bool]]:
    rows = account.c
    where: list[ColumnElement[bool]] = [_has_role(wanted.role)] if wanted.role else []
    if not wanted.search.isprintable():  # nobody has such a name, and PostgreSQL refuses some of these signs
        where.append(rows.account_id.is_(None))
    elif wanted.search:
        where.append(
            func.lower(rows.name).contains(wanted.search.lower(), autoescape=True)
            | rows.email.contains(wanted.search.lower(), autoescape=True)
        )
    if wanted.state:
        where.append(rows.active.is_(wanted.state != "closed"))
    if wanted.state in ("open", "invited"):
        where.append(rows.password_hash == "" if wanted.state == "invited" else rows.password_hash != "")
    return where


def list_accounts(
    tx: Tx,
    limit: int = 1_000_000,
    offset: int = 0,
    wanted: Wanted = Wanted(),  # frozen
) -> list[Account]:
    """List accounts by name."""
    query = select(*columns_of(Account, account)).where(account.c.community == tx.community, *_wanted(wanted))
    by_name = query.order_by(account.c.name, account.c.email).limit(limit).offset(offset)
    return [Account(*row) for row in tx.execute(by_name)]


def list_board(tx: Tx) -> list[Account]:
    """List the accounts of the board whose owner can sign in."""
    with_password = account.c.active.is_(True), account.c.password_hash != "", _has_role("board")
    return select_as(tx, Account, account, *with_password, order_by=[account.c.name, account.c.account_id])


def page_accounts(tx: Tx, window: Window) -> list[Account]:
    """List a window of the accounts by name, and one more."""
    query = select(*columns_of(Account, account)).where(account.c.community == tx.community)
    return [Account(*row) for row in tx.execute(cut_query(query, window, account.c.name, account.c.account_id))]


def count_accounts(tx: Tx, wanted: Wanted = Wanted()) -> int:  # frozen
    """Count accounts."""
    query = select(func.count()).select_from(account).where(account.c.community == tx.community, *_wanted(wanted))
    return tx.scalar(query) or 0


def list_accounts_of(tx: Tx, member_id: str) -> list[Account]:
    """List the accounts of a member; an organisation may have several."""
    return select_as(tx, Account, account, account.c.member_id == member_id, order_by=[account.c.name, account.c.email])


def add_account(tx: Tx, made: Account) -> None:
    """Add an account that is not there yet."""
    tx.insert_new(account, [row_of(tx, made)], ["community", "account_id"])


def change_account(tx: Tx, account_id: str, **values: Any) -> None:
    """Change some columns of an account."""
    tx.execute(
        update(account).where(account.c.community == tx.community, account.c.account_id == account_id).values(**values)
    )


def note_change(tx: Tx, account_id: str, change: str) -> None:
    """Remember that whoever acts changed an account."""
    noted = AccountChange(account_id, tx.now, change, str(tx.actor), tx.actor.channel)
    tx.insert_new(account_change, [row_of(tx, noted)], ["community", "account_id", "changed_at", "change"])


def list_changes(tx: Tx, account_id: str, limit: int = 20) -> list[AccountChange]:
    """List the newest changes of an account."""
    query = select(*columns_of(AccountChange, account_change)).where(
        account_change.c.community == tx.community, account_change.c.account_id == account_id
    )
    newest = query.order_by(account_change.c.changed_at.desc(), account_change.c.change).limit(limit)
    return [AccountChange(*row) for row in tx.execute(newest)]


def list_names(tx: Tx) -> dict[str, str]:
    """List the names of all accounts by id."""
    query = select(account.c.account_id, account.c.name).where(account.c.community == tx.community)
    return dict(iter(tx.execute(query)))


def add_address(tx: Tx, made: OneTimeAddress) -> None:
    """Add a one-time address."""
    insert_nouns(tx, one_time_address, [made])


def find_address(tx: Tx, key_sha256: str) -> OneTimeAddress | None:
    """Find a one-time address by the hash of its key."""
    return find_by(tx, OneTimeAddress, one_time_address, key_sha256=key_sha256)


def list_invited_since(tx: Tx, since: datetime) -> set[str]:
    """List the accounts for which a one-time address to choose a password was made since an instant."""
    rows = one_time_address.c
    query = select(rows.account_id).where(
        rows.community == tx.community, rows.purpose == "set-password", rows.made_at > since
    )
    return set(tx.scalars(query))


def settle_address(tx: Tx, key_sha256: str) -> bool:
    """Mark a one-time address as used; False when somebody did before."""
    rows = one_time_address.c
    open_one = rows.community == tx.community, rows.key_sha256 == key_sha256, rows.settled_at.is_(None)
    used = tx.execute(update(one_time_address).where(*open_one).values(settled_at=tx.now, outcome="used"))
    return bool(used.rowcount)


def replace_addresses(tx: Tx, account_id: str, purpose: Purpose, email: str) -> None:
    """Let the one-time addresses of an account for a purpose lapse, for there is a newer one."""
    rows = one_time_address.c
    older = rows.community == tx.community, rows.account_id == account_id, rows.purpose == purpose, rows.email == email
    open_ones = *older, rows.settled_at.is_(None)
    tx.execute(update(one_time_address).where(*open_ones).values(settled_at=tx.now, outcome="replaced"))


def list_roles_with_factor(tx: Tx) -> frozenset[str]:
    """List the roles of which the co-operative's choice of today asks a second factor.

    A demonstration asks it of nobody: anybody may know its passwords.
    """
    profile = find_profile(tx)
    if profile is not None and profile.is_demonstration:
        return frozenset()
    choices = load_choices(tx) if profile is not None else Choices(founding_choices())
    return choices.on(SecondFactorChoice, tx.today).roles


def list_without_factor(tx: Tx) -> list[Account]:
    """List the open accounts, by name, that need a second factor and have none."""
    needed = list_roles_with_factor(tx)
    return [noun for noun in list_accounts(tx) if noun.active and not noun.has_factor and noun.roles & needed]


def list_emails(tx: Tx) -> dict[str, str]:
    """List what all accounts sign in with, by id."""
    query = select(account.c.account_id, account.c.email).where(account.c.community == tx.community)
    return dict(iter(tx.execute(query)))


def list_newest_sign_ins(tx: Tx, account_ids: Sequence[str]) -> dict[str, datetime]:
    """List when accounts were signed in to last, by id, as far as it is remembered."""
    rows = sign_in.c
    newest = select(rows.account_id, func.max(rows.began_at)).where(
        rows.community == tx.community, among(tx, rows.account_id, account_ids)
    )
    return dict(iter(tx.execute(newest.group_by(rows.account_id))))


def add_sign_in(tx: Tx, began: SignIn) -> None:
    """Remember that a session began."""
    tx.insert_new(sign_in, [row_of(tx, began)], ["community", "session_id"])


def find_sign_in(tx: Tx, account_id: str, session_id: str) -> SignIn | None:
    """Find one session of an account."""
    return find_by(tx, SignIn, sign_in, account_id=account_id, session_id=session_id)


def list_open_sign_ins(tx: Tx, account_id: str, began_after: datetime) -> list[SignIn]:
    """List the sessions of an account that were not ended, newest first."""
    columns = sign_in.c
    is_open = columns.account_id == account_id, columns.ended_at.is_(None), columns.began_at > began_after
    return select_as(tx, SignIn, sign_in, *is_open, order_by=[columns.began_at.desc(), columns.session_id])


def find_newest_beginning(tx: Tx, account_id: str) -> datetime | None:
    """Find when the newest session of an account began."""
    query = select(func.max(sign_in.c.began_at))
    return tx.scalar(query.where(sign_in.c.community == tx.community, sign_in.c.account_id == account_id))


def mark_ended(tx: Tx, account_id: str, session_id: str = "") -> None:
    """Remember that one session of an account was ended, or all."""
    chosen: list[ColumnElement[bool]] = [sign_in.c.session_id == session_id] if session_id else []
    mine = sign_in.c.community == tx.community, sign_in.c.account_id == account_id, sign_in.c.ended_at.is_(None)
    tx.execute(update(sign_in).where(*mine, *chosen).values(ended_at=tx.now))


def knows_browser(tx: Tx, account_id: str, browser: str) -> bool:
    """True when somebody signed in to an account from this browser before."""
    mine = sign_in.c.community == tx.community, sign_in.c.account_id == account_id, sign_in.c.browser == browser
    return bool(browser) and tx.execute(select(sign_in.c.session_id).where(*mine).limit(1)).first() is not None


def count_try(tx: Tx, counter: Counter) -> bool:
    """Count a try to sign in; False when as many as the limit allows were counted and have not lapsed."""
    lapses_at = tx.now + counter.limit.window
    row = {"counter": counter.key, "address": counter.address, "tries": 0, "lapses_at": lapses_at}
    tx.insert_new(sign_in_try, [{"community": tx.community, **row}], ["community", "counter"])
    columns = sign_in_try.c
    # A count that lapses later than it could was begun by a clock that has been set back since.
    lapsed = or_(columns.lapses_at <= tx.now, columns.lapses_at > lapses_at)
    # One statement counts and checks, so that many tries at once cannot slip through together.
    counted = tx.execute(
        update(sign_in_try)
        .where(*_rows_of(tx, counter), or_(lapsed, columns.tries < counter.limit.tries))
        .values(
            tries=case((lapsed, 1), else_=columns.tries + 1),
            lapses_at=case((lapsed, literal(lapses_at, Instant)), else_=columns.lapses_at),
        )
    )
    return bool(counted.rowcount)


def excuse_try(tx: Tx, counters: Sequence[Counter]) -> None:
    """Take a try that was right off its counts: off one that is shared this try, off any other all before as well."""
    for counter in counters:
        if counter.shared:
            mine = *_rows_of(tx, counter), sign_in_try.c.tries > 0
            tx.execute(update(sign_in_try).where(*mine).values(tries=sign_in_try.c.tries - 1))
        else:
            tx.execute(delete(sign_in_try).where(*_rows_of(tx, counter)))


def forget_tries(tx: Tx, address: str) -> None:
    """Forget all tries with an address."""
    tx.execute(delete(sign_in_try).where(sign_in_try.c.community == tx.community, sign_in_try.c.address == address))


def forget_lapsed(tx: Tx, began_before: datetime) -> tuple[int, int]:
    """Forget tries that have lapsed, and sessions and one-time addresses of long ago; returns how many tries and
    sessions."""
    tries = tx.execute(
        delete(sign_in_try).where(sign_in_try.c.community == tx.community, sign_in_try.c.lapses_at <= tx.now)
    )
    sessions = tx.execute(delete(sign_in).where(sign_in.c.community == tx.community, sign_in.c.began_at < began_before))
    addresses = one_time_address.c
    tx.execute(delete(one_time_address).where(addresses.community == tx.community, addresses.expires_at < began_before))
    return tries.rowcount, sessions.rowcount


def _rows_of(tx: Tx, counter: Counter) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return sign_in_try.c.community == tx.community, sign_in_try.c.counter == counter.key
