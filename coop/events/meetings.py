"""Facts on the notices of meetings, told as facts of governance."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from coop.events.envelope import Event
from coop.events.papers import AgendaPaper


class AgendaPoint(BaseModel):
    """A point of an agenda as the notice of the meeting names it, with the documents that it lays open."""

    model_config = ConfigDict(frozen=True)

    resolution_id: str
    kind: str
    subject_nl: str
    subject_en: str
    papers: tuple[AgendaPaper, ...] = ()


class MeetingConvened(Event):
    """The board put a meeting and its agenda on file, which nothing changes any more; from ``vote_from`` members may
    vote on it. ``place`` is where it is held, as its notice says.

    It begins at ``begins_at``, and members vote in their own sessions until ``votes_until`` of its day; both are hours
    such as 20:00, empty where the notice names none. ``notice_hash`` is over everything that the notice says.
    ``history``: the meeting was held before it came on file, and two people entered it from its minutes.
    ``second_of``: the meeting that had no quorum, where the notice says that this is a second one on the same, and
    ``second_why``.
    ``voters``: who votes at it, where that is not every member but the delegates of a council, or one group.
    """

    TYPE: ClassVar[str] = "governance.meeting-convened.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    convened_on: date
    held_on: date
    vote_from: date
    place: str
    agenda: tuple[AgendaPoint, ...]
    notice_hash: str = ""
    history: bool = False
    begins_at: str = ""
    votes_until: str = ""
    second_of: str = ""
    second_why: str = ""
    voters: tuple[str, ...] = ()

    def key(self) -> str:
        return self.meeting_id
