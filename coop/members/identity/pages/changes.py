"""Changes of an account, with the names of those who made them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.texts import CHANGES, WHO


def list_changes(tx: Tx, account_id: str, limit: int = 20) -> list[tuple[datetime, str, str]]:
    """List the newest changes of an account: when, a text to translate, and the name of whoever made it."""
    names = store.list_names(tx)
    return [
        (change.changed_at, CHANGES[change.change], _name(names, change.actor))
        for change in store.list_changes(tx, account_id, limit)
    ]


def _name(names: Mapping[str, str], actor: str) -> str:
    kind, _, account_id = actor.partition(":")
    if kind in WHO:
        return WHO[kind]
    return names.get(account_id, actor)
