"""The own factors: an app, passkeys and recovery codes are added, renewed and removed by their owner.

Whoever does so has just signed in, or is on the way in and has to choose a factor first: a browser that was left open
gives nobody a key for later. What is offered is sealed for the session that asked for it, and kept nowhere until it is
confirmed, so no other session can finish it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from coop.kit.seal import Unsealable, is_newest, seal, seal_until, unseal, unseal_in_time
from coop.kit.session import ENTERING, Session
from coop.kit.tx import Tx
from coop.members.factors import store
from coop.members.factors.commands.telling import note
from coop.members.factors.model import Authenticator, Passkey, PasskeyRefused, Place, WrongCode
from coop.members.factors.rules import codes, passkeys
from coop.members.fields import refuse_text
from coop.members.identity.commands.sessions import lock_account
from coop.members.identity.model import Account
from coop.members.identity.store import change_account, get_account, list_roles_with_factor
from coop.values import BadInput, CoopError, NotFound, Problem, say

FRESH: Final = timedelta(minutes=15)
"""Time after a sign-in for which factors are changed without another one."""

PASSKEYS_MAX: Final = 20

AT_REST: Final = "authenticator"
"""Purpose of the seal on the secret of an app."""

_OFFERED: Final = "authenticator-offer"
_CHALLENGE: Final = "passkey-challenge"


class NotFresh(CoopError):
    """The sign-in is too long ago to change factors."""

    def __init__(self) -> None:
        super().__init__("sign-in-again", say("sign in once more before you change this"))


@dataclass(frozen=True)
class OfferedApp:
    """The secret of an app that is not confirmed yet; ``sealed`` comes back with the first code."""

    secret: str
    address: str
    sealed: str


@dataclass(frozen=True)
class OfferedPasskey:
    """Options for a browser, as JSON; ``sealed`` comes back with its answer."""

    options: str
    sealed: str


def require_fresh(tx: Tx, session: Session) -> None:
    """Refuse to change factors in a session that began long ago.

    Raises:
        NotFresh: it did.
    """
    if not is_fresh(tx, session):
        raise NotFresh


def is_fresh(tx: Tx, session: Session) -> bool:
    """True for a session that began just now, and for whoever is still on the way in."""
    return bool(session.lacks) or tx.now - session.began_at <= FRESH


def offer_app(tx: Tx, secrets: Sequence[str], session: Session, site_name: str) -> OfferedApp:
    """Draw the secret of an app and seal it for this session.

    Raises:
        NotFresh: the session began long ago.
    """
    require_fresh(tx, session)
    secret = codes.make_secret()
    account = get_account(tx, session.account_id)
    sealed = seal_until(secrets, _OFFERED, secret, _bind_to_session(tx, session), tx.now + ENTERING)
    return OfferedApp(codes.spell_secret(secret), codes.address_app(secret, site_name, account.email), sealed)


def read_offer(tx: Tx, secrets: Sequence[str], session: Session, sealed: str, site_name: str) -> OfferedApp:
    """Read an offer again, to show it once more after a wrong code.

    Raises:
        Unsealable: it is not of this session, or its time is over.
    """
    secret = unseal_in_time(secrets, _OFFERED, sealed, _bind_to_session(tx, session), tx.now, ENTERING)
    email = get_account(tx, session.account_id).email
    return OfferedApp(codes.spell_secret(secret), codes.address_app(secret, site_name, email), sealed)


def confirm_app(tx: Tx, secrets: Sequence[str], session: Session, sealed: str, typed: str) -> list[str]:
    """Keep an app that shows the right code, in the place of the one before; returns recovery codes if there were none.

    Raises:
        NotFresh: the session began long ago.
        Unsealable: the offer is not of this session, or its time is over.
        WrongCode: the code is not that of the app.
    """
    require_fresh(tx, session)
    lock_account(tx, session.account_id)
    secret = unseal_in_time(secrets, _OFFERED, sealed, _bind_to_session(tx, session), tx.now, ENTERING)
    step = codes.find_step(secret, typed, tx.now, last_step=0)
    if step is None:
        raise WrongCode
    at_rest = seal(secrets, AT_REST, secret, bind_to_account(tx, session.account_id))
    store.put_authenticator(tx, Authenticator(session.account_id, at_rest, tx.now, step))
    return _note_added(tx, session.account_id)


def offer_passkey(tx: Tx, secrets: Sequence[str], session: Session, place: Place, site_name: str) -> OfferedPasskey:
    """Offer a browser to make a passkey.

    Raises:
        NotFresh: the session began long ago.
    """
    require_fresh(tx, session)
    account = get_account(tx, session.account_id)
    sealed = seal_challenge(tx, secrets, f"enrol {session.id}")
    known = [passkey for passkey in store.list_passkeys(tx, account.account_id) if passkey.host == place.host]
    options = passkeys.offer_registration(
        place, site_name, account.account_id, account.email, account.name, known, passkeys.make_challenge(sealed)
    )
    return OfferedPasskey(options, sealed)


def confirm_passkey(
    tx: Tx, secrets: Sequence[str], session: Session, place: Place, sealed: str, answer: str, name: str
) -> list[str]:
    """Keep a passkey under a name; returns recovery codes if there were none.

    Raises:
        NotFresh: the session began long ago.
        BadInput: the name says nothing, or there are too many.
        PasskeyRefused: the answer is not to what this session was offered.
    """
    require_fresh(tx, session)
    lock_account(tx, session.account_id)
    known = store.list_passkeys(tx, session.account_id)
    _require_possible(name, known)
    challenge = open_challenge(tx, secrets, f"enrol {session.id}", sealed)
    credential_id, public_key, sign_count = passkeys.read_registration(answer, challenge, place)
    if store.find_passkey(tx, credential_id) is not None:
        raise PasskeyRefused
    made = Passkey(
        str(uuid4()), session.account_id, name.strip(), place.host, credential_id, public_key, sign_count, tx.now
    )
    store.add_passkey(tx, made)
    return _note_added(tx, session.account_id)


def renew_recovery_codes(tx: Tx, session: Session) -> list[str]:
    """Make recovery codes anew; those from before open nothing any more.

    Raises:
        NotFresh: the session began long ago.
        CoopError: ``no-factor``, there is nothing that they could stand in for.
    """
    require_fresh(tx, session)
    lock_account(tx, session.account_id)
    if not get_account(tx, session.account_id).has_factor:
        raise CoopError("no-factor", say("choose a second factor first"))
    made = _make_recovery_codes(tx, session.account_id)
    note(tx, session.account_id, "recovery-codes")
    return made


def remove_app(tx: Tx, session: Session) -> None:
    """Remove the own app.

    Raises:
        NotFresh: the session began long ago.
        NotFound: there is none.
        CoopError: ``last-factor``, it is the last of somebody who has to have one.
    """
    require_fresh(tx, session)
    lock_account(tx, session.account_id)
    if not store.remove_authenticator(tx, session.account_id):
        raise NotFound(say("there is no app"))
    _note_removed(tx, session.account_id)


def remove_passkey(tx: Tx, session: Session, passkey_id: str) -> None:
    """Remove one of the own passkeys.

    Raises:
        NotFresh: the session began long ago.
        NotFound: there is none such.
        CoopError: ``last-factor``, as for the app.
    """
    require_fresh(tx, session)
    lock_account(tx, session.account_id)
    if not store.remove_passkey(tx, session.account_id, passkey_id):
        raise NotFound(say("there is no passkey %(passkey_id)s", passkey_id=passkey_id))
    _note_removed(tx, session.account_id)


def seal_challenge(tx: Tx, secrets: Sequence[str], purpose: str) -> str:
    """Make a sealed text whose hash a passkey has to sign."""
    return seal_until(secrets, _CHALLENGE, os.urandom(16), f"{tx.community} {purpose}", tx.now + ENTERING)


def open_challenge(tx: Tx, secrets: Sequence[str], purpose: str, sealed: str) -> bytes:
    """Find the challenge of a sealed text and spend it, for none is answered twice.

    Raises:
        Unsealable: it was made for something else, or its time is over.
        PasskeyRefused: it was answered before.
    """
    unseal_in_time(secrets, _CHALLENGE, sealed, f"{tx.community} {purpose}", tx.now, ENTERING)
    challenge = passkeys.make_challenge(sealed)
    if not store.spend_challenge(tx, challenge):
        raise PasskeyRefused
    return challenge


def open_secret(tx: Tx, secrets: Sequence[str], app: Authenticator) -> bytes:
    """Open the secret of an app.

    Raises:
        Unsealable: the secret of the installation was lost.
    """
    return unseal(secrets, AT_REST, app.sealed_secret, bind_to_account(tx, app.account_id))


def reseal_apps(tx: Tx, secrets: Sequence[str]) -> tuple[int, int]:
    """Seal the secrets of all apps with the newest secret of the installation; returns how many were sealed anew, and
    how many no secret opens any more."""
    resealed = lost = 0
    for app in store.list_authenticators(tx):
        if is_newest(secrets, AT_REST, app.sealed_secret):
            continue
        try:
            plain = open_secret(tx, secrets, app)
        except Unsealable:
            lost += 1
            continue
        sealed = seal(secrets, AT_REST, plain, bind_to_account(tx, app.account_id))
        store.reseal_authenticator(tx, app, sealed)
        resealed += 1
    return resealed, lost


def bind_to_account(tx: Tx, account_id: str) -> str:
    """Name what the secret of an app is bound to."""
    return f"{tx.community} {account_id}"


def _bind_to_session(tx: Tx, session: Session) -> str:
    return f"{tx.community} {session.account_id} {session.id}"


def _require_possible(name: str, known: Sequence[Passkey]) -> None:
    problem = refuse_text(name.strip(), "name")
    if not name.strip() or len(name.strip()) > 100:
        problem = Problem(say("needs 1 to 100 characters"), "name")
    if problem:
        raise BadInput([problem])
    if len(known) >= PASSKEYS_MAX:
        raise CoopError(
            "too-many-passkeys", say("there are %(most)s passkeys already: remove one first", most=PASSKEYS_MAX)
        )


def _note_added(tx: Tx, account_id: str) -> list[str]:
    change_account(tx, account_id, has_factor=True)
    note(tx, account_id, "factor-added")
    return [] if store.load_factors(tx, account_id).codes_left else _make_recovery_codes(tx, account_id)


def _note_removed(tx: Tx, account_id: str) -> None:
    factors, account = store.load_factors(tx, account_id), get_account(tx, account_id)
    has_factor = bool(factors.authenticator or factors.passkeys)
    if not has_factor and _needs_factor(tx, account):
        raise CoopError("last-factor", say("your role needs a second factor: add another before you remove this one"))
    if not has_factor:
        store.put_recovery_codes(tx, account_id, ())
    change_account(tx, account_id, has_factor=has_factor)
    note(tx, account_id, "factor-removed")


def _needs_factor(tx: Tx, account: Account) -> bool:
    return bool(account.roles & list_roles_with_factor(tx))


def _make_recovery_codes(tx: Tx, account_id: str) -> list[str]:
    made = [codes.make_recovery_code() for _ in range(codes.RECOVERY_CODES)]
    store.put_recovery_codes(tx, account_id, (codes.hash_recovery_code(account_id, code) for code in made))
    return made
