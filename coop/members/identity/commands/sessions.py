"""Sessions of accounts: they begin at a sign-in, are listed, and end at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from coop.kit.jobs import Work
from coop.kit.session import ENROLMENT, LIFETIME, SECOND_STEP, Session, end_sessions, find_newest_end, is_ended
from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.facts import announce_end
from coop.members.identity.model import Account, Origin, SignIn
from coop.values import CoopError, NotFound, say

SIGN_INS_KEPT = timedelta(days=90)
"""Time for which is remembered from where somebody signed in."""


class WrongSignIn(CoopError):
    """The address or the password is not right, or the account is closed: nobody is told which."""

    def __init__(self) -> None:
        super().__init__("wrong-sign-in", "the e-mail address or the password is not right")


def begin_session(tx: Tx, account: Account, origin: Origin, *, passed_second_step: bool = False) -> Session:
    """Begin a session of an account whose owner has proved to be its owner; it lacks something until they passed a
    second step, where the account has one or has to have one.

    Raises:
        WrongSignIn: its password was changed in the meantime, or the account is closed.
    """
    account_id = account.account_id
    lock_account(tx, account_id)
    require_unchanged(tx, account)
    # A session that begins in the very instant in which all were ended, or on a clock that was set back, is a new one.
    newest_end = find_newest_end(tx, account_id)
    began_at = max(tx.now, newest_end + timedelta(microseconds=1)) if newest_end else tx.now
    lacks = "" if passed_second_step else _find_lacking_step(tx, account)
    began = SignIn(str(uuid4()), account_id, began_at, origin.source, origin.browser)
    if lacks:  # nobody is signed in yet, and no browser is known for it
        began = replace(began, browser="", ended_at=began_at)
    store.add_sign_in(tx, began)
    return Session(
        account_id,
        account.name,
        account.roles,
        account.member_id,
        tx.community,
        began.session_id,
        began_at,
        lacks=lacks,
    )


def complete_session(tx: Tx, entering: Session, origin: Origin) -> Session:
    """Begin the session of somebody who has now passed what their sign-in lacked; what they came with is used up.

    Raises:
        WrongSignIn: it was ended in the meantime, or used before, or the account was closed.
    """
    lock_account(tx, entering.account_id)
    if is_ended(tx, entering):
        raise WrongSignIn
    end_sessions(tx, entering.account_id, entering.id)
    return begin_session(tx, store.get_account(tx, entering.account_id), origin, passed_second_step=True)


def _find_lacking_step(tx: Tx, account: Account) -> str:
    if account.has_factor:
        return SECOND_STEP
    return ENROLMENT if account.roles & store.list_roles_with_factor(tx) else ""


def require_unchanged(tx: Tx, proved: Account) -> None:
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
        raise NotFound(say("there is no session %(session_id)s", session_id=session_id))
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
    return say("%(tries)s counts of tries and %(sessions)s sessions forgotten", tries=tries, sessions=sessions)


def lock_account(tx: Tx, account_id: str) -> None:
    """One at a time for an account: a session that begins while it is closed either sees that, or is ended by it."""
    tx.lock(f"account {account_id}")
