"""Lists of who was written to of a tariff, as they were entered and settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update

from coop.billing.tables.bills import notice_entry
from coop.kit.rows import find_as, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.values import NotFound, civil_date, say


@dataclass(frozen=True)
class SentList:
    """Members who were written to of a tariff, on which day and how, and the hash of the file that shows it."""

    tariff_id: str
    members: tuple[str, ...]
    sent_on: date
    channel: str
    evidence_hash: str


@dataclass(frozen=True)
class Entry:
    """A list that one person entered and another has to confirm."""

    number: int
    tariff_id: str
    members: tuple[str, ...]
    sent_on: date
    channel: str
    evidence_hash: str
    entered_at: datetime
    entered_by: str
    settled_at: datetime | None = None

    @property
    def said(self) -> SentList:
        """The list alone."""
        return SentList(self.tariff_id, self.members, self.sent_on, self.channel, self.evidence_hash)

    def known_on(self, today: date) -> date:
        """The day from which bills know of it: that of its confirmation, and of what was sent before it came on file
        its own."""
        return self.sent_on if self.sent_on < civil_date(self.entered_at) else today


def add_entry(tx: Tx, said: SentList) -> Entry:
    """Keep a list that waits for a second person."""
    rows = notice_entry.c
    number = (tx.scalar(select(func.max(rows.number)).where(rows.community == tx.community)) or 0) + 1
    days = said.sent_on, said.channel, said.evidence_hash
    entry = Entry(number, said.tariff_id, said.members, *days, tx.now, str(tx.actor))
    insert_nouns(tx, notice_entry, [entry])
    return entry


def list_entries(tx: Tx) -> Sequence[Entry]:
    """Every list, whether it waits or was settled, oldest first."""
    return select_as(tx, Entry, notice_entry, order_by=[notice_entry.c.number])


def list_open(tx: Tx) -> Sequence[Entry]:
    """Lists that wait for a second person, oldest first."""
    rows = notice_entry.c
    return select_as(tx, Entry, notice_entry, rows.settled_at.is_(None), order_by=[rows.number])


def get_open(tx: Tx, number: int) -> Entry:
    """The list that waits under a number.

    Raises:
        NotFound: none does.
    """
    rows = notice_entry.c
    entry = find_as(tx, Entry, notice_entry, rows.number == number, rows.settled_at.is_(None))
    if entry is None:
        raise NotFound(say("no notice waits under number %(number)s", number=number))
    return entry


def find_entry(tx: Tx, number: int) -> Entry | None:
    """The list of a number, whether it waits or was settled, or None."""
    return find_as(tx, Entry, notice_entry, notice_entry.c.number == number)


def settle(tx: Tx, number: int, outcome: str) -> None:
    """Keep the end of an entry: ``confirmed`` or ``withdrawn``."""
    rows = notice_entry.c
    mine = rows.community == tx.community, rows.number == number
    settled = {"settled_at": tx.now, "settled_by": str(tx.actor), "outcome": outcome}
    tx.execute(update(notice_entry).where(*mine).values(**settled))
