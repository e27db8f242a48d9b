"""The register comes in from files, and goes out again when an import is undone. Given again, a command changes
nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from coop.kit.tx import Tx
from coop.members.connections.model import Connection, Occupancy
from coop.members.connections.store import add_connections, add_occupancies, list_connections, list_occupancies
from coop.members.contracts.model import Contract
from coop.members.contracts.store import add_contracts, list_contracts
from coop.members.imports import store
from coop.members.imports.facts import announce, retract
from coop.members.imports.formats.register_csv import Registered, decode
from coop.members.imports.model import Import, Receipt, Record, id_of
from coop.members.imports.rules import claim_of, find_contradictions, find_overlaps, identify
from coop.members.register.commands import LOCK
from coop.members.register.model import Member
from coop.members.register.store import add_members, list_members
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id

Noun = TypeVar("Noun", Member, Connection, Occupancy, Contract)


def import_register(tx: Tx, kind: str, file_name: str, body: bytes, *, dry_run: bool = False) -> Receipt:
    """Read a CSV file into the register and tell what is new. The same file again changes nothing, and a line that says
    what is registered already is passed over.

    Raises:
        BadInput: the file has bad lines; all are named and nothing was read.
        CoopError: this very file was imported and undone.
    """
    tx.lock(LOCK)
    import_id = import_id_of(tx.community, kind, body)
    before = store.find_import(tx, import_id)
    if before and before.undone_at:
        # Taken again it would bring everything back whenever a program repeats an old request.
        raise CoopError("import-undone", "this very file was imported and undone; a file with any change in it is new")
    if before:
        return Receipt(import_id, kind, before.record_count, before.added_count, new=False, dry_run=dry_run)
    registered = _list_registered(tx)
    decoded = decode(body, kind, _index(tx, registered))
    added, problems = _compare(tx, decoded.records, registered)
    if problems := sorted([*decoded.problems, *problems], key=lambda problem: problem.line or 0):
        raise BadInput(problems)
    receipt = Receipt(import_id, kind, len(decoded.records), len(added), new=True, dry_run=dry_run)
    if not dry_run:
        _save(tx, receipt, file_name, added, registered)
    return receipt


def _save(tx: Tx, receipt: Receipt, file_name: str, added: Sequence[Record], registered: Sequence[Record]) -> None:
    import_id = receipt.import_id
    store.add_import(
        tx,
        Import(import_id, receipt.kind, file_name[:200], receipt.count, receipt.added, tx.now, str(tx.actor)),
    )
    add_members(tx, _only(Member, added), import_id)
    add_connections(tx, _only(Connection, added), import_id)
    add_occupancies(tx, _only(Occupancy, added), import_id)
    add_contracts(tx, _only(Contract, added), import_id)
    connections = {connection.connection_id: connection for connection in _only(Connection, registered)}
    tx.tell(*(fact for record in added for fact in announce(record, connections)))


def undo_import(tx: Tx, import_id: str) -> int:
    """Take out what an import brought and tell that it never was; returns how many records that are.

    What was told cannot be untold: members leave, connections close and contracts end on the day they began.

    Raises:
        NotFound: there is no such import.
        CoopError: other records stand on it.
    """
    tx.lock(LOCK)
    before = store.find_import(tx, import_id)
    if before is None:
        raise NotFound(f"there is no import {import_id}")
    if before.undone_at is None:
        if built_on := store.count_built_on(tx, import_id):
            raise CoopError("import-in-use", f"{built_on} other records stand on this import; undo those first")
        entries = store.list_entries(tx, import_id)
        store.withdraw(tx, import_id, entries)
        store.mark_undone(tx, import_id)
        tx.tell(*(fact for entry in entries for fact in retract(entry)))
    return before.added_count


def import_id_of(community: str, kind: str, body: bytes) -> str:
    """Derive the id of the import of these very bytes, by which a repeat is recognised."""
    return derive_id("import", community, kind, hashlib.sha256(body).hexdigest())


def _list_registered(tx: Tx) -> list[Record]:
    return [*list_members(tx), *list_connections(tx), *list_occupancies(tx), *list_contracts(tx)]


def _index(tx: Tx, registered: Sequence[Record]) -> Registered:
    ids = {("member", member.number): member.member_id for member in _only(Member, registered)}
    ids |= {("connection", c.number): c.connection_id for c in _only(Connection, registered)}
    ids |= {("contract", contract.number): contract.contract_id for contract in _only(Contract, registered)}
    return Registered(tx.community, ids, store.list_withdrawn_ids(tx))


def _compare(
    tx: Tx, incoming: Mapping[int, Record], registered: Sequence[Record]
) -> tuple[list[Record], list[Problem]]:
    """Pick the records that are not registered yet, and find where lines contradict the register or each other."""
    counterparts = {identify(record): record for record in registered}
    added: dict[int, Record] = {}
    problems: list[Problem] = []
    for line, record in incoming.items():
        counterpart = counterparts.get(identify(record))
        if counterpart is None:
            added[line] = record
        else:
            problems += find_contradictions(record, counterpart, line)
    eans = {connection.ean: connection.number for connection in _only(Connection, registered) if connection.ean}
    used = store.list_ids_in_use(tx, [id_of(record) for record in added.values()])
    for line, record in added.items():
        if id_of(record) in used:
            problems.append(Problem("another record has this id", "id", line))
        if isinstance(record, Connection) and record.ean in eans:
            problems.append(Problem(f"connection {eans[record.ean]} has this EAN code already", "ean", line))
    claims = [claim_of(record) for record in registered] + [claim_of(record, line) for line, record in added.items()]
    problems += find_overlaps(claim for claim in claims if claim)
    return list(added.values()), problems


def _only(noun: type[Noun], records: Iterable[Record]) -> list[Noun]:
    return [record for record in records if isinstance(record, noun)]
