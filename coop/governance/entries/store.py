"""Queries on entries: what one person read off a paper and entered, and what a second person made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from coop.governance.tables.meetings import entry, entry_settled
from coop.governance.tables.stamps import stamp_with_channel
from coop.kit.rows import find_by, select_as
from coop.kit.tx import Tx
from coop.values import NotFound, say


@dataclass(frozen=True)
class Entry:
    """One entry: its ``kind`` (ballots, meeting, statutes), the meeting that it is about, the ``paper`` that it stands
    on, and its content as that kind writes it."""

    entry_id: str
    kind: str
    meeting_id: str
    paper: str
    content: Any
    content_hash: str
    channel: str
    recorded_at: datetime
    actor: str

    @property
    def about(self) -> dict[str, str]:
        """Ids of what it is about, as addresses name them: its meeting, and where it says one its resolution."""
        resolution_id = self.content.get("resolution_id", "") if isinstance(self.content, dict) else ""
        return {"meeting_id": self.meeting_id, "resolution_id": str(resolution_id)}


@dataclass(frozen=True)
class Settled:
    """Outcome of an entry: confirmed, or dropped for a reason; by whom and when."""

    entry_id: str
    outcome: str
    reason: str
    channel: str
    recorded_at: datetime
    actor: str


def add_entry(tx: Tx, kind: str, meeting_id: str, paper: str, content: Any, content_hash: str, entry_id: str) -> str:
    """Keep an entry, under an id of its own where none is given; returns the id."""
    made_id = entry_id or str(uuid4())
    row = {
        "community": tx.community,
        "entry_id": made_id,
        "kind": kind,
        "meeting_id": meeting_id,
        "paper": paper,
        "content": content,
        "content_hash": content_hash,
        **stamp_with_channel(tx),
    }
    tx.insert(entry, [row])
    return made_id


def find_entry(tx: Tx, entry_id: str) -> Entry | None:
    """One entry, or None."""
    return find_by(tx, Entry, entry, entry_id=entry_id)


def get_entry(tx: Tx, entry_id: str) -> Entry:
    """One entry.

    Raises:
        NotFound: there is none.
    """
    found = find_entry(tx, entry_id)
    if found is None:
        raise NotFound(say("there is no such entry"))
    return found


def find_same(tx: Tx, content_hash: str) -> Entry | None:
    """The entry that the same person made with the same content and that was not dropped, or None."""
    dropped = select(entry_settled.c.entry_id).where(
        entry_settled.c.community == tx.community, entry_settled.c.outcome == "dropped"
    )
    columns = entry.c
    same = select_as(
        tx,
        Entry,
        entry,
        columns.content_hash == content_hash,
        columns.actor == str(tx.actor),
        columns.entry_id.not_in(dropped),
        order_by=[columns.recorded_at, columns.entry_id],
    )
    return same[0] if same else None


def list_entries(tx: Tx, *kinds: str, meeting_id: str | None = None) -> list[tuple[Entry, Settled | None]]:
    """Entries in the order in which they were made, each with what became of it."""
    columns = entry.c
    where = [columns.kind.in_(kinds), *([columns.meeting_id == meeting_id] if meeting_id is not None else [])]
    entries = select_as(tx, Entry, entry, *where, order_by=[columns.recorded_at, columns.entry_id])
    settled = {each.entry_id: each for each in select_as(tx, Settled, entry_settled)}
    return [(each, settled.get(each.entry_id)) for each in entries]


def list_waiting(
    tx: Tx, *kinds: str, meeting_id: str | None = None, resolution_id: str | None = None
) -> Sequence[Entry]:
    """Entries that wait for a second person, also of one meeting or one resolution."""
    return [
        each
        for each, settled in list_entries(tx, *kinds, meeting_id=meeting_id)
        if settled is None and resolution_id in (None, each.about["resolution_id"])
    ]


def find_settled(tx: Tx, entry_id: str) -> Settled | None:
    """Outcome of an entry, or None while it waits."""
    return find_by(tx, Settled, entry_settled, entry_id=entry_id)


def settle_entry(tx: Tx, entry_id: str, outcome: str, reason: str = "") -> None:
    """Keep what became of an entry, and why where it was dropped."""
    row = {"community": tx.community, "entry_id": entry_id, "outcome": outcome, "reason": reason}
    tx.insert(entry_settled, [{**row, **stamp_with_channel(tx)}])
