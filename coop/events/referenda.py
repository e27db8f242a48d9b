"""Facts of governance about referenda that members ask on what a meeting adopted."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class ReferendumAsked(Event):
    """The member ``member_id`` asks a referendum on a decision, in their own session or by the paper of ``entry_id``,
    by the ``article`` of the statutes: ``members_asking`` ask it so far, with ``votes_asking``. Where ``granted``, they
    are enough: the decision is suspended until all members voted on it, and nobody has to ask any more. A paper is in
    time by the day on which it was entered, ``entered_on``; until ``objection_until`` its member may say that it is
    not theirs. ``commitment`` is the member's among those of the voters of the meeting."""

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
    entry_id: str = ""
    entered_on: date | None = None
    objection_until: date | None = None
    commitment: str = ""

    def key(self) -> str:
        return self.resolution_id


class ReferendumGranted(Event):
    """Enough members ask a referendum on a decision by the ``article`` of the statutes: ``members_asking``, with
    ``votes_asking``. ``requests_hash`` is over their commitments among those of the voters of the meeting, each with
    the day on which they asked: so anybody counts them, and nobody learns who they are."""

    TYPE: ClassVar[str] = "governance.referendum-granted.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    members_asking: int
    votes_asking: int
    article: str
    granted_on: date
    requests_hash: str

    def key(self) -> str:
        return self.resolution_id


class RequestDisputed(Event):
    """A member said that the request of a referendum that others entered for them, its ``number``, is not theirs:
    ``members_asking`` ask it without that, with ``votes_asking``. ``counted``: enough had asked before, and the
    decision stays suspended."""

    TYPE: ClassVar[str] = "governance.request-disputed.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    number: int
    requests_before: int
    member_id: str
    members_asking: int
    votes_asking: int
    counted: bool

    def key(self) -> str:
        return self.resolution_id
