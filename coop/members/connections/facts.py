"""Facts of connections: somebody took one over, or gave it up."""

from __future__ import annotations

from datetime import date

from coop.events import Event
from coop.events.members import ConnectionClosed, ConnectionDescribed, ConnectionOpened
from coop.members.connections.model import Connection, Occupancy


def announce_hold(hold: Occupancy, connection: Connection) -> list[Event]:
    """Announce a new hold, and its end where it has one. A connection is told of when somebody takes it over."""
    opened = ConnectionOpened(
        connection_id=hold.connection_id,
        member_id=hold.member_id,
        building_id=connection.building,
        kind=connection.kind,
        opened_on=hold.opened_on,
        registration=hold.registration,
        number=connection.number,
    )
    return [opened, announce_closing(hold, hold.closed_on, 0)] if hold.closed_on else [opened]


def announce_description(connection: Connection, number: int) -> Event:
    """Announce the building and the kind of a connection that was entered wrongly."""
    return ConnectionDescribed(
        connection_id=connection.connection_id, number=number, building_id=connection.building, kind=connection.kind
    )


def announce_closing(hold: Occupancy, closed_on: date | None, number: int) -> Event:
    """Announce the end of a hold, or that it goes on (None); one that ended on the day it opened never was."""
    return ConnectionClosed(
        connection_id=hold.connection_id,
        member_id=hold.member_id,
        opened_on=hold.opened_on,
        closed_on=closed_on,
        registration=hold.registration,
        number=number,
    )
