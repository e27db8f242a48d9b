"""Facts of governance about motions: what members and the board hand in on a point of an agenda after the notice."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class MotionHandedIn(Event):
    """A motion on the point ``resolution_id``: an ``amendment`` of it, or another ``option`` beside it. The member
    ``member_id`` handed it in from their own session; or it names the entry that two people signed, with those in the
    room who back it, or with nobody where it is the board's. ``content_hash`` is over what it proposes."""

    TYPE: ClassVar[str] = "governance.motion-handed-in.v1"
    NOUNS: ClassVar[str] = "resolutions"

    motion_id: str
    meeting_id: str
    resolution_id: str
    manner: str
    member_id: str
    entry_id: str
    by_board: bool
    backed_by: tuple[str, ...]
    content_hash: str

    def key(self) -> str:
        return self.motion_id


class MotionBacked(Event):
    """A member backs a motion, from their own session."""

    TYPE: ClassVar[str] = "governance.motion-backed.v1"
    NOUNS: ClassVar[str] = "resolutions"

    motion_id: str
    resolution_id: str
    member_id: str

    def key(self) -> str:
        return self.motion_id


class MotionAdmitted(Event):
    """A motion is on the agenda, by the ``article``: the point ``resolution_id`` is what is put to the vote, under the
    hash of its parameters, beside or in the place of the point ``on``. Of an amendment ``amendment`` is the point that
    decides whether it takes that place; empty for an option. ``ahead`` says whether votes that were cast on the point
    ``on`` before count for it (count, of which ``carried`` lie in its box) or not (lapse)."""

    TYPE: ClassVar[str] = "governance.motion-admitted.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    motion_id: str
    meeting_id: str
    held_on: date
    manner: str
    on: str
    amendment: str
    kind: str
    subject_nl: str
    subject_en: str
    on_subject_nl: str
    on_subject_en: str
    parameters_hash: str
    article: str
    ahead: str
    carried: int
    admitted_on: date

    def key(self) -> str:
        return self.resolution_id


class AmendmentsOrdered(Event):
    """The chair ordered the amendments of a point, the one that reaches furthest first, in an entry of two people."""

    TYPE: ClassVar[str] = "governance.amendments-ordered.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    amendments: tuple[str, ...]
    entry_id: str

    def key(self) -> str:
        return self.resolution_id
