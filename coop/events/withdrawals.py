"""Facts of governance about meetings and points that are not held."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class MeetingWithdrawn(Event):
    """A meeting that was convened is not held: the ``reason`` is the board's, and two people signed it. Ballots that
    were cast for it count for nothing. ``held_anew_on``: the day of the meeting ``followed_by`` that was convened in
    its place, with a notice of its own."""

    TYPE: ClassVar[str] = "governance.meeting-withdrawn.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    held_on: date
    reason: str
    withdrawn_on: date
    followed_by: str = ""
    held_anew_on: date | None = None

    def key(self) -> str:
        return self.meeting_id


class PointWithdrawn(Event):
    """A point was taken off the agenda of a meeting that is held all the same; two people signed the ``reason``.
    Ballots that were cast on it count for nothing."""

    TYPE: ClassVar[str] = "governance.point-withdrawn.v1"
    NOUNS: ClassVar[str] = "meetings"

    meeting_id: str
    held_on: date
    resolution_id: str
    subject_nl: str
    subject_en: str
    reason: str
    withdrawn_on: date

    def key(self) -> str:
        return self.meeting_id
