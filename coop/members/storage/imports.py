"""Imports, and what undoing one takes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection as Tx
from sqlalchemy import Row, func, insert, select, update

from coop.members.model import hold
from coop.members.storage.tables import (
    account,
    connection,
    contract,
    gas_bill,
    import_file,
    member,
    occupancy,
    withdrawn,
)


@dataclass(frozen=True)
class Import:
    """A file that was imported. ``added_count`` of its ``record_count`` records were new."""

    import_id: str
    kind: str
    file_name: str
    record_count: int
    added_count: int
    imported_at: datetime
    undone_at: datetime | None = None


@dataclass(frozen=True)
class Brought:
    """A record that an import brought, in what its withdrawal needs: ``since`` is the day on which it began."""

    noun: str
    record_id: str
    number: str
    since: date | None = None
    member_id: str = ""
    registration: int = 1


def add_import(tx: Tx, community: str, made: Import) -> None:
    """Remember an import."""
    tx.execute(insert(import_file).values(community=community, **vars(made)))


def find_import(tx: Tx, community: str, import_id: str) -> Import | None:
    """One import, or None."""
    query = select(import_file).where(import_file.c.import_id == import_id, import_file.c.community == community)
    row = tx.execute(query).first()
    return _import(row) if row else None


def imports(tx: Tx, community: str, limit: int = 50) -> list[Import]:
    """The newest imports first."""
    query = (
        select(import_file)
        .where(import_file.c.community == community)
        .order_by(import_file.c.imported_at.desc(), import_file.c.import_id)
        .limit(limit)
    )
    return [_import(row) for row in tx.execute(query)]


def mark_undone(tx: Tx, import_id: str, at: datetime) -> None:
    """Remember that an import was undone."""
    tx.execute(update(import_file).where(import_file.c.import_id == import_id).values(undone_at=at))


def count_built_on(tx: Tx, import_id: str) -> int:
    """How many records, accounts included, refer to the members and connections that this import brought."""
    total = 0
    for parent, children in (
        (member.c.member_id, (occupancy.c.member_id, contract.c.member_id, account.c.member_id)),
        (connection.c.connection_id, (occupancy.c.connection_id, contract.c.connection_id)),
    ):
        brought_ids = select(parent).where(parent.table.c.import_id == import_id)
        for child in children:
            total += tx.scalar(select(func.count()).select_from(child.table).where(child.in_(brought_ids))) or 0
    return total


def brought(tx: Tx, import_id: str) -> list[Brought]:
    """What an import brought and is still there."""
    found = [
        Brought("member", row.member_id, row.number, row.joined_on)
        for row in tx.execute(select(member).where(member.c.import_id == import_id))
    ]
    found += [
        Brought("connection", row.connection_id, row.number)
        for row in tx.execute(select(connection).where(connection.c.import_id == import_id))
    ]
    found += [
        Brought(
            "occupancy",
            row.connection_id,
            hold(row.connection_id, row.member_id),
            row.opened_on,
            row.member_id,
            row.registration,
        )
        for row in tx.execute(select(occupancy).where(occupancy.c.import_id == import_id))
    ]
    found += [
        Brought("contract", row.contract_id, row.number, row.starts_on)
        for row in tx.execute(select(contract).where(contract.c.import_id == import_id))
    ]
    return found


def withdraw(tx: Tx, community: str, import_id: str, records: Sequence[Brought]) -> None:
    """Take out what an import brought; foreign keys refuse it where anything else stands on it."""
    rows = {
        (record.noun, record.number): {
            "import_id": import_id,
            "noun": record.noun,
            "number": record.number,
            "community": community,
            "record_id": record.record_id,
        }
        for record in records
        if record.noun != "connection"  # nobody was told of a place, so it may come back as it was
    }
    if rows:
        tx.execute(insert(withdrawn), list(rows.values()))
    brought_ids = select(contract.c.contract_id).where(contract.c.import_id == import_id)
    tx.execute(gas_bill.delete().where(gas_bill.c.contract_id.in_(brought_ids)))
    for table in (contract, occupancy, connection, member):
        tx.execute(table.delete().where(table.c.import_id == import_id))


def withdrawn_ids(tx: Tx, community: str) -> Mapping[tuple[str, str], frozenset[str]]:
    """Ids that were taken out, by noun and number."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in tx.execute(select(withdrawn).where(withdrawn.c.community == community)):
        # The same hold has the same connection each time: only the import tells one withdrawal from the next.
        key = row.import_id if row.noun == "occupancy" else row.record_id
        found.setdefault((row.noun, row.number), set()).add(key)
    return {key: frozenset(ids) for key, ids in found.items()}


def _import(row: Row[tuple[object, ...]]) -> Import:
    return Import(**{name: row._mapping[name] for name in Import.__dataclass_fields__})
