"""Accounts, passwords and sessions. Given again, a command changes nothing.

Nothing here tells whether an address has an account: a try is counted, paused, timed and refused alike for any address
that is typed. Tries are counted before the password is looked at, in a transaction of their own, so neither many tries
at once nor a crash in between gives anybody more of them. Whoever works on an account names their ``grants``, the roles
that they may give out, and needs every role that the account has or gets.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.session import LIFETIME, NotAllowed, Session, end_sessions, find_newest_end
from coop.kit.tx import Tx
from coop.members.fields import is_email, refuse_text
from coop.members.identity import store
from coop.members.identity.facts import announce_end
from coop.members.identity.model import ROLES, Account, NewAccount, Origin, SignIn
from coop.members.identity.rules import passwords
from coop.members.identity.rules.tries import choose_counters, hash_address
from coop.members.register.store import find_member
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id

ONE_TIME = timedelta(days=7)
"""Time for which a one-time password works."""

SIGN_INS_KEPT = timedelta(days=90)
"""Time for which is remembered from where somebody signed in."""

VISITOR = Actor("visitor", "", "page")
"""Tries to sign in, and is nobody yet."""


class WrongSignIn(CoopError):
    """The address or the password is not right, or the account is closed: nobody is told which."""

    def __init__(self) -> None:
        super().__init__("wrong-sign-in", "the e-mail address or the password is not right")


class OneTimePassword(CoopError):
    """The password is right and was given out: it opens nothing but the choice of an own one."""

    def __init__(self) -> None:
        super().__init__("one-time-password", "choose a password of your own first")


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
        _hasher().hash(wanted.password),
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
    if fault and not wanted.one_time_until:
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
    _lock(tx, account_id)
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


def set_one_time_password(tx: Tx, grants: Collection[str], account_id: str, password: str, until: datetime) -> None:
    """Let somebody who lost their password in again, with one that they must replace; earlier failures are forgotten
    and sessions end.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
    """
    account = _get_granted(tx, grants, account_id)
    store.change_account(tx, account_id, password_hash=_hasher().hash(password), one_time_until=until)
    store.note_change(tx, account_id, "one-time-password")
    store.forget_tries(tx, hash_address(account.email))
    end_all_sessions(tx, account_id)


def make_one_time_password() -> str:
    """Make a password to read out over the telephone: 16 letters and digits that nobody confuses, 78 bits."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(4)) for _ in range(4))


def sign_in(database: Database, community: str, origin: Origin, email: str, password: str) -> Session:
    """Begin a session of whoever knows the password.

    Raises:
        OneTimePassword: the password is right, and was given out by the secretary.
        WrongSignIn: it is not right, or the account is closed.
        CoopError: too many tries went before.
    """
    account = _prove(database, community, origin, email, password)
    if account.one_time_until:
        raise OneTimePassword
    with database.write(community, _actor(account)) as tx:
        return _begin_session(tx, account, origin)


def choose_password(database: Database, community: str, origin: Origin, email: str, old: str, new: str) -> Session:
    """Replace a password, one-time or not, by somebody who knows it; ends their sessions and begins a new one.

    Raises:
        BadInput: the new password is too short, too long, too easy or the old one; its code says which.
        WrongSignIn: the old one is not right, or the account is closed.
        CoopError: too many tries went before.
    """
    fault = passwords.SAME if new == old else passwords.find_fault(new, [email.strip()])
    if fault:
        raise BadInput([Problem(fault.reason, "new")], fault.code)
    account = _prove(database, community, origin, email, old)
    with database.write(community, _actor(account)) as tx:
        _lock(tx, account.account_id)
        _require_unchanged(tx, account)
        store.change_account(tx, account.account_id, password_hash=_hasher().hash(new), one_time_until=None)
        store.note_change(tx, account.account_id, "own-password")
        end_all_sessions(tx, account.account_id)
        return _begin_session(tx, store.get_account(tx, account.account_id), origin)


def _prove(database: Database, community: str, origin: Origin, email: str, password: str) -> Account:
    """Find the account of whoever knows its password."""
    email = email.strip().lower()
    with database.write(community, VISITOR) as tx:
        account = store.find_by_email(tx, email) if is_email(email) and email.isprintable() else None
        knows_browser = account is not None and store.knows_browser(tx, account.account_id, origin.browser)
        counters = choose_counters(email, origin, knows_browser=knows_browser)
        may_try, now = all(store.count_try(tx, counter) for counter in counters), tx.now
    if not may_try:
        raise CoopError("sign-in-paused", "too many tries; try again in a few minutes")
    # An unknown address costs a check as well, so that time tells nothing either.
    right = _matches(account.password_hash if account else _unused_hash(), password)
    expired = account and account.one_time_until and account.one_time_until <= now
    if account is None or not right or not account.active or expired:
        raise WrongSignIn
    with database.write(community, _actor(account)) as tx:
        store.excuse_try(tx, counters)
    return account


def _begin_session(tx: Tx, account: Account, origin: Origin) -> Session:
    account_id = account.account_id
    _lock(tx, account_id)
    _require_unchanged(tx, account)
    # A session that begins in the very instant in which all were ended, or on a clock that was set back, is a new one.
    newest_end = find_newest_end(tx, account_id)
    began_at = max(tx.now, newest_end + timedelta(microseconds=1)) if newest_end else tx.now
    began = SignIn(str(uuid4()), account_id, began_at, origin.source, origin.browser)
    store.add_sign_in(tx, began)
    return Session(account_id, account.name, account.roles, account.member_id, tx.community, began.session_id, began_at)


def _require_unchanged(tx: Tx, proved: Account) -> None:
    """Refuse who proved to know a password that was changed in the meantime, or of an account that was closed."""
    account = store.get_account(tx, proved.account_id)
    if not account.active or account.password_hash != proved.password_hash:
        raise WrongSignIn


def list_sessions(tx: Tx, account_id: str) -> list[SignIn]:
    """List the sessions of an account in which somebody is signed in, newest first."""
    return store.list_open_sign_ins(tx, account_id, tx.now - LIFETIME)


def end_session(tx: Tx, account_id: str, session_id: str) -> None:
    """Sign an account out of one session.

    Raises:
        NotFound: the account has no such session.
    """
    began = store.find_sign_in(tx, account_id, session_id)
    if began is None:
        raise NotFound(f"there is no session {session_id}")
    if began.ended_at is None:
        sign_out(tx, account_id, session_id)


def sign_out(tx: Tx, account_id: str, session_id: str) -> None:
    """End the session with this id, whether its beginning is remembered or not."""
    store.mark_ended(tx, account_id, session_id)
    end_sessions(tx, account_id, session_id)
    tx.tell(announce_end(account_id, session_id, tx.now))


def end_all_sessions(tx: Tx, account_id: str) -> None:
    """Sign an account out everywhere."""
    newest = store.find_newest_beginning(tx, account_id)
    ended_at = max(tx.now, newest) if newest else tx.now  # a session may have begun on a clock that was set back since
    store.mark_ended(tx, account_id)
    end_sessions(tx, account_id, ended_at=ended_at)
    tx.tell(announce_end(account_id, "", ended_at))


def forget_old_sign_ins(work: Work) -> str:
    """Forget tries that have lapsed, and from where people signed in long ago."""
    with work.write() as tx:
        tries, sessions = store.forget_lapsed(tx, tx.now - SIGN_INS_KEPT)
    return f"{tries} counts of tries and {sessions} sessions forgotten"


def _actor(account: Account) -> Actor:
    return Actor("account", account.account_id, "page")


def _lock(tx: Tx, account_id: str) -> None:
    """One at a time for an account: a session that begins while it is closed either sees that, or is ended by it."""
    tx.lock(f"account {account_id}")


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
