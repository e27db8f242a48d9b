"""Signing in by a provider: it never makes an account, and binds none before its owner agreed.

The first time, a verified e-mail address of those that the provider is believed about leads to the account that has
it. Once the owner agreed, it is the provider's subject that counts: addresses are given to other people, subjects are
not.
"""

from __future__ import annotations

from dataclasses import dataclass

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.members.factors.commands.telling import note
from coop.members.identity.commands.sessions import begin_session, lock_account
from coop.members.identity.model import Account, Origin
from coop.members.identity.store import find_account, find_by_email
from coop.members.oidc import store
from coop.members.oidc.model import Bound, Claims, OidcRefused, Provider


@dataclass(frozen=True)
class Entered:
    """A session, and whether the provider's subject opens the account already."""

    session: Session
    is_bound: bool


def sign_in(database: Database, community: str, origin: Origin, provider: Provider, claims: Claims) -> Entered:
    """Begin a session of whoever the provider recognised; it lacks the second step unless the provider saw one.

    Raises:
        OidcRefused: no open account is theirs, or another subject opens it.
    """
    with database.read(community) as view:
        account, is_bound = _find_account(view, provider, claims)
    with database.write(community, Actor("account", account.account_id, "page")) as tx:
        lock_account(tx, account.account_id)
        account, is_bound = _find_account(tx, provider, claims)
        session = begin_session(tx, account, origin, passed_second_step=claims.is_second_factor)
    return Entered(session, is_bound)


def bind(tx: Tx, session: Session, provider: Provider, subject: str) -> None:
    """Let a provider's subject open the account of whoever is signed in and agrees. Repeating it changes nothing.

    Raises:
        OidcRefused: the subject opens another account, or another subject opens this one.
    """
    lock_account(tx, session.account_id)
    theirs = store.find_by_subject(tx, provider.issuer, subject)
    mine = store.find_by_account(tx, provider.issuer, session.account_id)
    if theirs and theirs == mine:
        return
    if theirs or mine:
        raise OidcRefused("bound-to-another")
    store.add_bound(tx, Bound(provider.issuer, subject, session.account_id, tx.now))
    note(tx, session.account_id, "provider-bound")


def unbind(tx: Tx, session: Session, provider: Provider) -> None:
    """Let the provider open the own account no longer by its subject. Repeating it changes nothing."""
    if store.remove_bound(tx, provider.issuer, session.account_id):
        note(tx, session.account_id, "provider-unbound")


def _find_account(tx: Tx, provider: Provider, claims: Claims) -> tuple[Account, bool]:
    bound = store.find_by_subject(tx, provider.issuer, claims.subject)
    if bound is not None:
        account = find_account(tx, bound.account_id)
    else:
        is_believed = bool(claims.email) and provider.may_speak_for(claims.email)
        account = find_by_email(tx, claims.email) if is_believed else None
    if account is None or not account.active:
        raise OidcRefused("nobody-here")
    if bound is None and store.find_by_account(tx, provider.issuer, account.account_id) is not None:
        raise OidcRefused("bound-to-another")
    return account, bound is not None
