"""A second factor that was lost: one person asks to take it off an account, another does it, and the owner is told.

The owner asks with the password alone, or somebody who may give out the account's roles asks for them; somebody else
who may, or the operator at the machine, confirms. Afterwards the account is signed out everywhere, and its owner
chooses a new factor at the next sign-in. Whoever signs in with their factor after all ends the wait.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import uuid4

from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.members.factors import store
from coop.members.factors.commands.telling import note
from coop.members.factors.model import Reset
from coop.members.factors.rules.limits import name_counted
from coop.members.identity.commands.accounts import require_grants
from coop.members.identity.commands.sessions import end_all_sessions, lock_account
from coop.members.identity.model import Account
from coop.members.identity.store import change_account, forget_tries, get_account
from coop.values import CoopError, say


def ask_reset(tx: Tx, entering: Session) -> Reset:
    """Let the owner ask, who has shown the password and has lost the rest. Asked again, the same one waits."""
    return _propose(tx, entering.account_id)


def propose_reset(tx: Tx, grants: Collection[str], account_id: str) -> Reset:
    """Ask for somebody else. Asked again, the same one waits.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
        CoopError: ``no-factor``, it has none.
    """
    require_grants(grants, get_account(tx, account_id).roles)
    return _propose(tx, account_id)


def confirm_reset(tx: Tx, grants: Collection[str], reset_id: str) -> Account:
    """Take the factors off an account for which somebody else asked it; returns the account.

    Raises:
        NotFound: no such reset waits.
        NotAllowed: the account has a role that whoever acts may not give out.
        CoopError: ``same-person``, they asked it themselves, or it is their own account.
    """
    account = get_account(tx, store.get_waiting_reset(tx, reset_id).account_id)
    require_grants(grants, account.roles)
    return _confirm(tx, account, reset_id)


def confirm_reset_at_machine(tx: Tx, account_id: str) -> Account:
    """Be the second person for an account, at the machine.

    Raises:
        NotFound: there is no such account.
        CoopError: ``nobody-asked``, nobody asked for it yet.
    """
    account = get_account(tx, account_id)
    waiting = store.find_waiting_reset(tx, account_id)
    if waiting is None:
        raise CoopError(
            "nobody-asked",
            say(
                "nobody asked for it yet: the owner does so on the page that asks for the code, or the board on the"
                " account's page; this command is the second person"
            ),
        )
    return _confirm(tx, account, waiting.reset_id)


def withdraw_reset(tx: Tx, grants: Collection[str], reset_id: str) -> Account:
    """Let the factors of an account be; returns the account.

    Raises:
        NotFound: no such reset waits.
        NotAllowed: the account has a role that whoever acts may not give out.
    """
    account = get_account(tx, store.get_waiting_reset(tx, reset_id).account_id)
    require_grants(grants, account.roles)
    store.settle_reset(tx, reset_id, "withdrawn")
    note(tx, account.account_id, "reset-withdrawn")
    return account


def withdraw_resets(tx: Tx, account_id: str) -> None:
    """End the wait of somebody who has their factor after all."""
    waiting = store.find_waiting_reset(tx, account_id)
    if waiting is not None:
        store.settle_reset(tx, waiting.reset_id, "withdrawn")
        note(tx, account_id, "reset-withdrawn")


def _propose(tx: Tx, account_id: str) -> Reset:
    lock_account(tx, account_id)
    if not get_account(tx, account_id).has_factor:
        raise CoopError("no-factor", say("this account has no second factor"))
    waiting = store.find_waiting_reset(tx, account_id)
    if waiting is not None:
        return waiting
    asked = Reset(str(uuid4()), account_id, tx.now, str(tx.actor))
    store.add_reset(tx, asked)
    note(tx, account_id, "reset-asked")
    return asked


def _confirm(tx: Tx, account: Account, reset_id: str) -> Account:
    lock_account(tx, account.account_id)
    reset = store.get_waiting_reset(tx, reset_id)
    if str(tx.actor) in (reset.proposed_by, f"account:{account.account_id}"):
        raise CoopError("same-person", say("a second person confirms this, who is not the owner of the account"))
    store.settle_reset(tx, reset_id, "confirmed")
    store.remove_authenticator(tx, account.account_id)
    store.remove_passkeys(tx, account.account_id)
    store.put_recovery_codes(tx, account.account_id, ())
    change_account(tx, account.account_id, has_factor=False)
    note(tx, account.account_id, "factor-reset")
    forget_tries(tx, name_counted(account.account_id))
    end_all_sessions(tx, account.account_id)
    return account
