"""Signing in, and the choice of an own password.

Nothing here tells whether an address has an account: a try is counted, paused, timed and refused alike for any address
that is typed. Tries are counted before the password is looked at, in a transaction of their own, so neither many tries
at once nor a crash in between gives anybody more of them.
"""

from __future__ import annotations

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.session import Session
from coop.members.identity import store
from coop.members.identity.commands.hashing import hash_password, matches, unused_hash
from coop.members.identity.commands.sessions import (
    WrongSignIn,
    begin_session,
    end_all_sessions,
    lock_account,
    require_unchanged,
)
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import Account, Origin
from coop.members.identity.rules import passwords
from coop.members.identity.rules.tries import choose_counters
from coop.values import BadInput, CoopError, Problem, say

VISITOR = Actor("visitor", "", "page")
"""Tries to sign in, and is nobody yet."""


def sign_in(database: Database, community: str, origin: Origin, email: str, password: str) -> Session:
    """Begin a session of whoever knows the password.

    Raises:
        WrongSignIn: it is not right, or the account is closed.
        CoopError: too many tries went before.
    """
    account = prove_password(database, community, origin, email, password)
    with database.write(community, _actor(account)) as tx:
        return begin_session(tx, account, origin)


def choose_password(
    database: Database,
    community: str,
    origin: Origin,
    email: str,
    old: str,
    new: str,
    *,
    is_signed_in: bool = False,
) -> Session:
    """Replace a password by somebody who knows it; ends their sessions and begins a new one, which
    asks no second factor again of who is signed in already.

    Raises:
        BadInput: the new password is too short, too long, too easy or the old one; its code says which.
        WrongSignIn: the old one is not right, or the account is closed.
        CoopError: too many tries went before.
    """
    fault = passwords.SAME if new == old else passwords.find_fault(new, [email.strip()])
    if fault:
        raise BadInput([Problem(fault.reason, "new")], fault.code)
    account = prove_password(database, community, origin, email, old)
    with database.write(community, _actor(account)) as tx:
        lock_account(tx, account.account_id)
        require_unchanged(tx, account)
        store.change_account(tx, account.account_id, password_hash=hash_password(new))
        store.note_change(tx, account.account_id, "own-password")
        tell_owner(tx, account, say("a password was chosen"))
        end_all_sessions(tx, account.account_id)
        passed = is_signed_in and account.has_factor
        return begin_session(tx, store.get_account(tx, account.account_id), origin, passed_second_step=passed)


def prove_password(database: Database, community: str, origin: Origin, email: str, password: str) -> Account:
    """Find the account of whoever knows its password.

    Raises:
        WrongSignIn: it is not right, or the account is closed.
        CoopError: too many tries went before.
    """
    email = email.strip().lower()
    with database.write(community, VISITOR) as tx:
        account = store.find_by_email(tx, email) if email.isprintable() else None
        knows_browser = account is not None and store.knows_browser(tx, account.account_id, origin.browser)
        counters = choose_counters(email, origin, knows_browser=knows_browser)
        may_try = all(store.count_try(tx, counter) for counter in counters)
    if not may_try:
        raise CoopError("sign-in-paused", say("too many tries; try again in a few minutes"))
    # An unknown address, or one that was only invited yet, costs a check as well, so that time tells nothing either.
    right = matches((account and account.password_hash) or unused_hash(), password)
    if account is None or not account.has_password or not right or not account.active:
        raise WrongSignIn
    with database.write(community, _actor(account)) as tx:
        store.excuse_try(tx, counters)
    return account


def _actor(account: Account) -> Actor:
    return Actor("account", account.account_id, "page")
