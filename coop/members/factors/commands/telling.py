"""Changes of second factors: each is remembered, and told to the owner at their own address."""

from __future__ import annotations

from typing import Final

from coop.kit.tx import Tx
from coop.members.identity.store import get_account, list_names, note_change
from coop.members.messages.commands import send
from coop.values import Said, derive_id, say

CHANGES: Final[dict[str, Said]] = {
    "factor-added": say("a second factor was added"),
    "factor-removed": say("a second factor was removed"),
    "recovery-codes": say("recovery codes were made anew"),
    "recovery-code-used": say("somebody signed in with a recovery code"),
    "reset-asked": say("somebody asked to take the second factor off, because it was lost"),
    "reset-withdrawn": say("the second factor stays, though somebody had asked to take it off"),
    "factor-reset": say("the second factor was taken off; at the next sign-in you choose another"),
    "provider-bound": say("your account was connected with the provider that you sign in by"),
    "provider-unbound": say("your account was disconnected from the provider that you signed in by"),
}


def note(tx: Tx, account_id: str, change: str) -> None:
    """Remember one of ``CHANGES`` of an account, and tell its owner who made it."""
    note_change(tx, account_id, change)
    names = list_names(tx)
    by: str | Said = names.get(tx.actor.id) or say("the operator of the installation")
    cause = derive_id("factor", account_id, change, tx.now.isoformat())
    account = get_account(tx, account_id)
    send(tx, "told-of-change", account, cause, at=tx.now, change=CHANGES[change], by=by, link="/members/me")
