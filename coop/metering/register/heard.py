"""Facts of others: who holds which connection, under which contract. Closed periods that were computed with something
else are found by comparing (``periods.grounds``), so hearing marks nothing."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.members import ConnectionClosed, ConnectionOpened, ContractEnded, ContractSigned
from coop.kit.tx import Tx
from coop.metering.register.tables import connection_closed, connection_opened, contract_ended, contract_signed

_HOLD = ("community", "connection_id", "member_id", "opened_on", "registration")


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
    tx.insert_new(connection_opened, [row], _HOLD)


def on_connection_closed(tx: Tx, event: ConnectionClosed, envelope: Envelope) -> None:
    """Remember who gave a connection up, or did not; its opening may still be on its way."""
    row = {
        "community": tx.community,
        "connection_id": event.connection_id,
        "member_id": event.member_id,
        "opened_on": event.opened_on,
        "registration": event.registration,
        "number": event.number,
        "closed_on": event.closed_on,
    }
    tx.insert_new(connection_closed, [row], [*_HOLD, "number"])


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
    row = {
        "community": tx.community,
        "contract_id": event.contract_id,
        "number": event.number,
        "ends_on": event.ends_on,
    }
    tx.insert_new(contract_ended, [row], ["community", "contract_id", "number"])
