"""One line of the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coop.values import Said

KINDS = ("accounts", "roles", "register", "imports", "community", "programs")


@dataclass(frozen=True)
class Entry:
    """Something that was done: when by the server's clock, by whom, through which door, to whom or what.

    ``about`` is the name of a person or the number of a record.
    """

    at: datetime
    kind: str
    who: str | Said
    what: Said
    about: str | Said
    channel: str


@dataclass(frozen=True)
class Wanted:
    """Entries that are looked for: of a kind or all, and of a person who did it or to whom it was done."""

    person: str = ""
    kind: str = ""

    def holds(self, entry: Entry) -> bool:
        """True when an entry is one of these."""
        person = self.person.lower()
        is_person = not person or person in str(entry.who).lower() or person in str(entry.about).lower()
        return is_person and self.kind in ("", entry.kind)
