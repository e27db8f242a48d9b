"""Imports of the register, and undoing them. Either can be repeated: the second time changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection as Tx

from coop.kit import journal
from coop.members.formats.register_csv import Known, decode
from coop.members.model import Connection, Contract, Member, Occupancy, Record, record_id
from coop.members.rules import claim, contradictions, overlaps, same_record
from coop.members.storage import imports, register
from coop.members.telling import tell_of, untell
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id

Noun = TypeVar("Noun", Member, Connection, Occupancy, Contract)


@dataclass(frozen=True)
class ImportReceipt:
    """What an import did, or would do on a dry run: ``added`` of its ``count`` lines were not registered yet. The file
    itself is not ``new`` when it was imported before."""

    import_id: str
    kind: str
    count: int
    added: int
    new: bool
    dry_run: bool


def import_register(
    tx: Tx, community: str, kind: str, file_name: str, body: bytes, imported_at: datetime, *, dry_run: bool = False
) -> ImportReceipt:
    """Read a CSV file into the register and tell what is new. The same file again changes nothing, and a line that says
    what is registered already is passed over.

    Raises:
        BadInput: the file has bad lines; all are named and nothing was read.
        CoopError: this very file was imported and undone.
    """
    import_id = import_id_of(community, kind, body)
    before = imports.find_import(tx, community, import_id)
    if before and before.undone_at:
        # Taken again it would bring everything back whenever a program repeats an old request.
        raise CoopError("import-undone", "this very file was imported and undone; a file with any change in it is new")
    if before:
        return ImportReceipt(import_id, kind, before.record_count, before.added_count, new=False, dry_run=dry_run)
    registered = _registered(tx, community)
    decoded = decode(body, kind, _known(tx, community, registered))
    added, problems = _compare(tx, decoded.records, registered)
    if problems := sorted([*decoded.problems, *problems], key=lambda problem: problem.line or 0):
        raise BadInput(problems)
    receipt = ImportReceipt(import_id, kind, len(decoded.records), len(added), new=True, dry_run=dry_run)
    if not dry_run:
        made = imports.Import(import_id, kind, file_name[:200], receipt.count, receipt.added, imported_at)
        imports.add_import(tx, community, made)
        register.add_members(tx, community, _only(Member, added), import_id)
        register.add_connections(tx, community, _only(Connection, added), import_id)
        register.add_occupancies(tx, community, _only(Occupancy, added), import_id)
        register.add_contracts(tx, community, _only(Contract, added), import_id)
        places = {place.connection_id: place for place in _only(Connection, registered)}
        journal.append(tx, [fact for record in added for fact in tell_of(record, places)], community)
    return receipt


def undo_import(tx: Tx, community: str, import_id: str, undone_at: datetime) -> int:
    """Take out what an import brought and tell that it never was; returns how many records that are.

    What was told cannot be untold: members leave, connections close and contracts end on the day they began.

    Raises:
        NotFound: there is no such import.
        CoopError: other records stand on it.
    """
    found = imports.find_import(tx, community, import_id)
    if found is None:
        raise NotFound(f"there is no import {import_id}")
    if found.undone_at is None:
        if built_on := imports.count_built_on(tx, import_id):
            raise CoopError("import-in-use", f"{built_on} other records stand on this import; undo those first")
        records = imports.brought(tx, import_id)
        imports.withdraw(tx, community, import_id, records)
        imports.mark_undone(tx, import_id, undone_at)
        journal.append(tx, [fact for record in records for fact in untell(record)], community)
    return found.added_count


def import_id_of(community: str, kind: str, body: bytes) -> str:
    """Id of the import of these very bytes, by which a repeat is known."""
    return derive_id("import", community, kind, hashlib.sha256(body).hexdigest())


def _registered(tx: Tx, community: str) -> list[Record]:
    return [
        *register.members(tx, community),
        *register.connections(tx, community),
        *register.occupancies(tx, community),
        *register.contracts(tx, community),
    ]


def _known(tx: Tx, community: str, registered: Sequence[Record]) -> Known:
    ids = {("member", member.number): member.member_id for member in _only(Member, registered)}
    ids |= {("connection", place.number): place.connection_id for place in _only(Connection, registered)}
    ids |= {("contract", contract.number): contract.contract_id for contract in _only(Contract, registered)}
    return Known(community, ids, imports.withdrawn_ids(tx, community))


def _compare(tx: Tx, incoming: dict[int, Record], registered: Sequence[Record]) -> tuple[list[Record], list[Problem]]:
    """The records that are not registered yet, and where lines contradict the register or each other."""
    standing = {same_record(record): record for record in registered}
    added: dict[int, Record] = {}
    problems: list[Problem] = []
    for line, record in incoming.items():
        known = standing.get(same_record(record))
        if known is None:
            added[line] = record
        else:
            problems += contradictions(record, known, line)
    eans = {place.ean: place.number for place in _only(Connection, registered) if place.ean}
    taken = register.ids_in_use(tx, [record_id(record) for record in added.values()])
    for line, record in added.items():
        if record_id(record) in taken:
            problems.append(Problem("another record has this id", "id", line))
        if isinstance(record, Connection) and record.ean in eans:
            problems.append(Problem(f"connection {eans[record.ean]} has this EAN code already", "ean", line))
    claims = [claim(record) for record in registered] + [claim(record, line) for line, record in added.items()]
    problems += overlaps(found for found in claims if found)
    return list(added.values()), problems


def _only(noun: type[Noun], records: Iterable[Record]) -> list[Noun]:
    return [record for record in records if isinstance(record, noun)]
