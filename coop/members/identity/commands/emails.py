"""Another address to sign in with: its owner confirms it at the new address, and nobody else can take an account over.

Who changes their own address confirms the new one alone, and the old one gets word. Where somebody else asks for it,
the owner confirms from both. An account that nobody has used yet has no owner to ask: it gets the address, and is
invited there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.members.fields import is_email, refuse_text
from coop.members.identity import proposals, store
from coop.members.identity.commands.accounts import get_granted
from coop.members.identity.commands.addresses import UNKNOWN, AddressRefused, draw_address, open_address, use_address
from coop.members.identity.commands.invitations import send_password_address
from coop.members.identity.commands.sessions import lock_account
from coop.members.identity.model import Account, EmailChange, Origin
from coop.members.identity.tables import email_change
from coop.members.messages.commands import send
from coop.values import BadInput, NotFound, Problem, say


def ask_own_email(tx: Tx, account_id: str, email: str) -> None:
    """Ask for another address for one's own account; it holds once it is confirmed there.

    Raises:
        BadInput: no e-mail address, the one that it is already, or another account has it.
    """
    lock_account(tx, account_id)
    _ask(tx, store.get_account(tx, account_id), email)


def ask_email(tx: Tx, grants: Collection[str], account_id: str, email: str) -> None:
    """Ask for another address for somebody's account; it holds once they confirmed it from both addresses.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
        BadInput: no e-mail address, the one that it is already, or another account has it.
    """
    _ask(tx, get_granted(tx, grants, account_id), email)


def _ask(tx: Tx, account: Account, email: str) -> None:
    email = email.strip().lower()
    _check(tx, account, email)
    if not account.has_password:
        _change(tx, account, email)
        send_password_address(tx, replace(account, email=email))
        return
    waiting = proposals.find_email_change(tx, account.account_id)
    if waiting is not None:
        proposals.settle_email_change(tx, waiting.number, "withdrawn")
    number = proposals.next_number(tx, email_change)
    by, through = str(tx.actor), tx.actor.channel
    asked = EmailChange(number, account.account_id, account.email, email, tx.now, by, through)
    proposals.add_email_change(tx, asked)
    _send_key(tx, replace(account, email=email), "confirm-address", asked, by_post=False)
    if not asked.is_own:
        _send_key(tx, account, "confirm-move", asked, by_post=not is_email(account.email))


def withdraw_email(tx: Tx, account_id: str) -> None:
    """Let an address that waits for its owner go.

    Raises:
        NotFound: none waits.
    """
    lock_account(tx, account_id)
    waiting = proposals.find_email_change(tx, account_id)
    if waiting is None:
        raise NotFound(say("no address waits for this account"))
    proposals.settle_email_change(tx, waiting.number, "withdrawn")


def confirm_email(database: Database, community: str, origin: Origin, key: str) -> EmailChange:
    """Confirm an address by its one-time address; the account has the new one once nobody else needs to confirm.

    Raises:
        AddressRefused: it opens nothing, or the change was withdrawn.
        BadInput: somebody else has got the new address in the meantime.
        CoopError: too many unknown keys came from this source.
    """
    opened = open_address(database, community, origin, key)
    account_id, email = opened.account.account_id, opened.address.email
    with database.write(community, Actor("account", account_id, "one-time address")) as tx:
        lock_account(tx, account_id)
        use_address(tx, key)
        waiting = proposals.find_email_change(tx, account_id)
        if waiting is None or email not in (waiting.old_email, waiting.new_email):
            raise AddressRefused(UNKNOWN)
        side = "new_confirmed_at" if email == waiting.new_email else "old_confirmed_at"
        proposals.confirm_email_change(tx, waiting.number, **{side: tx.now})
        change = proposals.find_email_change(tx, account_id) or waiting
        if change.is_confirmed:
            account = store.get_account(tx, account_id)
            _check(tx, account, change.new_email)
            proposals.settle_email_change(tx, change.number, "changed")
            _change(tx, account, change.new_email)
    return change


def _change(tx: Tx, account: Account, email: str) -> None:
    """Change the address, and give word to the old one; one-time addresses that lie there open nothing any more."""
    store.replace_addresses(tx, account.account_id, "set-password", "")
    store.change_account(tx, account.account_id, email=email)
    store.note_change(tx, account.account_id, "address")
    send(tx, "address-changed", account, f"{account.account_id} {tx.now.isoformat()}", at=tx.now, email=email)


def _send_key(tx: Tx, account: Account, kind: str, asked: EmailChange, *, by_post: bool) -> None:
    drawn = draw_address(tx, account.account_id, "confirm-email", email=account.email, by_post=by_post)
    cause = f"{account.account_id} {asked.number}"
    send(tx, kind, account, cause, until=drawn.expires_at, email=asked.new_email, link=drawn.path)


def _check(tx: Tx, account: Account, email: str) -> None:
    if not is_email(email) or not email.isprintable():
        raise BadInput([Problem(say('"%(email)s" is no e-mail address', email=email), "email")])
    if problem := refuse_text(email, "email"):
        raise BadInput([problem])
    if email == account.email:
        raise BadInput([Problem(say("this is the address that it is now"), "email")])
    if store.find_by_email(tx, email):
        raise BadInput([Problem(say("another account has the address %(email)s", email=email), "email")])
