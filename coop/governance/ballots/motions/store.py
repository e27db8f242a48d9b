"""Queries on motions, and on who backs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from coop.governance.ballots.motions.rules import OPEN_FOR
from coop.governance.model import Meeting
from coop.governance.tables.meetings import resolution
from coop.governance.tables.motions import motion, motion_backing
from coop.governance.tables.stamps import stamp_with_channel
from coop.kit.rows import find_by, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.values import CoopError, say


@dataclass(frozen=True)
class Motion:
    """A motion on the point ``resolution_id``, and what it proposes: subject, explanation and parameters, by name."""

    motion_id: str
    meeting_id: str
    resolution_id: str
    manner: str
    content: Mapping[str, Any]
    content_hash: str
    member_id: str | None
    entry_id: str | None


@dataclass(frozen=True)
class KeptMotion(Motion):
    """A motion as it is kept, with the server's time."""

    recorded_at: datetime


def add_motion(tx: Tx, made: Motion) -> None:
    """Keep a motion."""
    insert_nouns(tx, motion, [made], **stamp_with_channel(tx))


def find_motion(tx: Tx, motion_id: str) -> KeptMotion | None:
    """One motion, or None."""
    return find_by(tx, KeptMotion, motion, motion_id=motion_id)


def list_motions(tx: Tx, meeting_id: str) -> list[KeptMotion]:
    """Motions of a meeting, in the order in which they came."""
    columns = motion.c
    order = [columns.recorded_at, columns.motion_id]
    return select_as(tx, KeptMotion, motion, columns.meeting_id == meeting_id, order_by=order)


def add_backing(tx: Tx, motion_id: str, member_id: str) -> None:
    """Keep that a member backs a motion."""
    row = {"community": tx.community, "motion_id": motion_id, "member_id": member_id, **stamp_with_channel(tx)}
    tx.insert(motion_backing, [row])


def list_backers(tx: Tx, motion_id: str) -> list[str]:
    """Members who back a motion, in the order of their ids."""
    columns = motion_backing.c
    query = (
        select(columns.member_id)
        .where(columns.community == tx.community, columns.motion_id == motion_id)
        .order_by(columns.member_id)
    )
    return list(tx.scalars(query))


def find_admission_times(tx: Tx, meeting: Meeting) -> Mapping[str, datetime]:
    """The instant at which each motion of a meeting came on its agenda: when enough backed it."""
    admitted = {point.motion_id for point in meeting.resolutions if point.motion_id is not None}
    times = {}
    for each in list_motions(tx, meeting.meeting_id) if admitted else ():
        if each.motion_id in admitted:
            columns = motion_backing.c
            query = select(columns.recorded_at).where(
                columns.community == tx.community, columns.motion_id == each.motion_id
            )
            times[each.motion_id] = max([each.recorded_at, *tx.scalars(query)])
    return times


def refuse_young(tx: Tx, meeting: Meeting) -> None:
    """Refuse to count before everybody who is there could vote on the motions.

    Raises:
        CoopError: one came on the agenda just now.
    """
    times = find_admission_times(tx, meeting).values()
    may_count_from = max(times) + OPEN_FOR if times else None
    if may_count_from is not None and tx.now < may_count_from:
        raise CoopError(
            "motion-young",
            say("a motion came on the agenda just now: everybody can vote on it until %(start)s", start=may_count_from),
        )


def find_carried_from(tx: Tx, resolution_id: str) -> str | None:
    """The point whose ballots a point as it would be changed holds, where the statutes let them count for it."""
    columns = resolution.c
    return tx.scalar(
        select(columns.amends).where(
            columns.community == tx.community,
            columns.resolution_id == resolution_id,
            columns.amended_by.is_not(None),
            columns.again_of.is_(None),
        )
    )
