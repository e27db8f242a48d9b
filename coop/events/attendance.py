"""Facts on who is at a members' meeting, and who votes for whom; told as facts of governance."""

from __future__ import annotations

from typing import ClassVar

from coop.events.envelope import Event


class AttendanceNoted(Event):
    """A line of the attendance of a meeting, the ``number``-th: a member ``came`` or ``left``, an earlier line is
    ``undone``, or somebody looked at the lines so far and ``signed`` them.

    ``manner`` of coming: in the ``room``, ``online``, or by a ``mandate`` of which ``holder`` is the member who holds
    it. ``undoes``: the number of the line that counts no more, else 0. ``entry_id``: the list of signatures on paper
    that it stands on, which two people signed; else somebody noted it as it happened.
    """

    TYPE: ClassVar[str] = "governance.attendance-noted.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    number: int
    change: str
    member_id: str = ""
    manner: str = ""
    holder: str = ""
    undoes: int = 0
    entry_id: str = ""

    def key(self) -> str:
        return self.meeting_id


class AttendanceFrozen(Event):
    """The list of who was there stands fast, as the meeting was closed; ``list_hash`` is over it whole."""

    TYPE: ClassVar[str] = "governance.attendance-frozen.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    list_hash: str
    in_room: int
    online: int
    by_mandate: int

    def key(self) -> str:
        return self.meeting_id


class MandateGiven(Event):
    """A member lets the member ``holder`` vote for them at a meeting, as they said in their own session. ``number``:
    the how many-th thing that they said on it."""

    TYPE: ClassVar[str] = "governance.mandate-given.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    member_id: str
    number: int
    holder: str

    def key(self) -> str:
        return self.meeting_id


class MandateEnded(Event):
    """A mandate holds no more: its giver ``revoked`` it, or ``voted`` themselves."""

    TYPE: ClassVar[str] = "governance.mandate-ended.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    member_id: str
    number: int
    holder: str
    change: str

    def key(self) -> str:
        return self.meeting_id
