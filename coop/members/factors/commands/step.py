"""The second step of a sign-in: a code, or a passkey; and a passkey as the only step.

A try with a code is counted before the code is looked at, in a transaction of its own, as a try with a password is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.seal import Unsealable
from coop.kit.session import ENTERING, Session
from coop.kit.tx import Tx
from coop.members.factors import store
from coop.members.factors.commands.own import OfferedPasskey, open_challenge, open_secret, seal_challenge
from coop.members.factors.commands.resets import withdraw_resets
from coop.members.factors.commands.telling import note
from coop.members.factors.model import Passkey, PasskeyRefused, Place, WrongCode
from coop.members.factors.rules import codes, passkeys
from coop.members.factors.rules.limits import choose_code_counters
from coop.members.identity.commands.sessions import begin_session, complete_session, lock_account
from coop.members.identity.model import Origin
from coop.members.identity.store import count_try, excuse_try, get_account, knows_browser
from coop.values import CoopError, say

_ONLY_STEP: Final = "only step"


def pass_with_code(
    database: Database, secrets: Sequence[str], entering: Session, origin: Origin, typed: str
) -> Session:
    """Begin the session of somebody who shows a code of their app, or a recovery code.

    Raises:
        WrongCode: it is none, or was used before.
        WrongSignIn: what they came with was ended, or the account was closed.
        CoopError: too many tries went before; or ``app-unreadable``, the secret of the installation was lost.
    """
    account_id = entering.account_id
    with database.write(entering.community, entering.actor("page")) as tx:
        knows = knows_browser(tx, account_id, origin.browser)
        counters = choose_code_counters(account_id, origin, knows_browser=knows)
        may_try = all(count_try(tx, counter) for counter in counters)
    if not may_try:
        raise CoopError("sign-in-paused", say("too many tries; try again in a few minutes"))
    with database.write(entering.community, entering.actor("page")) as tx:
        lock_account(tx, account_id)
        if not _use_code(tx, secrets, account_id, typed):
            raise WrongCode
        excuse_try(tx, counters)
        return _complete(tx, entering, origin)


def offer_step(tx: Tx, secrets: Sequence[str], entering: Session, place: Place) -> OfferedPasskey | None:
    """Offer a browser to use one of the account's passkeys as the second step; None when it has none for this host."""
    known = [passkey for passkey in store.list_passkeys(tx, entering.account_id) if passkey.host == place.host]
    if not known:
        return None
    sealed = seal_challenge(tx, secrets, f"step {entering.id}")
    challenge = passkeys.make_challenge(sealed)
    return OfferedPasskey(passkeys.offer_use(place, known, challenge, is_only_step=False), sealed)


def pass_with_passkey(
    tx: Tx, secrets: Sequence[str], entering: Session, origin: Origin, place: Place, sealed: str, answer: str
) -> Session:
    """Begin the session of somebody who uses a passkey of theirs as the second step.

    Raises:
        PasskeyRefused: it is not one of this account, or proves nothing.
        Unsealable: it answers to what another sign-in was offered.
        WrongSignIn: what they came with was ended, or the account was closed.
    """
    lock_account(tx, entering.account_id)
    passkey = store.find_passkey(tx, passkeys.read_credential_id(answer))
    if passkey is None or passkey.account_id != entering.account_id:
        raise PasskeyRefused
    _use_passkey(tx, secrets, passkey, place, f"step {entering.id}", sealed, answer, is_only_step=False)
    return _complete(tx, entering, origin)


def offer_only_step(tx: Tx, secrets: Sequence[str], place: Place) -> OfferedPasskey:
    """Offer a browser to sign in with any passkey that it holds for this host."""
    sealed = seal_challenge(tx, secrets, _ONLY_STEP)
    return OfferedPasskey(passkeys.offer_use(place, (), passkeys.make_challenge(sealed), is_only_step=True), sealed)


def sign_in_with_passkey(
    database: Database,
    community: str,
    secrets: Sequence[str],
    origin: Origin,
    place: Place,
    sealed: str,
    answer: str,
) -> Session:
    """Begin a session of whoever uses a passkey whose device made sure of them: that is two factors in one step.

    Raises:
        PasskeyRefused: nobody here has it, or it proves nothing.
        WrongSignIn: the account is closed.
    """
    credential_id = passkeys.read_credential_id(answer)
    with database.read(community) as view:
        passkey = store.find_passkey(view, credential_id)
    if passkey is None:
        raise PasskeyRefused
    with database.write(community, Actor("account", passkey.account_id, "page")) as tx:
        lock_account(tx, passkey.account_id)
        passkey = store.find_passkey(tx, credential_id)
        if passkey is None:
            raise PasskeyRefused
        _use_passkey(tx, secrets, passkey, place, _ONLY_STEP, sealed, answer, is_only_step=True)
        withdraw_resets(tx, passkey.account_id)
        return begin_session(tx, get_account(tx, passkey.account_id), origin, passed_second_step=True)


def forget_spent_challenges(work: Work) -> str:
    """Forget challenges that were answered and would have lapsed since."""
    with work.write() as tx:
        count = store.forget_challenges(tx, tx.now - 2 * ENTERING)
    return say("%(count)s answers of passkeys forgotten", count=count)


def _complete(tx: Tx, entering: Session, origin: Origin) -> Session:
    withdraw_resets(tx, entering.account_id)
    return complete_session(tx, entering, origin)


def _use_code(tx: Tx, secrets: Sequence[str], account_id: str, typed: str) -> bool:
    if store.use_recovery_code(tx, account_id, codes.hash_recovery_code(account_id, typed)):
        note(tx, account_id, "recovery-code-used")
        return True
    app = store.find_authenticator(tx, account_id)
    if app is None:
        return False
    try:
        secret = open_secret(tx, secrets, app)
    except Unsealable:
        raise CoopError(
            "app-unreadable",
            say("codes of your app cannot be checked any more: use a recovery code, or ask the board for help"),
        ) from None
    step = codes.find_step(secret, typed, tx.now, app.last_step)
    return step is not None and store.use_step(tx, account_id, step)


def _use_passkey(
    tx: Tx,
    secrets: Sequence[str],
    passkey: Passkey,
    place: Place,
    purpose: str,
    sealed: str,
    answer: str,
    *,
    is_only_step: bool,
) -> None:
    challenge = open_challenge(tx, secrets, purpose, sealed)
    sign_count = passkeys.check_use(answer, passkey, challenge, place, is_only_step=is_only_step)
    store.note_use(tx, passkey.passkey_id, sign_count)
