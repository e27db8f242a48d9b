"""Queries of leavings."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, func, select

from coop.kit.database import among
from coop.kit.tx import Tx
from coop.members.tables import import_file, occupancy
from coop.members.tables.history import heard_use
from coop.members.tables.messages import message


def find_move(tx: Tx, connection_id: str, day: date) -> str:
    """The move by which somebody came to a connection on a day; empty where nobody did."""
    held, made = occupancy.c, import_file.c
    query = (
        select(made.import_id)
        .join_from(occupancy, import_file, and_(made.community == held.community, made.import_id == held.import_id))
        .where(held.community == tx.community, held.connection_id == connection_id, held.opened_on == day)
        .where(made.kind == "move", made.undone_at.is_(None))
    )
    return tx.scalar(query) or ""


def count_measured_since(tx: Tx, connection_ids: list[str], day: date) -> int:
    """Count the measurements through these connections in periods that reach past a day."""
    columns = heard_use.c
    query = (
        select(func.count())
        .select_from(heard_use)
        .where(columns.community == tx.community, columns.period_end > day)
        .where(among(tx, columns.connection_id, connection_ids))
    )
    return tx.scalar(query) or 0


def was_told(tx: Tx, member_id: str) -> bool:
    """True where a member got a message that says they left."""
    columns = message.c
    query = select(columns.message_id).where(columns.community == tx.community, columns.member_id == member_id)
    return tx.scalar(query.where(columns.kind == "leaving-entered").limit(1)) is not None
