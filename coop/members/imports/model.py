"""Nouns of imports: a record of any kind, a file that was read, and what it brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from coop.members.connections.model import Connection, Occupancy
from coop.members.contracts.model import Contract
from coop.members.register.model import Member

Record = Member | Connection | Occupancy | Contract


@dataclass(frozen=True)
class Import:
    """A file that was imported, and who did so. ``added_count`` of its ``record_count`` records were new."""

    import_id: str
    kind: str
    file_name: str
    record_count: int
    added_count: int
    imported_at: datetime
    imported_by: str
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True)
class Receipt:
    """Outcome of an import, or of a dry run: ``added`` of its ``count`` lines were not registered yet. The file
    itself is not ``new`` when it was imported before."""

    import_id: str
    kind: str
    count: int
    added: int
    new: bool
    dry_run: bool


@dataclass(frozen=True)
class Entry:
    """A record that an import brought, in what its withdrawal needs: ``since`` is the day on which it began."""

    noun: str
    record_id: str
    number: str
    since: date | None = None
    member_id: str = ""
    registration: int = 1


def id_of(record: Record) -> str:
    """Id of a record; a hold on a connection has none of its own."""
    match record:
        case Member():
            return record.member_id
        case Connection():
            return record.connection_id
        case Contract():
            return record.contract_id
        case Occupancy():
            return ""


def name_hold(connection_id: str, member_id: str) -> str:
    """Name the hold of a member on a connection, as it stands among what was withdrawn."""
    return f"{connection_id}/{member_id}"
