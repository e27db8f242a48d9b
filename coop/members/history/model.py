"""Nouns of the history: one field of one record that became something else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Difference:
    """A field of a record, as it was and as it is: texts as a file of the register writes them, empty for nothing."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One field that became something else. ``number`` counts the changes of the co-operative; that of the newest
    change of a record is its version."""

    number: int
    noun: str
    record: str
    field: str
    old: str
    new: str
    reason: str
    changed_at: datetime
    changed_by: str
    channel: str
    import_id: str | None
