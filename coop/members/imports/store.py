"""Imports as they are kept, and what undoing one takes out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Select, Table, delete, func, literal, null, select, update

from coop.kit.database import among
from coop.kit.rows import columns_of, find_by, insert_nouns, row_of
from coop.kit.tx import Tx
from coop.members.imports.model import Entry, FileDraft, Import, name_hold
from coop.members.tables import connection, contract, gas_bill, import_file, member, metadata, occupancy, withdrawn
from coop.members.tables.history import contract_party, import_draft

_IDS = {"member": member.c.member_id, "connection": connection.c.connection_id, "contract": contract.c.contract_id}


def add_import(tx: Tx, made: Import) -> None:
    """Remember an import."""
    insert_nouns(tx, import_file, [made])


def find_import(tx: Tx, import_id: str) -> Import | None:
    """Find one import."""
    return find_by(tx, Import, import_file, import_id=import_id)


def list_imports(tx: Tx, limit: int = 50) -> list[Import]:
    """List the newest imports first."""
    query = select(*columns_of(Import, import_file)).where(import_file.c.community == tx.community)
    newest = query.order_by(import_file.c.imported_at.desc(), import_file.c.import_id).limit(limit)
    return [Import(*row) for row in tx.execute(newest)]


def mark_undone(tx: Tx, import_id: str) -> None:
    """Remember that an import was undone, and by whom."""
    tx.execute(
        update(import_file)
        .where(import_file.c.community == tx.community, import_file.c.import_id == import_id)
        .values(undone_at=tx.now, undone_by=str(tx.actor))
    )


def keep_draft(tx: Tx, draft: FileDraft) -> None:
    """Keep a file that somebody looks at, and forget those of more than a day ago."""
    columns = import_draft.c
    tx.execute(
        delete(import_draft).where(columns.community == tx.community, columns.made_at < tx.now - timedelta(days=1))
    )
    tx.insert_new(import_draft, [row_of(tx, draft)], ["community", "draft_id"])


def find_draft(tx: Tx, draft_id: str) -> FileDraft | None:
    """Find a file that somebody looks at."""
    return find_by(tx, FileDraft, import_draft, draft_id=draft_id)


def forget_draft(tx: Tx, draft_id: str) -> None:
    """Forget a file that was looked at."""
    columns = import_draft.c
    tx.execute(delete(import_draft).where(columns.community == tx.community, columns.draft_id == draft_id))


def list_ids_in_use(tx: Tx, ids: Collection[str]) -> set[str]:
    """List which of these ids some member, connection or contract has."""
    used: set[str] = set()
    for column in _IDS.values():
        used.update(tx.scalars(select(column).where(column.table.c.community == tx.community, among(tx, column, ids))))
    return used


def count_built_on(tx: Tx, import_id: str) -> int:
    """Count the records, accounts included, that refer to the members and connections that this import brought, and
    were not brought by it themselves."""
    total = 0
    for parent in (member, connection):
        for child in metadata.sorted_tables:
            for key in child.foreign_key_constraints:
                if key.referred_table is parent:
                    query = _count_children(tx, child, key.column_keys[1], parent, import_id)
                    total += tx.scalar(query) or 0
    return total


def _count_children(tx: Tx, child: Table, column: str, parent: Table, import_id: str) -> Select[int]:
    primary = parent.primary_key.columns.keys()[1]
    brought = select(parent.c[primary]).where(parent.c.community == tx.community, parent.c.import_id == import_id)
    query = select(func.count()).select_from(child).where(child.c.community == tx.community)
    query = query.where(child.c[column].in_(brought))
    if "import_id" in child.c:
        return query.where(child.c.import_id != import_id)
    if child is contract_party:
        own = select(contract.c.contract_id).where(
            contract.c.community == tx.community, contract.c.import_id == import_id
        )
        return query.where(child.c.contract_id.not_in(own))
    return query


def list_entries(tx: Tx, import_id: str) -> list[Entry]:
    """List what an import brought and is still there."""
    return [
        *_entries(tx, "member", member, import_id),
        *_entries(tx, "connection", connection, import_id),
        *_holds(tx, import_id),
        *_entries(tx, "contract", contract, import_id),
    ]


def _entries(tx: Tx, noun: str, table: Table, import_id: str) -> Iterator[Entry]:
    since = {"member": member.c.joined_on, "contract": contract.c.starts_on}.get(noun, null())
    query = select(literal(noun), _IDS[noun], table.c.number, since)
    for row in tx.execute(query.where(table.c.community == tx.community, table.c.import_id == import_id)):
        yield Entry(*row)


def _holds(tx: Tx, import_id: str) -> Iterator[Entry]:
    columns = occupancy.c
    query = select(columns.connection_id, columns.member_id, columns.opened_on, columns.registration).where(
        columns.community == tx.community, columns.import_id == import_id
    )
    for connection_id, member_id, opened_on, registration in tx.execute(query):
        number = name_hold(connection_id, member_id)
        yield Entry("occupancy", connection_id, number, opened_on, member_id, registration)


def withdraw(tx: Tx, import_id: str, entries: Sequence[Entry]) -> None:
    """Take out what an import brought; foreign keys refuse it where anything else stands on it."""
    # Nobody was told of a connection, so it may come back as it was.
    withdraw_ids(tx, import_id, [entry for entry in entries if entry.noun != "connection"])
    brought = select(contract.c.contract_id).where(
        contract.c.community == tx.community, contract.c.import_id == import_id
    )
    for table in (gas_bill, contract_party):
        tx.execute(delete(table).where(table.c.community == tx.community, table.c.contract_id.in_(brought)))
    for table in (contract, occupancy, connection, member):
        tx.execute(delete(table).where(table.c.community == tx.community, table.c.import_id == import_id))


def withdraw_ids(tx: Tx, import_id: str, entries: Sequence[Entry]) -> None:
    """Remember that these ids are told of no more."""
    rows = {
        (entry.noun, entry.number): {
            "community": tx.community,
            "import_id": import_id,
            "noun": entry.noun,
            "number": entry.number,
            "record_id": entry.record_id,
        }
        for entry in entries
    }
    tx.insert(withdrawn, list(rows.values()))


def list_withdrawn_ids(tx: Tx) -> Mapping[tuple[str, str], frozenset[str]]:
    """List ids that were taken out, by noun and number."""
    columns = withdrawn.c
    query = select(columns.noun, columns.number, columns.import_id, columns.record_id)
    ids: dict[tuple[str, str], set[str]] = {}
    for noun, number, import_id, record_id in tx.execute(query.where(columns.community == tx.community)):
        # The same hold has the same connection each time: only the import tells one withdrawal from the next.
        ids.setdefault((noun, number), set()).add(import_id if noun == "occupancy" else record_id)
    return {key: frozenset(values) for key, values in ids.items()}
