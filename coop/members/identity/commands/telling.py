"""Word to the owner of an account of what was changed in it, when and by whom."""

from __future__ import annotations

from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.model import Account
from coop.members.messages.commands import send
from coop.values import Said, derive_id, say

OWN_PAGE = "/members/me"


def tell_owner(tx: Tx, account: Account, change: Said) -> None:
    """Tell the owner of an account that something in it was changed."""
    send(
        tx,
        "told-of-change",
        account,
        derive_id("change", account.account_id, tx.now.isoformat(), change),
        at=tx.now,
        change=change,
        by=_name_actor(tx, account),
        link=OWN_PAGE,
    )


def _name_actor(tx: Tx, account: Account) -> Said:
    if tx.actor.kind != "account":
        return say("whoever runs the installation")
    if tx.actor.id == account.account_id:
        return say("yourself")
    other = store.find_account(tx, tx.actor.id)
    return say("%(name)s of the co-operative", name=other.name if other else tx.actor.id)
