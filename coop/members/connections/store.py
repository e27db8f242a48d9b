"""Connections and holds as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update

from coop.kit.rows import columns_of, insert_nouns, row_of, select_as
from coop.kit.tx import Tx
from coop.members.connections.model import Connection, Occupancy
from coop.members.tables import connection, occupancy


def list_connections(tx: Tx) -> list[Connection]:
    """List all connections by number."""
    return select_as(tx, Connection, connection, order_by=[connection.c.number])


def list_occupancies(tx: Tx) -> list[Occupancy]:
    """List who held which connection, oldest first."""
    return select_as(tx, Occupancy, occupancy, order_by=[occupancy.c.connection_id, occupancy.c.opened_on])


def list_holds(tx: Tx, member_id: str) -> list[tuple[Connection, Occupancy]]:
    """List the connections that a member holds or held, with their dates."""
    columns = columns_of(Connection, connection)
    query = (
        select(*columns, *columns_of(Occupancy, occupancy))
        .join(
            occupancy,
            (occupancy.c.community == connection.c.community)
            & (occupancy.c.connection_id == connection.c.connection_id),
        )
        .where(occupancy.c.community == tx.community, occupancy.c.member_id == member_id)
        .order_by(occupancy.c.opened_on, connection.c.number)
    )
    return [(Connection(*row[: len(columns)]), Occupancy(*row[len(columns) :])) for row in tx.execute(query)]


def add_connections(tx: Tx, connections: Sequence[Connection], import_id: str) -> None:
    """Add the connections that an import brought."""
    insert_nouns(tx, connection, connections, import_id=import_id)


def add_occupancies(tx: Tx, occupancies: Sequence[Occupancy], import_id: str) -> None:
    """Add the holds that an import brought."""
    insert_nouns(tx, occupancy, occupancies, import_id=import_id)


def change_connection(tx: Tx, changed: Connection) -> None:
    """Keep a connection as it is now."""
    tx.execute(
        update(connection)
        .where(connection.c.community == tx.community, connection.c.connection_id == changed.connection_id)
        .values(row_of(tx, changed))
    )


def replace_occupancy(tx: Tx, before: Occupancy, after: Occupancy) -> None:
    """Keep a hold as it is now."""
    tx.execute(
        update(occupancy)
        .where(
            occupancy.c.community == tx.community,
            occupancy.c.connection_id == before.connection_id,
            occupancy.c.opened_on == before.opened_on,
        )
        .values(row_of(tx, after))
    )


def close_occupancy(tx: Tx, hold: Occupancy, closed_on: date) -> None:
    """End a hold."""
    tx.execute(
        update(occupancy)
        .where(
            occupancy.c.community == tx.community,
            occupancy.c.connection_id == hold.connection_id,
            occupancy.c.opened_on == hold.opened_on,
        )
        .values(closed_on=closed_on)
    )
