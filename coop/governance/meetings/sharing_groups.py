"""Groups that share energy, of which governance hears, so that no key goes to the vote that could not divide."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, or_, select

from coop.events.metering import EVERYBODY, SharingSpell
from coop.governance.tables.meetings import metered_connection, sharing_group, sharing_spell
from coop.kit.tx import Tx


def keep_group(tx: Tx, group_id: str, position: int, spells: Collection[SharingSpell]) -> None:
    """Keep who shares in a group, as the fact at a position of its chain told; the same again changes nothing."""
    told = {"community": tx.community, "group_id": group_id, "position": position}
    tx.insert_new(sharing_group, [told], list(told))
    rows = [{**told, **spell.model_dump()} for spell in spells]
    tx.insert_new(sharing_spell, rows, [*told, "connection_id", "joins_on"])


def keep_metered(tx: Tx, connection_id: str, position: int, metered: bool) -> None:
    """Keep whether a connection has an electricity meter; the same again changes nothing."""
    told = {"community": tx.community, "connection_id": connection_id, "position": position}
    tx.insert_new(metered_connection, [{**told, "metered": metered}], list(told))


def list_groups(tx: Tx) -> list[str]:
    """Groups that were told of, by name."""
    group = sharing_group.c
    named = select(group.group_id).where(group.community == tx.community).distinct().order_by(group.group_id)
    return list(tx.execute(named).scalars())


def find_sharers(tx: Tx, group_id: str, day: date) -> set[str] | None:
    """Connections that share in a group on a day, by what was told last; None where there is no such group."""
    group, spell = sharing_group.c, sharing_spell.c
    position = tx.scalar(
        select(func.max(group.position)).where(group.community == tx.community, group.group_id == group_id)
    )
    if position is None:
        return None
    named = select(spell.connection_id).where(
        spell.community == tx.community,
        spell.group_id == group_id,
        spell.position == position,
        spell.joins_on <= day,
        or_(spell.leaves_on.is_(None), spell.leaves_on > day),
    )
    sharers = set(tx.execute(named).scalars())
    return _list_metered(tx) if EVERYBODY in sharers else sharers


def _list_metered(tx: Tx) -> set[str]:
    columns = metered_connection.c
    query = (
        select(columns.connection_id, columns.metered)
        .where(columns.community == tx.community)
        .order_by(columns.position)
    )
    metered: set[str] = set()
    for connection_id, is_metered in tx.execute(query):
        (metered.add if is_metered else metered.discard)(connection_id)
    return metered
