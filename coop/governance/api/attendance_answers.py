"""Answers of governance on attendance."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from coop.governance.api.answers import Answer
from coop.governance.ballots.attendance.rules import MANDATE, ONLINE, ROOM
from coop.governance.ballots.attendance.views import Arrived, AttendanceView, PointQuorum

Manner = Literal["room", "online", "mandate"]


class PresentOut(Answer):
    """A member who is there, since when; ``holder`` is the member who holds their mandate."""

    member_id: str
    member_number: str
    manner: Manner
    holder: str | None
    line: int
    since: datetime


class PointQuorumOut(Answer):
    """The quorum of a point as it stands: ``there`` of ``everybody`` in members or votes (``of``), of which ``needed``
    are enough; ``of`` is null where the statutes ask none. ``silent`` members are there and handed in no ballot."""

    resolution_id: str
    of: Literal["members", "votes"] | None
    there: int
    everybody: int
    needed: int
    reached: bool
    silent: int


class QuorumOut(Answer):
    """Numbers of those who are there by manner, and whether that is enough for each point; no point of a meeting that
    was closed."""

    meeting_id: str
    in_room: int
    online: int
    by_mandate: int
    points: list[PointQuorumOut]


class NotedOut(Answer):
    """A line of the attendance. ``new`` is false where the list said so already."""

    meeting_id: str
    new: bool


def present_out(each: Arrived) -> PresentOut:
    """A member who is there."""
    return PresentOut(
        member_id=each.present.member_id,
        member_number=each.number,
        manner=each.present.manner,  # type: ignore[arg-type]  # the table's own CHECK names the manners
        holder=each.present.holder or None,
        line=each.present.line,
        since=each.since,
    )


def quorum_out(view: AttendanceView) -> QuorumOut:
    """Show how many are there, and for what it is enough."""
    return QuorumOut(
        meeting_id=view.meeting.meeting.meeting_id,
        in_room=view.counts[ROOM],
        online=view.counts[ONLINE],
        by_mandate=view.counts[MANDATE],
        points=[_point_out(point) for point in view.points],
    )


def _point_out(point: PointQuorum) -> PointQuorumOut:
    return PointQuorumOut(
        resolution_id=point.outcome.resolution.resolution_id,
        of=point.of or None,  # type: ignore[arg-type]  # as the statutes count
        there=point.there,
        everybody=point.everybody,
        needed=point.needed,
        reached=point.is_reached,
        silent=point.silent,
    )
