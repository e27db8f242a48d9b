"""Facts on what one person enters and another confirms, told as facts of governance."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class EntryDropped(Event):
    """What one person had entered from a ``paper`` was left out before anybody confirmed it, for a ``reason``; it never
    held. ``entered_by`` is the account of who had entered it, empty where a program or the operator had; ``member_id``
    is whom it was about, where it was about one member."""

    TYPE: ClassVar[str] = "governance.entry-dropped.v1"
    NOUNS: ClassVar[str] = "entries"

    entry_id: str
    kind: str
    meeting_id: str
    paper: str
    reason: str
    dropped_on: date
    entered_by: str = ""
    member_id: str = ""

    def key(self) -> str:
        return self.entry_id


class WordGiven(Event):
    """Somebody said on a resolution, before its count, what their word decides by the statutes, as one person entered
    from a paper and another confirmed. ``speaker``: the chair, who is ``for`` or ``against`` where the votes tie, or
    the body whose consent the statutes ask, which ``consents`` or ``refuses``.

    ``number``: the how many-th word on that resolution; of each speaker the last one counts. ``entry_id``: the
    ``paper`` that two people signed.
    """

    TYPE: ClassVar[str] = "governance.word-given.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    number: int
    speaker: str
    says: str
    paper: str
    entry_id: str
    given_on: date

    def key(self) -> str:
        return self.resolution_id
