"""The facts that a record of the register becomes, and those that take it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from coop.events import Event
from coop.events import members as facts
from coop.members.model import Connection, Contract, Member, Occupancy, Record
from coop.members.storage.imports import Brought


def tell_of(record: Record, places: Mapping[str, Connection]) -> list[Event]:
    """What others hear of a new record; ``places`` are the connections by id."""
    match record:
        case Member():
            told: list[Event] = [
                facts.MemberAdmitted(member_id=record.member_id, kind=record.kind, joined_on=record.joined_on)
            ]
            if record.left_on:
                told.append(facts.MemberLeft(member_id=record.member_id, left_on=record.left_on))
        case Occupancy():
            place = places[record.connection_id]
            told = [
                facts.ConnectionOpened(
                    connection_id=record.connection_id,
                    member_id=record.member_id,
                    building_id=place.building,
                    kind=place.kind,
                    opened_on=record.opened_on,
                    registration=record.registration,
                )
            ]
            if record.closed_on:
                told.append(closed(record, record.closed_on))
        case Contract():
            told = [_signed(record)]
            if record.ends_on:
                told.append(facts.ContractEnded(contract_id=record.contract_id, ends_on=record.ends_on))
        case Connection():
            told = []  # a place is told of when somebody takes it over
    return told


def untell(record: Brought) -> list[Event]:
    """What others hear when a record turns out never to have been: it ended on the day it began."""
    if record.since is None:
        return []
    match record.noun:
        case "member":
            return [facts.MemberLeft(member_id=record.record_id, left_on=record.since)]
        case "contract":
            return [facts.ContractEnded(contract_id=record.record_id, ends_on=record.since)]
        case _:
            return [
                facts.ConnectionClosed(
                    connection_id=record.record_id,
                    member_id=record.member_id,
                    closed_on=record.since,
                    registration=record.registration,
                )
            ]


def closed(occupancy: Occupancy, closed_on: date) -> facts.ConnectionClosed:
    """That a hold on a connection ends."""
    return facts.ConnectionClosed(
        connection_id=occupancy.connection_id,
        member_id=occupancy.member_id,
        closed_on=closed_on,
        registration=occupancy.registration,
    )


def _signed(contract: Contract) -> facts.ContractSigned:
    return facts.ContractSigned(
        contract_id=contract.contract_id,
        member_id=contract.member_id,
        connection_id=contract.connection_id,
        starts_on=contract.starts_on,
        tariff_clause=contract.tariff_clause,
        reference=tuple(
            facts.GasYear(year=bill.year, gas_m3=bill.gas_m3, amount_cents=bill.amount_cents)
            for bill in contract.gas_bills
        ),
    )
