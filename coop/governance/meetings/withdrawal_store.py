"""Queries on meetings and points that were withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from coop.governance.tables.assembly import withdrawal, withdrawn_point
from coop.kit.rows import list_by, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class Withdrawal:
    """A notice that was withdrawn, ``whole`` or for some of its points; ``followed_by`` another meeting or by none."""

    entry_id: str
    meeting_id: str
    whole: bool
    reason: str
    followed_by: str | None
    recorded_at: datetime
    actor: str


def add_withdrawal(tx: Tx, made: Withdrawal, resolution_ids: Sequence[str]) -> None:
    """Keep a withdrawal, with the points that nobody decides on any more."""
    tx.insert(withdrawal, [{"community": tx.community, **vars(made)}])
    points = [
        {"community": tx.community, "resolution_id": resolution_id, "entry_id": made.entry_id}
        for resolution_id in resolution_ids
    ]
    tx.insert(withdrawn_point, points)


def list_withdrawn(tx: Tx) -> Mapping[str, Withdrawal]:
    """Meetings that were withdrawn whole, by their id."""
    made = select_as(tx, Withdrawal, withdrawal, withdrawal.c.whole)
    return {each.meeting_id: each for each in made}


def list_withdrawals(tx: Tx, meeting_id: str) -> Sequence[Withdrawal]:
    """Every withdrawal about a meeting, in the order of signing."""
    return list_by(tx, Withdrawal, withdrawal, "recorded_at", "entry_id", meeting_id=meeting_id)


def find_withdrawn_points(tx: Tx, meeting_id: str) -> Mapping[str, Withdrawal]:
    """The points of a meeting that were withdrawn, each with its withdrawal; all of them where the meeting was."""
    made = {each.entry_id: each for each in list_withdrawals(tx, meeting_id)}
    if not made:
        return {}
    points = withdrawn_point.c
    rows = tx.execute(
        select(points.resolution_id, points.entry_id).where(
            points.community == tx.community, points.entry_id.in_(list(made))
        )
    )
    return {resolution_id: made[entry_id] for resolution_id, entry_id in rows}


def find_followed(tx: Tx, meeting_id: str) -> str | None:
    """The meeting that was withdrawn and held anew as this one."""
    columns = withdrawal.c
    return tx.scalar(
        select(columns.meeting_id).where(columns.community == tx.community, columns.followed_by == meeting_id)
    )
