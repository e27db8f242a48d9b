"""Accounts: made, changed and closed. Given again, a command changes nothing.

Whoever works on an account names their ``grants``, the roles that they may give out, and needs every role that the
account has or gets.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import count

from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.members.fields import is_email, refuse_text
from coop.members.identity import store
from coop.members.identity.commands.hashing import hash_password
from coop.members.identity.commands.sessions import end_all_sessions, lock_account
from coop.members.identity.model import ROLES, Account, NewAccount
from coop.members.identity.rules import passwords
from coop.members.identity.rules.tries import hash_address
from coop.members.own_tokens.commands import end_own_tokens
from coop.members.register.store import find_member
from coop.values import BadInput, Problem, derive_id

ONE_TIME = timedelta(days=7)
"""Time for which a one-time password works."""


def create_account(tx: Tx, grants: Collection[str], wanted: NewAccount) -> str:
    """Make an account; returns its id. The same account again stays as it is.

    Raises:
        NotAllowed: it gets a role that whoever acts may not give out.
        BadInput: no e-mail address or one of another account, an unknown role, a password that is too short, too long
            or too easy, or an unknown member.
    """
    email = wanted.email.strip().lower()
    require_grants(grants, wanted.roles.intersection(ROLES))
    if problems := _find_problems(tx, email, wanted):
        raise BadInput(problems)
    if other := store.find_by_email(tx, email):
        if (other.member_id, other.roles) != (wanted.member_id or None, wanted.roles):
            raise BadInput([Problem(f"another account has the address {email}", "email")])
        return other.account_id
    # Somebody else may have had the address before, and taken another since.
    account_ids = (derive_id("account", tx.community, email, turn) for turn in count())
    made = Account(
        next(account_id for account_id in account_ids if store.find_account(tx, account_id) is None),
        email,
        wanted.name,
        hash_password(wanted.password) if wanted.password else "",
        wanted.roles,
        wanted.member_id or None,
        one_time_until=wanted.one_time_until,
    )
    store.add_account(tx, made)
    store.note_change(tx, made.account_id, "made")
    return made.account_id


def _find_problems(tx: Tx, email: str, wanted: NewAccount) -> list[Problem]:
    problems = [] if is_email(email) else [Problem(f"{email!r} is not an e-mail address", "email")]
    for field, text in (("email", email), ("name", wanted.name)):
        if problem := refuse_text(text, field):
            problems.append(problem)
    problems += _find_role_problems(wanted.roles, wanted.member_id)
    fault = passwords.find_fault(wanted.password, [email, wanted.name])
    if fault and wanted.password and not wanted.one_time_until:
        problems.append(Problem(fault.reason, "password"))
    if wanted.member_id and find_member(tx, wanted.member_id) is None:
        problems.append(Problem(f"there is no member {wanted.member_id}", "member_id"))
    return problems


def _find_role_problems(roles: frozenset[str], member_id: str | None) -> list[Problem]:
    unknown = sorted(roles.difference(ROLES))
    problems = [Problem(f"{role!r} is none of {', '.join(ROLES)}", "roles") for role in unknown]
    problems += [] if roles else [Problem("an account needs a role", "roles")]
    if "member" in roles and not member_id:
        problems.append(Problem("the role member needs a member", "member_id"))
    return problems


def require_grants(grants: Collection[str], roles: Collection[str]) -> None:
    """Refuse whoever may not give out all of these roles.

    Raises:
        NotAllowed: one is not among the grants.
    """
    if missing := sorted(set(roles).difference(grants)):
        raise NotAllowed(f"your account may not give out: {', '.join(missing)}")


def _get_granted(tx: Tx, grants: Collection[str], account_id: str) -> Account:
    """Find an account to work on, one at a time."""
    lock_account(tx, account_id)
    account = store.get_account(tx, account_id)
    require_grants(grants, account.roles)
    return account


def set_roles(tx: Tx, grants: Collection[str], account_id: str, roles: frozenset[str]) -> None:
    """Give an account other roles, and sign it out so that no session keeps the old ones.

    Raises:
        NotFound: there is no such account.
        NotAllowed: a role of before or after is one that whoever acts may not give out.
        BadInput: an unknown role, none at all, or the role member without a member.
    """
    account = _get_granted(tx, grants, account_id)
    require_grants(grants, roles.intersection(ROLES))
    if problems := _find_role_problems(roles, account.member_id):
        raise BadInput(problems)
    if roles != account.roles:
        store.change_account(tx, account_id, roles=roles)
        store.note_change(tx, account_id, "roles")
        end_all_sessions(tx, account_id)


def change_email(tx: Tx, grants: Collection[str], account_id: str, email: str) -> None:
    """Let somebody sign in with another address; the account and its password stay.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
        BadInput: no e-mail address, or another account has it.
    """
    email = email.strip().lower()
    account = _get_granted(tx, grants, account_id)
    other = store.find_by_email(tx, email) if email.isprintable() else None
    if not is_email(email) or refuse_text(email, "email"):
        raise BadInput([Problem(f"{email!r} is not an e-mail address", "email")])
    if other and other.account_id != account_id:
        raise BadInput([Problem(f"another account has the address {email}", "email")])
    if email != account.email:
        store.change_account(tx, account_id, email=email)
        store.note_change(tx, account_id, "address")


def set_active(tx: Tx, grants: Collection[str], account_id: str, *, active: bool) -> None:
    """Close an account, which ends its sessions at once, or open it again.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
    """
    account = _get_granted(tx, grants, account_id)
    if account.active != active:
        store.change_account(tx, account_id, active=active)
        store.note_change(tx, account_id, "opened" if active else "closed")
        if not active:
            end_all_sessions(tx, account_id)
            end_own_tokens(tx, account_id)


def set_one_time_password(tx: Tx, grants: Collection[str], account_id: str, password: str, until: datetime) -> None:
    """Let somebody who lost their password in again, with one that they must replace; earlier failures are forgotten
    and sessions end.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
    """
    account = _get_granted(tx, grants, account_id)
    store.change_account(tx, account_id, password_hash=hash_password(password), one_time_until=until)
    store.note_change(tx, account_id, "one-time-password")
    store.forget_tries(tx, hash_address(account.email))
    end_all_sessions(tx, account_id)


def make_one_time_password() -> str:
    """Make a password to read out over the telephone: 16 letters and digits that nobody confuses, 78 bits."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(4)) for _ in range(4))
