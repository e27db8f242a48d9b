"""Nouns of imports: a record of any kind, a file that was read, and what it brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from coop.members.connections.model import Connection, Occupancy
from coop.members.contracts.model import Contract
from coop.members.history.model import Difference
from coop.members.register.model import Member
from coop.members.resting.model import HeardBill
from coop.values import Problem

Record = Member | Connection | Occupancy | Contract


@dataclass(frozen=True)
class Import:
    """Import of records into the register at once, by a file or a form, and by whom. Of its ``record_count`` records
    ``added_count`` were new and ``changed_count`` became something else. A form has no ``file_name``."""

    import_id: str
    kind: str
    file_name: str
    record_count: int
    added_count: int
    changed_count: int
    channel: str
    imported_at: datetime
    imported_by: str
    undone_at: datetime | None = None
    undone_by: str | None = None


@dataclass(frozen=True)
class FileDraft:
    """A file that somebody looks at before it is imported."""

    draft_id: str
    kind: str
    file_name: str
    body: bytes
    made_at: datetime
    made_by: str


@dataclass(frozen=True)
class Finding:
    """Effect of a line of a file: ``outcome`` is new, changed or wrong; of a changed field what it was and is, of a
    wrong one the reason."""

    line: int | None
    outcome: str
    field: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class Receipt:
    """Outcome of an import, or of a dry run: ``added`` of its ``count`` lines were not registered yet, ``changed`` were
    otherwise. The file itself is not ``new`` when it was imported before. ``preview`` is the hash of every difference:
    what changes the register is done under the hash that was looked at."""

    import_id: str
    kind: str
    count: int
    added: int
    changed: int
    new: bool
    dry_run: bool
    preview: str = ""


@dataclass(frozen=True)
class Update:
    """A record that is registered and becomes something else; ``key`` is its noun and number."""

    key: tuple[str, str]
    before: Record
    after: Record
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class EarlyEnd:
    """A contract that would end before the day from which its guarantee lets a member stop."""

    number: str
    ends_on: date
    exit_on: date


@dataclass(frozen=True)
class Plan:
    """Effect of lines on the register, by line: add records, change some, leave ``same`` as they are; ``bills`` are
    those that rest on gas bills that change, ``early`` the contracts that would end before the years agreed on. With
    ``problems`` nothing of it is done."""

    added: Mapping[int, Record] = field(default_factory=dict)
    updates: Mapping[int, Update] = field(default_factory=dict)
    same: int = 0
    problems: tuple[Problem, ...] = ()
    bills: tuple[HeardBill, ...] = ()
    early: tuple[EarlyEnd, ...] = ()

    @property
    def count(self) -> int:
        """Number of records that are in order."""
        return len(self.added) + len(self.updates) + self.same


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
