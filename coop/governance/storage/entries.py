"""Queries on ballots that somebody entered for others, and that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from coop.governance.storage.stamps import stamp
from coop.governance.storage.tables import ballot_entry, ballot_entry_settled
from coop.kit.rows import find_as, select_as
from coop.kit.tx import Tx
from coop.values import NotFound, say


@dataclass(frozen=True)
class Entry:
    """Ballots as one person entered them: ``paper`` says from where (room or paper), and each of ``ballots`` names
    resolution, member, choice, and the holder of a proxy or nothing."""

    entry_id: str
    meeting_id: str
    paper: str
    ballots: list[list[str]]
    recorded_at: datetime
    actor: str


@dataclass(frozen=True)
class Settled:
    """What became of an entry: confirmed or dropped, by whom and when."""

    entry_id: str
    outcome: str
    recorded_at: datetime
    actor: str


def add_entry(tx: Tx, meeting_id: str, paper: str, ballots: Sequence[Sequence[str]]) -> str:
    """Keep an entry; returns its id."""
    entry_id = str(uuid4())
    row = {
        "community": tx.community,
        "entry_id": entry_id,
        "meeting_id": meeting_id,
        "paper": paper,
        "ballots": [list(each) for each in ballots],
        **stamp(tx),
    }
    tx.insert(ballot_entry, [row])
    return entry_id


def find_entry(tx: Tx, entry_id: str) -> Entry:
    """One entry.

    Raises:
        NotFound: there is none.
    """
    entry = find_as(tx, Entry, ballot_entry, ballot_entry.c.entry_id == entry_id)
    if entry is None:
        raise NotFound(say("there is no such entry of ballots"))
    return entry


def list_entries(tx: Tx, meeting_id: str) -> list[tuple[Entry, Settled | None]]:
    """Entries of a meeting in the order in which they were made, each with what became of it."""
    columns = ballot_entry.c
    order = [columns.recorded_at, columns.entry_id]
    entries = select_as(tx, Entry, ballot_entry, columns.meeting_id == meeting_id, order_by=order)
    settled = {each.entry_id: each for each in select_as(tx, Settled, ballot_entry_settled)}
    return [(entry, settled.get(entry.entry_id)) for entry in entries]


def find_settled(tx: Tx, entry_id: str) -> Settled | None:
    """What became of an entry, or None while it waits."""
    return find_as(tx, Settled, ballot_entry_settled, ballot_entry_settled.c.entry_id == entry_id)


def settle_entry(tx: Tx, entry_id: str, outcome: str) -> None:
    """Keep what became of an entry."""
    tx.insert(
        ballot_entry_settled, [{"community": tx.community, "entry_id": entry_id, "outcome": outcome, **stamp(tx)}]
    )
