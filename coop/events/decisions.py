"""Facts of governance about decisions: those that no program acts on, and those that do not hold any more."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event
from coop.events.terms import TermsMap


class DecisionRecorded(Event):
    """The meeting adopted something that people carry out, such as a budget or a loan. ``parameters`` are what it says
    in full; ``parameters_hash`` is over them as adopted and ``notice_hash`` as they stood in the notice."""

    TYPE: ClassVar[str] = "governance.decision-recorded.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    kind: str
    parameters: TermsMap
    parameters_hash: str
    notice_hash: str
    decided_on: date
    history: bool = False

    def key(self) -> str:
        return self.resolution_id


class DecisionStopped(Event):
    """A decision that was adopted does not act from ``from_on``: a court suspended or annulled it, the members repealed
    it, the board withdrew it before it acted, its outcome was disputed at the meeting and it is voted on again, or
    members asked a referendum, until which it is suspended. Where ``manner`` is resumed, or restored after a repeal
    that fell or a referendum, it acts again: resumed ends what courts said, and restored what the members said.
    ``stop_id`` names the entry of two people, or the resolution that did it;
    ``number`` counts what was told of one decision, and ``stopped_on`` is the day on which it was put on file.
    ``ruled_on`` is the day of the ``paper`` on which it stands."""

    TYPE: ClassVar[str] = "governance.decision-stopped.v1"
    NOUNS: ClassVar[str] = "resolutions"

    stop_id: str
    resolution_id: str
    number: int
    kind: str
    subject_nl: str
    subject_en: str
    manner: str
    from_on: date
    ruled_on: date
    stopped_on: date
    paper: str

    def key(self) -> str:
        return self.resolution_id
