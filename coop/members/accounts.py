"""Sign-in: local accounts with a password (argon2), a pause after repeated failures, and one-time passwords.

Nothing here tells whether an address has an account: a try is counted, paused, timed and refused alike for any address
that is typed. Tries are counted before the password is looked at, in a transaction of their own, so neither many tries
at once nor a crash in between gives anybody more of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from itertools import count

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection as Tx

from coop.kit.auth import ROLES, Session
from coop.kit.database import Database
from coop.members.model import is_email, refuse_text
from coop.members.storage import accounts as store
from coop.members.storage import register
from coop.members.storage.accounts import Account
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 200
TRIES_MAX = 5
PAUSE = timedelta(minutes=5)
ONE_TIME_DAYS = 7


class OneTimePassword(CoopError):
    """The password is right and was given out: it opens nothing but the choice of an own one."""

    def __init__(self) -> None:
        super().__init__("one-time-password", "choose a password of your own first")


def create_account(
    tx: Tx,
    community: str,
    email: str,
    name: str,
    roles: Collection[str],
    password: str,
    member_id: str | None,
    one_time_until: datetime | None = None,
) -> str:
    """Make an account; returns its id. An account with this address stays as it is.

    With ``one_time_until`` the password is one that somebody else knows: it must be replaced until then.

    Raises:
        BadInput: no e-mail address or one of another member's account, an unknown role, a password too short or too
            long, or an unknown member.
    """
    email = email.strip().lower()
    problems = [] if is_email(email) else [Problem(f"{email!r} is not an e-mail address", "email")]
    problems += [problem for field, text in (("email", email), ("name", name)) if (problem := refuse_text(text, field))]
    problems += [Problem(f"{role!r} is none of {', '.join(ROLES)}", "roles") for role in roles if role not in ROLES]
    problems += [] if roles else [Problem("an account needs a role", "roles")]
    problems += _refuse_password(password, "password")
    if member_id and register.find_member(tx, community, member_id) is None:
        problems.append(Problem(f"there is no member {member_id}", "member_id"))
    if "member" in roles and not member_id:
        problems.append(Problem("the role member needs a member", "member_id"))
    if problems:
        raise BadInput(problems)
    if known := store.find_by_email(tx, community, email):
        if known.member_id != (member_id or None):
            raise BadInput([Problem(f"another account has the address {email}", "email")])
        return known.account_id
    # Somebody else may have had the address before, and taken another since.
    account_ids = (derive_id("account", community, email, turn) for turn in count())
    made = Account(
        next(account_id for account_id in account_ids if store.find_by_id(tx, community, account_id) is None),
        email,
        name,
        _hasher().hash(password),
        frozenset(roles),
        member_id or None,
        one_time_until=one_time_until,
    )
    store.add_account(tx, community, made)
    return made.account_id


def sign_in(database: Database, community: str, email: str, password: str, now: datetime) -> Session:
    """The session of whoever knows the password.

    Raises:
        OneTimePassword: the password is right, and was given out by the secretary.
        CoopError: it is not right, the account is closed, or too many tries went before.
    """
    account = _prove(database, community, email, password, now)
    if account.one_time_until:
        raise OneTimePassword
    return _session(account, community)


def choose_password(database: Database, community: str, email: str, old: str, new: str, now: datetime) -> Session:
    """Replace a password, one-time or not, by somebody who knows it; returns their session.

    Raises:
        BadInput: the new password is too short or too long, or is the old one.
        CoopError: as at ``sign_in``.
    """
    problems = _refuse_password(new, "new")
    if new == old:
        problems.append(Problem("is the password that you have now", "new"))
    if problems:
        raise BadInput(problems)
    account = _prove(database, community, email, old, now)
    with database.write() as tx:
        store.change_account(tx, account.account_id, password_hash=_hasher().hash(new), one_time_until=None)
    return _session(account, community)


def set_one_time_password(tx: Tx, community: str, account_id: str, password: str, until: datetime) -> None:
    """Let somebody who lost their password in again, with one that they must replace; earlier failures are forgotten.

    Raises:
        NotFound: there is no such account.
    """
    account = find_account(tx, community, account_id)
    store.change_account(tx, account_id, password_hash=_hasher().hash(password), one_time_until=until)
    store.forget_tries(tx, _key(community, account.email))


def change_email(tx: Tx, community: str, account_id: str, email: str) -> None:
    """Let somebody sign in with another address; the account and its password stay.

    Raises:
        NotFound: there is no such account.
        BadInput: no e-mail address, or another account has it.
    """
    email = email.strip().lower()
    account = find_account(tx, community, account_id)
    other = store.find_by_email(tx, community, email)
    if not is_email(email) or refuse_text(email, "email"):
        raise BadInput([Problem(f"{email!r} is not an e-mail address", "email")])
    if other and other.account_id != account_id:
        raise BadInput([Problem(f"another account has the address {email}", "email")])
    store.change_account(tx, account.account_id, email=email)


def set_active(tx: Tx, community: str, account_id: str, active: bool) -> None:
    """Close an account or open it again. A session that runs ends by itself, within ``kit.auth.LIFETIME_S``.

    Raises:
        NotFound: there is no such account.
    """
    find_account(tx, community, account_id)
    store.change_account(tx, account_id, active=active)


def find_account(tx: Tx, community: str, account_id: str) -> Account:
    """One account.

    Raises:
        NotFound: there is none with this id.
    """
    account = store.find_by_id(tx, community, account_id)
    if account is None:
        raise NotFound(f"there is no account {account_id}")
    return account


def make_one_time_password() -> str:
    """A password to read out over the telephone: 16 letters and digits that nobody confuses, 78 bits."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(4)) for _ in range(4))


def _prove(database: Database, community: str, email: str, password: str, now: datetime) -> Account:
    """The account of whoever knows its password."""
    email = email.strip().lower()
    key = _key(community, email)
    with database.write() as tx:
        may_try = store.count_try(tx, community, key, TRIES_MAX, now, forget_before=now - PAUSE)
        account = store.find_by_email(tx, community, email) if is_email(email) and email.isprintable() else None
    if not may_try:
        raise CoopError("sign-in-paused", "too many tries; try again in a few minutes")
    # An unknown address costs a check as well, so that time tells nothing either.
    right = _matches(account.password_hash if account else _unused_hash(), password)
    expired = account and account.one_time_until and account.one_time_until <= now
    if account is None or not right or not account.active or expired:
        raise CoopError("wrong-sign-in", "the e-mail address or the password is not right")
    with database.write() as tx:
        store.forget_tries(tx, key)
    return account


def _session(account: Account, community: str) -> Session:
    return Session(account.account_id, account.name, account.roles, account.member_id, community)


def _refuse_password(password: str, field: str) -> list[Problem]:
    if PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        return []
    return [Problem(f"needs {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters", field)]


def _key(community: str, email: str) -> str:
    return derive_id("sign-in", community, email)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _unused_hash() -> str:
    return _hasher().hash("nobody has this password")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
