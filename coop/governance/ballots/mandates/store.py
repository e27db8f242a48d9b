"""Queries on mandates: members who let another vote for them at a meeting, as they said in their own sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.governance.tables.assembly import mandate
from coop.kit.rows import insert_nouns, list_by, select_as
from coop.kit.tx import Tx

GIVEN, REVOKED, VOTED = "given", "revoked", "voted"
"""Changes of a mandate: it was given, its giver revoked it, or it ended as they voted themselves."""


@dataclass(frozen=True)
class Mandate:
    """The ``number``-th thing that a member said on their mandate for a meeting; the newest counts."""

    meeting_id: str
    member_id: str
    number: int
    change: str
    holder: str
    channel: str
    recorded_at: datetime
    actor: str


def list_changes(tx: Tx, meeting_id: str) -> Sequence[Mandate]:
    """Everything that was said on mandates for a meeting, by member and number."""
    return list_by(tx, Mandate, mandate, "member_id", "number", meeting_id=meeting_id)


def list_mandates(tx: Tx, meeting_id: str) -> Mapping[str, Mandate]:
    """Mandates that hold, by the member who gave them."""
    newest = {each.member_id: each for each in list_changes(tx, meeting_id)}
    return {member_id: each for member_id, each in newest.items() if each.change == GIVEN}


def find_mandate(tx: Tx, meeting_id: str, member_id: str) -> Mandate | None:
    """The mandate of a member for a meeting, where one holds."""
    said = list_by(tx, Mandate, mandate, "number", meeting_id=meeting_id, member_id=member_id)
    return said[-1] if said and said[-1].change == GIVEN else None


def list_mandates_of(tx: Tx, member_id: str) -> Sequence[Mandate]:
    """Everything that a member said on mandates, and that others said on mandates to them."""
    columns = mandate.c
    order = [columns.recorded_at, columns.meeting_id, columns.member_id, columns.number]
    concerned = (columns.member_id == member_id) | (columns.holder == member_id)
    return select_as(tx, Mandate, mandate, concerned, order_by=order)


def add_mandate(tx: Tx, meeting_id: str, member_id: str, change: str, holder: str) -> int:
    """Keep what a member says on their mandate; returns its number."""
    number = len(list_by(tx, Mandate, mandate, meeting_id=meeting_id, member_id=member_id)) + 1
    made = Mandate(meeting_id, member_id, number, change, holder, tx.actor.channel, tx.now, str(tx.actor))
    insert_nouns(tx, mandate, [made])
    return number
