"""What the secretary does with the register. Every command can be repeated: the second time changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection as Tx

from coop.events import Event
from coop.events import members as facts
from coop.kit import journal
from coop.members import storage
from coop.members.formats import register_csv
from coop.members.model import Connection, Contract, Member, Occupancy
from coop.members.rules import overlapping
from coop.values import BadInput, CoopError, derive_id


@dataclass(frozen=True)
class ImportReceipt:
    """What an import did, or would do on a dry run."""

    import_id: str
    kind: str
    count: int
    new: bool
    dry_run: bool


def import_register(
    tx: Tx, community: str, kind: str, file_name: str, body: bytes, imported_at: datetime, *, dry_run: bool = False
) -> ImportReceipt:
    """Read a CSV file into the register and tell what is new. The same file again changes nothing.

    Raises:
        BadInput: the file has bad lines; all are named and nothing was read.
    """
    import_id = derive_id("import", community, kind, body.hex())
    before = storage.find_import(tx, community, import_id)
    if before and not before.undone_at:
        return ImportReceipt(import_id, kind, before.record_count, new=False, dry_run=dry_run)
    if before:
        raise CoopError("import-undone", "this very file was imported and undone; change it before you import it again")
    records = register_csv.decode(body, kind, community, storage.ids_by_number(tx, community))
    occupancies = [record for record in records if isinstance(record, Occupancy)]
    _refuse_overlap(tx, occupancies)
    if not dry_run:
        storage.add_import(tx, community, import_id, kind, file_name, len(records), imported_at)
        storage.add_members(tx, community, [r for r in records if isinstance(r, Member)], import_id)
        storage.add_connections(tx, community, [r for r in records if isinstance(r, Connection)], import_id)
        storage.add_occupancies(tx, occupancies, import_id)
        storage.add_contracts(tx, community, [r for r in records if isinstance(r, Contract)], import_id)
        journal.append(tx, _facts(tx, community, records), community)
    return ImportReceipt(import_id, kind, len(records), new=True, dry_run=dry_run)


def undo_import(tx: Tx, community: str, import_id: str, undone_at: datetime) -> int:
    """Take out what an import brought and tell that it never was; returns how many records went.

    What was told cannot be untold: members leave, connections close and contracts end on the day they began.

    Raises:
        CoopError: there is no such import, it was undone already, or other records stand on it.
    """
    found = storage.find_import(tx, community, import_id)
    if found is None:
        raise CoopError("no-such-import", f"there is no import {import_id}")
    if found.undone_at:
        return 0
    if built_on := storage.count_built_on(tx, import_id):
        raise CoopError("import-in-use", f"{built_on} other records stand on this import; undo those first")
    events: list[Event] = [
        facts.MemberLeft(member_id=row.member_id, left_on=row.joined_on)
        for row in storage.of_import(tx, storage.member, import_id)
    ]
    events += [
        facts.ConnectionClosed(connection_id=row.connection_id, member_id=row.member_id, closed_on=row.opened_on)
        for row in storage.of_import(tx, storage.occupancy, import_id)
    ]
    events += [
        facts.ContractEnded(contract_id=row.contract_id, ends_on=row.starts_on)
        for row in storage.of_import(tx, storage.contract, import_id)
    ]
    storage.delete_import(tx, import_id)
    storage.mark_undone(tx, import_id, undone_at)
    journal.append(tx, events, community)
    return int(found.record_count)


def end_membership(tx: Tx, community: str, member_id: str, left_on: date) -> None:
    """End a membership and all that hangs on it: contracts end and connections are given up on the same day.

    Raises:
        CoopError: no such member, or the date lies before the joining.
    """
    found = storage.find_member(tx, community, member_id)
    if found is None:
        raise CoopError("no-such-member", f"there is no member {member_id}")
    if found.left_on == left_on:
        return
    if found.left_on is not None or left_on < found.joined_on:
        raise CoopError(
            "cannot-leave", f"member {found.number} joined on {found.joined_on} and left on {found.left_on}"
        )
    events: list[Event] = [facts.MemberLeft(member_id=member_id, left_on=left_on)]
    storage.set_left(tx, member_id, left_on)
    for held in storage.holdings(tx, member_id):
        if held.closed_on is None:
            storage.set_closed(tx, held.connection_id, held.opened_on, left_on)
            events.append(
                facts.ConnectionClosed(connection_id=held.connection_id, member_id=member_id, closed_on=left_on)
            )
    for contract in storage.contracts(tx, member_id):
        if contract.ends_on is None:
            storage.set_ended(tx, contract.contract_id, left_on)
            events.append(facts.ContractEnded(contract_id=contract.contract_id, ends_on=left_on))
    journal.append(tx, events, community)


def _refuse_overlap(tx: Tx, incoming: Sequence[Occupancy]) -> None:
    if not incoming:
        return
    standing = [
        Occupancy(row.connection_id, row.member_id, row.opened_on, row.closed_on)
        for row in storage.occupancies(tx, {occupancy.connection_id for occupancy in incoming})
    ]
    if problems := overlapping({*standing, *incoming}):
        raise BadInput(problems)


def _facts(tx: Tx, community: str, records: Sequence[register_csv.Record]) -> list[Event]:
    told: list[Event] = []
    places = {
        row.connection_id: row
        for row in tx.execute(storage.connection.select().where(storage.connection.c.community == community))
    }
    for record in records:
        match record:
            case Member():
                told.append(
                    facts.MemberAdmitted(member_id=record.member_id, kind=record.kind, joined_on=record.joined_on)
                )
                if record.left_on:
                    told.append(facts.MemberLeft(member_id=record.member_id, left_on=record.left_on))
            case Occupancy():
                place = places[record.connection_id]
                told.append(
                    facts.ConnectionOpened(
                        connection_id=record.connection_id,
                        member_id=record.member_id,
                        building_id=place.building,
                        kind=place.kind,
                        opened_on=record.opened_on,
                    )
                )
                if record.closed_on:
                    told.append(
                        facts.ConnectionClosed(
                            connection_id=record.connection_id, member_id=record.member_id, closed_on=record.closed_on
                        )
                    )
            case Contract():
                told.append(_signed(record))
                if record.ends_on:
                    told.append(facts.ContractEnded(contract_id=record.contract_id, ends_on=record.ends_on))
            case Connection():
                pass  # a place is told of when somebody takes it over
    return told


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
