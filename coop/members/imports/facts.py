"""The facts that a record of the register becomes, and those that take it back."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date

from coop.events import Event
from coop.members.connections.facts import announce_closing, announce_description, announce_hold
from coop.members.connections.model import Connection, Occupancy
from coop.members.contracts.facts import announce_contract, announce_end, announce_gas_bills, announce_parties
from coop.members.contracts.model import Contract
from coop.members.imports.model import Entry, Record, Update
from coop.members.imports.rules import is_held_anew, is_signed_anew
from coop.members.register.facts import announce_change, announce_leaving, announce_member
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


def announce_update(update: Update, number: int, today: date, connections: Mapping[str, Connection]) -> list[Event]:
    """Announce what a record became; names, addresses and codes are told to nobody.

    Args:
        update: what became of a record.
        number: that of the newest change of it.
        today: the day from which another kind, or other votes, hold.
        connections: all that are registered, by id.
    """
    fields = {difference.field for difference in update.differences}
    match update.before, update.after:
        case Member(), Member() as member:
            return _announce_member_update(fields, member, number, today)
        case Connection(), Connection() as connection:
            return [announce_description(connection, number)] if fields & {"building", "kind"} else []
        case Occupancy() as before, Occupancy() as after:
            if is_held_anew(update):
                hold = announce_hold(after, connections[after.connection_id])
                return [announce_closing(before, before.opened_on, number), *hold]
            return [announce_closing(after, after.closed_on, number)]
        case Contract() as signed, Contract() as contract:
            return _announce_contract_update(update, signed, contract, number, today)
    raise TypeError(f"{update.key} cannot become another noun")


def _announce_member_update(fields: Set[str], member: Member, number: int, today: date) -> list[Event]:
    changed = [announce_change(member, number, today)] if fields & {"kind", "votes"} else []
    left = [announce_leaving(member.member_id, member.left_on, number)] if "left_on" in fields else []
    return [*changed, *left]


def _announce_contract_update(
    update: Update, before: Contract, after: Contract, number: int, today: date
) -> list[Event]:
    if is_signed_anew(update):
        return [announce_end(before.contract_id, before.starts_on, number), *announce_contract(after)]
    fields = {difference.field for difference in update.differences}
    events: list[Event] = []
    if any(field.startswith("gas_") for field in fields):
        events.append(announce_gas_bills(after, number, today))
    if fields & {"payer", "joint"}:
        events.append(announce_parties(after, number))
    if "ends_on" in fields:
        events.append(announce_end(after.contract_id, after.ends_on, number))
    return events


def retract(entry: Entry, number: int) -> list[Event]:
    """Announce that a record never was: it ended on the day it began. ``number`` is above that of all its changes."""
    if entry.since is None:
        return []
    match entry.noun:
        case "member":
            return [announce_leaving(entry.record_id, entry.since, number)]
        case "contract":
            return [announce_end(entry.record_id, entry.since, number)]
        case _:
            return [announce_closing(_hold(entry, entry.since), entry.since, number)]


def _hold(entry: Entry, opened_on: date) -> Occupancy:
    return Occupancy(entry.record_id, entry.member_id, opened_on, registration=entry.registration)
