"""The facts that a record of the register becomes, and those that take it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from coop.events import Event
from coop.members.connections.facts import announce_closing, announce_hold
from coop.members.connections.model import Connection, Occupancy
from coop.members.contracts.facts import announce_contract, announce_end
from coop.members.contracts.model import Contract
from coop.members.imports.model import Entry, Record
from coop.members.register.facts import announce_leaving, announce_member
from coop.members.register.model import Member


def announce(record: Record, connections: Mapping[str, Connection]) -> list[Event]:
    """Announce a new record; ``connections`` are all that are registered, by id."""
    match record:
        case Member():
            return announce_member(record)
        case Occupancy():
            return announce_hold(record, connections[record.connection_id])
        case Contract():
            return announce_contract(record)
        case Connection():
            return []


def retract(entry: Entry) -> list[Event]:
    """Announce that a record never was: it ended on the day it began."""
    if entry.since is None:
        return []
    match entry.noun:
        case "member":
            return [announce_leaving(entry.record_id, entry.since)]
        case "contract":
            return [announce_end(entry.record_id, entry.since)]
        case _:
            return [announce_closing(_hold(entry, entry.since), entry.since)]


def _hold(entry: Entry, opened_on: date) -> Occupancy:
    return Occupancy(entry.record_id, entry.member_id, opened_on, registration=entry.registration)
