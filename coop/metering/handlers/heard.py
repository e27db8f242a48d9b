"""Facts of others: who holds which connection, under which contract, and which allocation keys were adopted."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.governance import AllocationKeyAdopted
from coop.events.members import ConnectionClosed, ConnectionOpened, ContractEnded, ContractSigned
from coop.kit.tx import Tx
from coop.metering.rules.keys import Key
from coop.metering.storage.tables import (
    allocation_key,
    connection_closed,
    connection_opened,
    contract_ended,
    contract_signed,
)
from coop.values import CoopError, hash_parameters, say

_HOLD = ("community", "connection_id", "member_id", "registration")


def on_connection_opened(tx: Tx, event: ConnectionOpened, envelope: Envelope) -> None:
    """Remember who took a connection over."""
    row = {
        "community": tx.community,
        "connection_id": event.connection_id,
        "member_id": event.member_id,
        "opened_on": event.opened_on,
        "registration": event.registration,
        "building_id": event.building_id,
        "kind": event.kind,
        "number": event.number,
    }
    tx.insert_new(connection_opened, [row], [*_HOLD, "opened_on"])


def on_connection_closed(tx: Tx, event: ConnectionClosed, envelope: Envelope) -> None:
    """Remember who gave a connection up; its opening may still be on its way."""
    row = {
        "community": tx.community,
        "connection_id": event.connection_id,
        "member_id": event.member_id,
        "closed_on": event.closed_on,
        "registration": event.registration,
    }
    tx.insert_new(connection_closed, [row], [*_HOLD, "closed_on"])


def on_contract_signed(tx: Tx, event: ContractSigned, envelope: Envelope) -> None:
    """Remember that heat is owed on a connection, so that one without a meter is missed."""
    row = {
        "community": tx.community,
        "contract_id": event.contract_id,
        "connection_id": event.connection_id,
        "starts_on": event.starts_on,
    }
    tx.insert_new(contract_signed, [row], ["community", "contract_id"])


def on_contract_ended(tx: Tx, event: ContractEnded, envelope: Envelope) -> None:
    """Remember until when; its signing may still be on its way."""
    row = {"community": tx.community, "contract_id": event.contract_id, "ends_on": event.ends_on}
    tx.insert_new(contract_ended, [row], ["community", "contract_id", "ends_on"])


def on_allocation_key_adopted(tx: Tx, event: AllocationKeyAdopted, envelope: Envelope) -> None:
    """Remember a key, if it is the one of which the members had notice.

    Raises:
        CoopError: its parameters are not those of the notice or of the resolution.
        BadInput: they are no allocation key.
    """
    if not hash_parameters(event.parameters) == event.parameters_hash == event.notice_hash:
        raise CoopError(
            "key-not-as-noticed",
            say("the parameters of key %(key_id)s are not those of its notice", key_id=event.key_id),
        )
    Key.read(event.parameters)
    row = {
        "community": tx.community,
        "key_id": event.key_id,
        "group_id": event.group_id,
        "resolution_id": event.resolution_id,
        "valid_from": event.valid_from,
        "decided_on": event.decided_on,
        "parameters": event.parameters,
        "parameters_hash": event.parameters_hash,
        "notice_hash": event.notice_hash,
    }
    tx.insert_new(allocation_key, [row], ["community", "key_id"])
