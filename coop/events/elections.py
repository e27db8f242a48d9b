"""Facts on elections of persons, told as facts of governance. Members stand in them by their ids alone."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from coop.events.envelope import Event


class CandidatesNamed(Event):
    """The notice of a meeting names candidates for an office: whoever may vote may know who they are. The term that is
    voted on begins on ``begins_on`` and ends on ``ends_on``. ``group``: the members who choose a delegate of their
    own."""

    TYPE: ClassVar[str] = "governance.candidates-named.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    held_on: date
    office: str
    seats: int
    begins_on: date
    ends_on: date
    candidates: tuple[str, ...]
    group: str = ""

    def key(self) -> str:
        return self.resolution_id


class ElectionVoteOpened(Event):
    """The ``number``-th vote of an election was opened: on a ``nomination`` that binds, a ``round`` that can elect, or
    an ``intermediate`` one on who goes on. ``options`` are what a ballot may name, and ``seats`` the most of them that
    can be elected. ``on_paper``: whoever is in the room votes on paper; ``secret``: nobody votes otherwise.
    ``voters``: who of the members votes, where not all do."""

    TYPE: ClassVar[str] = "governance.election-vote-opened.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    number: int
    kind: str
    options: tuple[str, ...]
    seats: int
    on_paper: bool
    secret: bool
    voters: tuple[str, ...] = ()

    def key(self) -> str:
        return self.resolution_id


class ElectionBallotsCommitted(Event):
    """Ballots were put in the box of a vote of an election: a hash over each, with a salt that nobody else knows."""

    TYPE: ClassVar[str] = "governance.election-ballots-committed.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    number: int
    commitments: tuple[str, ...]

    def key(self) -> str:
        return self.resolution_id


class ElectionVoteCounted(Event):
    """A vote of an election was counted. ``names`` and ``votes`` go together; ``valid``, ``blank`` and ``invalid`` are
    votes on papers of that sort. ``word``: elected, next round, intermediate vote, lot, broken or stands (of a
    nomination), not elected, no quorum, nobody voted; ``article`` decides it. ``entry_id``: the count on paper that two
    people signed.
    ``ballots_hash`` is over the ballots that were cast on pages, with the votes of each."""

    TYPE: ClassVar[str] = "governance.election-vote-counted.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    number: int
    names: tuple[str, ...]
    votes: tuple[int, ...]
    valid: int
    blank: int
    invalid: int
    entitled: int
    word: str
    article: str
    ballots_hash: str
    entry_id: str = ""

    def key(self) -> str:
        return self.resolution_id


class LotDrawn(Event):
    """A lot was drawn after the ``number``-th vote of an election, and two people signed the paper on it."""

    TYPE: ClassVar[str] = "governance.lot-drawn.v1"
    NOUNS: ClassVar[str] = "resolutions"

    resolution_id: str
    meeting_id: str
    number: int
    drawn: tuple[str, ...]
    entry_id: str

    def key(self) -> str:
        return self.resolution_id


class PersonElected(Event):
    """A member is in an office from ``begins_on`` until ``ends_on``, as a meeting elected them, or, with ``entry_id``,
    as two people read it off a paper of before. What an account may do follows from nothing here: people see to it.

    Of a council of members: ``stands_for`` names the group whom they sit in it for, and ``place`` is theirs among who
    was elected, 1 for the most votes.
    """

    TYPE: ClassVar[str] = "governance.person-elected.v1"
    NOUNS: ClassVar[str] = "resolutions"

    office: str
    member_id: str
    begins_on: date
    ends_on: date
    resolution_id: str = ""
    entry_id: str = ""
    stands_for: str = ""
    place: int = 0

    def key(self) -> str:
        return self.resolution_id or self.entry_id


class TermEnded(Event):
    """The term of a member in an office that began on ``begins_on`` ends on ``ends_on``, before its day: they stepped
    down, or were dismissed, as two people read it off a paper."""

    TYPE: ClassVar[str] = "governance.term-ended.v1"
    NOUNS: ClassVar[str] = "entries"

    office: str
    member_id: str
    begins_on: date
    ends_on: date
    entry_id: str

    def key(self) -> str:
        return self.entry_id
