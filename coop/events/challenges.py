"""Facts of governance about outcomes that were disputed at the meeting."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class RulingDisputed(Event):
    """The outcome of a point was disputed as soon as it was pronounced: by the member ``member_id``, or where that is
    empty by the majority of the meeting. ``entry_id`` names the entry of two people where it was said in the room.
    ``votes_asking`` of the ``votes_there`` want a new vote so far; ``by_hands``: some voted in the room, in the
    original vote, where one voter is enough. ``new_vote`` is the id of the point by which it is voted on again, empty
    as long as none is."""

    TYPE: ClassVar[str] = "governance.ruling-disputed.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    number: int
    asked_by: str
    member_id: str
    entry_id: str
    by_hands: bool
    votes_asking: int
    votes_there: int
    new_vote: str

    def key(self) -> str:
        return self.resolution_id


class NewVoteOpened(Event):
    """A point is voted on again in the same meeting, since the outcome of ``again_of`` was disputed by the ``article``;
    what that decided has no effect any more. It is the same proposal, under the same hash. ``carried`` ballots that
    were cast ahead of the meeting or by letter lie in the box already. ``voters``: who of the members votes, where not
    all do."""

    TYPE: ClassVar[str] = "governance.new-vote-opened.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    again_of: str
    meeting_id: str
    kind: str
    subject_nl: str
    subject_en: str
    parameters_hash: str
    article: str
    carried: int
    opened_on: date
    voters: tuple[str, ...] = ()

    def key(self) -> str:
        return self.resolution_id
