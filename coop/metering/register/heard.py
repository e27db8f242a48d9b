"""Facts of others: who holds which connection, under which contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from coop.events import Envelope
from coop.events.members import ConnectionClosed, ConnectionOpened, ContractEnded, ContractSigned
from coop.kit.tx import Tx
from coop.metering.heard_tables import connection_closed, connection_opened, contract_ended, contract_signed
from coop.metering.model import Occupancy
from coop.metering.register.closed import PUT_RIGHT, mark_told
from coop.metering.register.store import list_occupancies

_HOLD = ("community", "connection_id", "member_id", "opened_on", "registration")


def on_connection_opened(tx: Tx, event: ConnectionOpened, envelope: Envelope) -> None:
    """Remember who took a connection over. What that changes of a closed period waits for a correction."""
    before = list_occupancies(tx, connection_id=event.connection_id)
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
    _mark_changed(tx, envelope, event.connection_id, before)


def on_connection_closed(tx: Tx, event: ConnectionClosed, envelope: Envelope) -> None:
    """Remember who gave a connection up, or did not; its opening may still be on its way. What that changes of a closed
    period waits for a correction."""
    before = list_occupancies(tx, connection_id=event.connection_id)
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
    _mark_changed(tx, envelope, event.connection_id, before)


def _mark_changed(tx: Tx, envelope: Envelope, connection_id: str, before: Sequence[Occupancy]) -> None:
    """Let the closed periods wait for a correction in which somebody else held a connection than was known."""
    ends_before = {(hold.member_id, hold.start): hold.end or date.max for hold in before}
    now = list_occupancies(tx, connection_id=connection_id)
    ends_now = {(hold.member_id, hold.start): hold.end or date.max for hold in now}
    for member_id, start in sorted(ends_before.keys() | ends_now.keys()):
        end, other = (ends.get((member_id, start), start) for ends in (ends_before, ends_now))
        if end != other:
            mark_told(tx, envelope, connection_id, PUT_RIGHT, min(end, other), max(end, other))


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
