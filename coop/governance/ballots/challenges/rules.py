"""Rules on disputing an outcome: until when, who is there to do so, when there is a new vote, and which ballots go on.

Source: docs/domain/meetings-votes-and-statutes.md#a-ruling-that-is-disputed; BW 2:13 lid 3 and 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from coop.governance.model import OWN, Ballot
from coop.governance.statutes.requests import judge_challenge
from coop.values import CoopError, civil_date, say

AT_ONCE: Final = timedelta(minutes=30)
"""Time after an outcome is pronounced in which somebody disputes it at once."""

VOTER, MAJORITY = "voter", "majority"
ASKERS: Final = (VOTER, MAJORITY)

ROOM, LETTER = "room", "letter"


@dataclass(frozen=True)
class Asked:
    """Somebody disputes an outcome, whom ``votes_asking`` of the ``votes_there`` join; ``by_hands``: some voted in the
    room in the original vote, of which nobody knows here whether it was in writing."""

    number: int
    asked_by: str
    member_id: str | None
    entry_id: str | None
    by_hands: bool
    votes_asking: int
    votes_there: int

    @property
    def is_granted(self) -> bool:
        """True where a new vote is held.

        >>> Asked(1, VOTER, "m1", None, by_hands=True, votes_asking=1, votes_there=40).is_granted
        True
        >>> Asked(1, VOTER, "m1", None, by_hands=False, votes_asking=20, votes_there=40).is_granted
        False
        >>> Asked(1, VOTER, "m1", None, by_hands=False, votes_asking=21, votes_there=40).is_granted
        True
        """
        is_majority = self.asked_by == MAJORITY or 2 * self.votes_asking > self.votes_there
        asked_by = int(self.asked_by == VOTER)
        ruling = judge_challenge(by_show_of_hands=self.by_hands, asked_by=asked_by, majority_asks=is_majority)
        return ruling.word == "new vote"


def refuse_late(held_on: date, decided_at: datetime, asked_at: datetime, today: date) -> None:
    """Refuse to dispute what was not pronounced at the meeting, or what everybody has relied on since.

    Raises:
        CoopError: the day of the meeting is over, or the outcome stands longer than ``AT_ONCE``.
    """
    if {civil_date(decided_at), today} != {held_on}:
        raise CoopError(
            "not-at-meeting",
            say("the day of the meeting is over: whoever doubts the outcome goes to the board, or to a court"),
        )
    if asked_at > decided_at + AT_ONCE:
        raise CoopError(
            "challenge-late",
            say(
                "an outcome is disputed at once, here until %(until)s; afterwards only a court can annul it",
                until=decided_at + AT_ONCE,
            ),
        )


def is_one_enough(again_of: str | None, ballots: Iterable[Ballot]) -> bool:
    """True where one voter has it voted again: after the original vote alone, in which somebody voted in the room. Else
    whoever loses could have it voted again all evening; of a new vote only the majority asks another one.

    >>> room = [Ballot("m1", "for", date(2026, 6, 24), channel=ROOM)]
    >>> is_one_enough(None, room), is_one_enough("point-1", room)
    (True, False)
    """
    return again_of is None and any(ballot.channel == ROOM for ballot in ballots)


def list_there(ballots: Iterable[Ballot], in_person: Collection[str], held_on: date) -> set[str]:
    """Members who are at the meeting themselves: on the list of who is there, or by a ballot of its day."""
    by_ballot = {
        ballot.member_id
        for ballot in ballots
        if ballot.cast_on == held_on
        and (ballot.channel == OWN or (ballot.channel not in (LETTER, "mandate") and ballot.proxy_holder is None))
    }
    return by_ballot | set(in_person)


def weigh(members: Iterable[str], votes: Mapping[str, int]) -> int:
    """Votes that some members have of their own."""
    return sum(votes.get(member_id, 0) for member_id in members)


def goes_on(ballot: Ballot, held_on: date) -> bool:
    """True for a ballot that counts in the new vote until its member votes anew: of who voted ahead of the meeting, and
    by letter (BW 2:38 lid 8 puts a vote ahead on a line with one at the meeting)."""
    return ballot.cast_on < held_on or ballot.channel == LETTER
