"""Stands of a move as they are kept, until somebody entered them at the meters."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update

from coop.kit.rows import row_of, select_as
from coop.kit.tx import Tx
from coop.members.entry.model import Stands
from coop.members.tables.register import connection, move_stands
from coop.values import NotFound


def keep_stands(tx: Tx, stands: Stands) -> None:
    """Keep the stands of a move; the first ones stand."""
    row = row_of(tx, stands, recorded_at=tx.now, recorded_by=str(tx.actor))
    tx.insert_new(move_stands, [row], ["community", "connection_id", "read_on"])


def list_waiting(tx: Tx) -> list[tuple[Stands, str, str]]:
    """List the stands that nobody entered yet, oldest first, each with number and address of its connection."""
    columns = move_stands.c
    waiting = select_as(tx, Stands, move_stands, columns.entered_at.is_(None), order_by=[columns.read_on])
    places = {
        row.connection_id: (row.number, row.address)
        for row in tx.execute(
            select(connection.c.connection_id, connection.c.number, connection.c.address).where(
                connection.c.community == tx.community
            )
        )
    }
    return [(stands, *places.get(stands.connection_id, ("–", "–"))) for stands in waiting]


def mark_entered(tx: Tx, connection_id: str, read_on: date) -> None:
    """Note that somebody entered the stands of a move; the first who did stands.

    Raises:
        NotFound: there are no such stands.
    """
    columns = move_stands.c
    these = columns.community == tx.community, columns.connection_id == connection_id, columns.read_on == read_on
    if tx.scalar(select(columns.read_on).where(*these)) is None:
        raise NotFound
    values = {"entered_at": tx.now, "entered_by": str(tx.actor)}
    tx.execute(update(move_stands).where(*these, columns.entered_at.is_(None)).values(values))
