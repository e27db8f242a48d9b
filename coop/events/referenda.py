"""Facts of governance about referenda that members ask on what a meeting adopted."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class ReferendumAsked(Event):
    """The member ``member_id`` asks a referendum on a decision, in their own session, by the ``article`` of the
    statutes: ``members_asking`` ask it so far, with ``votes_asking``. Where ``granted``, they are enough: the decision
    is suspended until all members voted on it, and nobody has to ask any more."""

    TYPE: ClassVar[str] = "governance.referendum-asked.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    number: int
    member_id: str
    members_asking: int
    votes_asking: int
    granted: bool
    article: str
    asked_on: date

    def key(self) -> str:
        return self.resolution_id
