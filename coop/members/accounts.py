"""Sign-in: local accounts with a password (argon2) and a pause after repeated failures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection as Tx

from coop.kit.auth import ROLES, Session
from coop.members import storage
from coop.values import BadInput, CoopError, Problem, derive_id

PASSWORD_LENGTH_MIN = 10
FAILURES_MAX = 5
PAUSE = timedelta(minutes=5)


def create_account(
    tx: Tx, community: str, email: str, name: str, roles: Sequence[str], password: str, member_id: str | None
) -> str:
    """Make an account; returns its id. An account with this address stays as it is.

    Raises:
        BadInput: no e-mail address, an unknown role, a short password, or an unknown member.
    """
    email = email.strip().lower()
    problems = [] if "@" in email else [Problem(f"{email!r} is not an e-mail address", "email")]
    problems += [Problem(f"{role!r} is none of {', '.join(ROLES)}", "roles") for role in roles if role not in ROLES]
    problems += [] if roles else [Problem("an account needs a role", "roles")]
    if len(password) < PASSWORD_LENGTH_MIN:
        problems.append(Problem(f"needs at least {PASSWORD_LENGTH_MIN} characters", "password"))
    if member_id and storage.find_member(tx, community, member_id) is None:
        problems.append(Problem(f"there is no member {member_id}", "member_id"))
    if "member" in roles and not member_id:
        problems.append(Problem("the role member needs a member", "member_id"))
    if problems:
        raise BadInput(problems)
    account_id = derive_id("account", community, email)
    if storage.find_account(tx, community, email) is None:
        storage.add_account(
            tx,
            {
                "account_id": account_id,
                "community": community,
                "email": email,
                "name": name,
                "password_hash": _hasher().hash(password),
                "roles": ",".join(sorted(set(roles))),
                "member_id": member_id,
                "active": True,
                "failures": 0,
                "locked_until": None,
            },
        )
    return account_id


def sign_in(tx: Tx, community: str, email: str, password: str, now: datetime) -> Session | CoopError:
    """The session of whoever knows the password, else why not, in words that do not tell whether the address exists.

    The refusal is returned, not raised: the count of failures must be committed.
    """
    found = storage.find_account(tx, community, email.strip())
    refusal = CoopError("wrong-sign-in", "the e-mail address or the password is not right")
    if found is None:
        _matches(_unused_hash(), password)  # takes as long as a real check, so that time tells nothing either
        return refusal
    if found.locked_until and now < found.locked_until:
        return CoopError("sign-in-paused", "too many failures; try again in a few minutes")
    if not found.active or not _matches(found.password_hash, password):
        failures = found.failures + 1
        locked_until = now + PAUSE if failures >= FAILURES_MAX else None
        storage.change_account(
            tx, found.account_id, failures=0 if locked_until else failures, locked_until=locked_until
        )
        return refusal
    if found.failures or found.locked_until:
        storage.change_account(tx, found.account_id, failures=0, locked_until=None)
    return Session(found.account_id, found.name, frozenset(found.roles.split(",")), found.member_id, community)


def change_password(tx: Tx, community: str, email: str, old: str, new: str, now: datetime) -> CoopError | None:
    """Replace a password by somebody who knows the old one; returns why not, or None.

    Raises:
        BadInput: the new password is too short.
    """
    if len(new) < PASSWORD_LENGTH_MIN:
        raise BadInput([Problem(f"needs at least {PASSWORD_LENGTH_MIN} characters", "new")])
    session = sign_in(tx, community, email, old, now)
    if isinstance(session, CoopError):
        return session
    storage.change_account(tx, session.account_id, password_hash=_hasher().hash(new))
    return None


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
