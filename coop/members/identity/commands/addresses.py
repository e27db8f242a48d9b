"""One-time addresses: who holds one may do one thing for one account, once and in time.

The key goes to the owner of the account and is kept as its hash. It stands in the query, which no log of ours keeps. A
key that opens nothing is counted by its source, as a try to sign in is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.commands.hashing import hash_password
from coop.members.identity.commands.sessions import end_all_sessions, lock_account
from coop.members.identity.commands.sign_in import VISITOR
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import Account, OneTimeAddress, Origin, Purpose
from coop.members.identity.rules import passwords
from coop.members.identity.rules.keys import draw_key, hash_key
from coop.members.identity.rules.tries import choose_key_counter, hash_address
from coop.values import BadInput, CoopError, Problem, Said, say

PATH: Final = "/members/welcome"
"""Where a one-time address leads."""

INVITATION_LASTS: Final = timedelta(days=7)
RESET_LASTS: Final = timedelta(hours=1)
CONFIRMATION_LASTS: Final = timedelta(days=7)
LETTER_LASTS: Final = timedelta(days=21)
"""Time for which a key works that goes by post."""


UNKNOWN: Final = "address-unknown"

REASONS: Final[dict[str, Said]] = {
    UNKNOWN: say("This address is not one of ours. Perhaps a part of it is missing."),
    "address-used": say("This address was used already. It works once."),
    "address-replaced": say("A newer address was made after this one. Use the newest."),
    "address-late": say("This address is too old to be used."),
    "address-closed": say("This account is closed."),
}


class AddressRefused(CoopError):
    """A one-time address opens nothing: its code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code, REASONS[code])


@dataclass(frozen=True)
class Opened:
    """A one-time address that opens something, and its account."""

    address: OneTimeAddress
    account: Account


@dataclass(frozen=True)
class Drawn:
    """A new one-time address: its path, which is for the owner's eyes alone, and until when it works."""

    path: str
    expires_at: datetime


def make_one_time_address(tx: Tx, account_id: str, purpose: Purpose, *, email: str = "") -> str:
    """Make an address for the owner of an account, from ``/members/welcome`` on, as ``draw_address`` does.

    Raises:
        NotFound: there is no such account.
        AddressRefused: the account is closed.
    """
    return draw_address(tx, account_id, purpose, email=email).path


def draw_address(tx: Tx, account_id: str, purpose: Purpose, *, email: str = "", by_post: bool = False) -> Drawn:
    """Make an address for the owner of an account; an older one for the same opens nothing any more.

    An account without a password is invited and has seven days; one that has a password gets an hour; a letter three
    weeks. ``email`` is the e-mail address that is to be confirmed.

    Raises:
        NotFound: there is no such account.
        AddressRefused: the account is closed.
    """
    lock_account(tx, account_id)
    account = store.get_account(tx, account_id)
    if not account.active:
        raise AddressRefused("address-closed")
    lasts = CONFIRMATION_LASTS
    if purpose == "set-password":
        lasts = RESET_LASTS if account.has_password else INVITATION_LASTS
    key = draw_key()
    store.replace_addresses(tx, account_id, purpose, email)
    expires_at = tx.now + (LETTER_LASTS if by_post else lasts)
    actor, channel = str(tx.actor), tx.actor.channel
    store.add_address(tx, OneTimeAddress(hash_key(key), account_id, purpose, email, tx.now, actor, channel, expires_at))
    if purpose == "set-password":
        store.note_change(tx, account_id, "reset" if account.has_password else "invited")
    return Drawn(f"{PATH}?key={key}", expires_at)


def open_address(database: Database, community: str, origin: Origin, key: str) -> Opened:
    """Look at a one-time address without using it.

    Raises:
        AddressRefused: it is unknown, used, replaced or late, or its account is closed.
        CoopError: too many unknown keys came from this source.
    """
    counter = choose_key_counter(origin)
    with database.write(community, VISITOR) as tx:
        may_try = store.count_try(tx, counter)
        opened = _find(tx, key) if may_try else None
        if opened is not None and not (isinstance(opened, AddressRefused) and opened.code == UNKNOWN):
            store.excuse_try(tx, [counter])
    if opened is None:
        raise CoopError("sign-in-paused", say("too many tries; try again in a few minutes"))
    if isinstance(opened, AddressRefused):
        raise opened
    return opened


def set_password(database: Database, community: str, origin: Origin, key: str, new: str) -> Account:
    """Let the owner of an account choose a password by a one-time address; it ends their sessions and lets them in
    nowhere: they sign in with it.

    Raises:
        AddressRefused: the address opens nothing, or is for something else.
        BadInput: the password is too short, too long or too easy; its code says which.
        CoopError: too many unknown keys came from this source.
    """
    opened = open_address(database, community, origin, key)
    account, address = opened.account, opened.address
    if address.purpose != "set-password":
        raise AddressRefused(UNKNOWN)
    if fault := passwords.find_fault(new, [account.email, account.name]):
        raise BadInput([Problem(fault.reason, "new")], fault.code)
    password_hash = hash_password(new)
    with database.write(community, Actor("account", account.account_id, "one-time address")) as tx:
        lock_account(tx, account.account_id)
        use_address(tx, key)
        store.change_account(tx, account.account_id, password_hash=password_hash)
        store.note_change(tx, account.account_id, "own-password")
        tell_owner(tx, account, say("a password was chosen"))
        store.forget_tries(tx, hash_address(account.email))
        end_all_sessions(tx, account.account_id)
    return account


def use_address(tx: Tx, key: str) -> Opened:
    """Use a one-time address up, in the transaction of what it is used for.

    Raises:
        AddressRefused: it opens nothing any more.
    """
    opened = _find(tx, key)
    if isinstance(opened, AddressRefused):
        raise opened
    if not store.settle_address(tx, opened.address.key_sha256):
        raise AddressRefused("address-used")
    return opened


def _find(tx: Tx, key: str) -> Opened | AddressRefused:
    address = store.find_address(tx, hash_key(key))
    if address is None:
        return AddressRefused(UNKNOWN)
    account = store.get_account(tx, address.account_id)
    code = ""
    if address.outcome is not None:
        code = f"address-{address.outcome}"
    elif address.expires_at <= tx.now:
        code = "address-late"
    elif not account.active:
        code = "address-closed"
    return AddressRefused(code) if code else Opened(address, account)
