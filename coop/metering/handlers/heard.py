"""What metering hears: who holds which connection, and which allocation keys were adopted."""

from __future__ import annotations

import json

from sqlalchemy import Connection

from coop.events import Envelope
from coop.events.governance import AllocationKeyAdopted
from coop.events.members import ConnectionClosed, ConnectionOpened
from coop.kit.journal import insert_new
from coop.metering.rules.keys import Key
from coop.metering.storage.tables import allocation_key, connection_closed, connection_opened
from coop.values import CoopError, hash_parameters

_HOLD = ("community", "connection_id", "member_id", "registration")


def on_connection_opened(connection: Connection, event: ConnectionOpened, envelope: Envelope) -> None:
    """Remember who took a connection over."""
    row: dict[str, object] = {
        "community": envelope.community,
        "connection_id": event.connection_id,
        "member_id": event.member_id,
        "opened_on": event.opened_on,
        "registration": event.registration,
        "building_id": event.building_id,
        "kind": event.kind,
    }
    insert_new(connection, connection_opened, [row], [*_HOLD, "opened_on"])


def on_connection_closed(connection: Connection, event: ConnectionClosed, envelope: Envelope) -> None:
    """Remember who gave a connection up; its opening may still be on its way."""
    row: dict[str, object] = {
        "community": envelope.community,
        "connection_id": event.connection_id,
        "member_id": event.member_id,
        "closed_on": event.closed_on,
        "registration": event.registration,
    }
    insert_new(connection, connection_closed, [row], [*_HOLD, "closed_on"])


def on_allocation_key_adopted(connection: Connection, event: AllocationKeyAdopted, envelope: Envelope) -> None:
    """Remember a key, if it is the one of which the members had notice.

    Raises:
        CoopError: its parameters are not those of the notice or of the resolution.
        BadInput: they are no allocation key.
    """
    if not hash_parameters(event.parameters) == event.parameters_hash == event.notice_hash:
        raise CoopError("key-not-as-noticed", f"the parameters of key {event.key_id} are not those of its notice")
    Key.read(event.parameters)
    row: dict[str, object] = {
        "community": envelope.community,
        "key_id": event.key_id,
        "group_id": event.group_id,
        "resolution_id": event.resolution_id,
        "valid_from": event.valid_from,
        "decided_on": event.decided_on,
        "parameters": json.dumps(event.parameters, sort_keys=True),
        "parameters_hash": event.parameters_hash,
        "notice_hash": event.notice_hash,
    }
    insert_new(connection, allocation_key, [row], ["community", "key_id"])
