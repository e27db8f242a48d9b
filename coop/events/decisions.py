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
