"""Commands by which the outcome of a vote is disputed at the meeting, and voted on again.

Invariants: who asks is there and has a vote; one voter alone has the
original vote held again, and never a new one; what was said in the room holds once a second person confirms it, and
counts from when it was entered; with a new vote what the first one decided acts no more, and the new one is on the same
proposal, by the same list of voters.

Source: docs/domain/meetings-votes-and-statutes.md#a-ruling-that-is-disputed; BW 2:13 lid 3 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from coop.events import Event
from coop.events.governance import BallotsCommitted, NewVoteOpened, RulingDisputed
from coop.governance.ballots.attendance.commands import find_present
from coop.governance.ballots.attendance.rules import MANDATE as BY_MANDATE
from coop.governance.ballots.challenges import store
from coop.governance.ballots.challenges.rules import (
    AT_ONCE,
    MAJORITY,
    VOTER,
    Asked,
    goes_on,
    is_one_enough,
    list_there,
    refuse_late,
    weigh,
)
from coop.governance.ballots.commitments import commit, make_salt
from coop.governance.ballots.motions.rules import list_together
from coop.governance.ballots.store import list_standing
from coop.governance.decisions.repeal import stop
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.kinds import find_kind
from coop.governance.meetings import store as meetings
from coop.governance.meetings import voting_lists
from coop.governance.meetings.times import find_decision_time
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.model import ELECTION, Meeting, Resolution
from coop.governance.statutes import law
from coop.governance.stops.rules import DISPUTED, Stopping, refuse_out_of_turn
from coop.governance.stops.store import list_stops
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, say

KIND: Final = "challenge"
"""Kind of the entries by which somebody in the room disputes an outcome."""


@dataclass(frozen=True)
class Challenged:
    """The state of a point that was or may be disputed: until when, who is there, who asked, and the new vote."""

    until: datetime
    is_open: bool
    by_hands: bool
    votes_there: int
    votes_asking: int
    new_vote: str | None
    may_ask: bool
    has_asked: bool


def dispute_ruling(tx: Tx, resolution_id: str, member_id: str) -> bool:
    """Dispute an outcome as a voter who is there, now; False where they did so before.

    Raises:
        CoopError: it is too late, they are not there, it is an election, or the decision fell already.
    """
    meeting, resolution = _find_decided(tx, resolution_id)
    if any(each.member_id == member_id for each in store.list_challenges(tx, resolution_id)):
        return False
    _refuse(tx, meeting, resolution, tx.now)
    if member_id not in _list_there(tx, meeting, resolution_id):
        raise CoopError(
            "not-there", say("who disputes an outcome is at the meeting and has a vote there; the list does not say so")
        )
    _dispute(tx, meeting, resolution, VOTER, member_id, None)
    return True


def enter_challenge(tx: Tx, resolution_id: str, number: str, paper: str, entry_id: str = "") -> Entry:
    """Keep that somebody in the room disputes an outcome, until a second person confirms it: the voter with a
    ``number``, or without one the majority of the meeting.

    Raises:
        BadInput: no voter has that number, or the paper has no name.
        CoopError: it is too late, it is an election, or the decision fell already.
    """
    meeting, _ = _find_decided(tx, resolution_id)
    content = {"resolution_id": resolution_id, "member_id": _find_voter(tx, meeting, number) if number else None}
    return entries.enter(tx, keep_challenge, KIND, meeting.meeting_id, paper.strip(), content, entry_id)


def keep_challenge(tx: Tx, entry: Entry) -> int:
    """Let the outcome be disputed as an entry says, from when it was entered; returns 1, or 0 where that was said."""
    content: Mapping[str, Any] = entry.content
    member_id = content["member_id"]
    meeting, resolution = _find_decided(tx, content["resolution_id"])
    asked = store.list_challenges(tx, resolution.resolution_id)
    if member_id and any(each.member_id == member_id for each in asked):
        return 0
    _refuse(tx, meeting, resolution, entry.recorded_at)
    _dispute(tx, meeting, resolution, VOTER if member_id else MAJORITY, member_id, entry.entry_id)
    return 1


def view_challenge(tx: Tx, resolution_id: str, member_id: str | None) -> Challenged:
    """The state of a decided point, and whether a member may dispute it now.

    Raises:
        NotFound: there is no such resolution.
        CoopError: it is not decided.
    """
    meeting, resolution = _find_decided(tx, resolution_id, lock=False)
    asked = store.list_challenges(tx, resolution_id)
    there = _list_there(tx, meeting, resolution_id)
    votes = voting_lists.read_list(tx, meeting)
    try:
        _refuse(tx, meeting, resolution, tx.now)
        is_open = True
    except CoopError:
        is_open = False
    has_asked = any(each.member_id == member_id for each in asked) if member_id else False
    return Challenged(
        until=find_decision_time(tx, resolution_id) + AT_ONCE,
        is_open=is_open,
        by_hands=is_one_enough(resolution.again_of, list_standing(tx, resolution_id).values()),
        votes_there=weigh(there, votes),
        votes_asking=asked[-1].votes_asking if asked else 0,
        new_vote=meeting.voted_again.get(resolution_id),
        may_ask=is_open and member_id in there and not has_asked,
        has_asked=has_asked,
    )


def _find_decided(tx: Tx, resolution_id: str, *, lock: bool = True) -> tuple[Meeting, Resolution]:
    """A point that was decided, with its meeting."""
    meeting_id = meetings.find_agenda(tx, resolution_id)
    meeting = meetings.find_meeting(tx, meeting_id, lock=lock) if meeting_id else None
    if meeting is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    if meetings.find_decision(tx, resolution_id) is None:
        raise CoopError("not-decided", say("the members did not decide this yet"))
    return meeting, next(point for point in meeting.resolutions if point.resolution_id == resolution_id)


def _refuse(tx: Tx, meeting: Meeting, resolution: Resolution, asked_at: datetime) -> None:
    """Refuse to dispute what cannot be voted on again, or not at this time."""
    if meeting.is_history:
        raise CoopError("not-at-meeting", say("this meeting was held before it came on file"))
    if resolution.kind == ELECTION:
        raise CoopError("challenge-election", say("an election is not voted on again here: its rounds are counted"))
    if resolution.resolution_id in meeting.voted_again:
        raise CoopError("voted-again", say("this is voted on again already"))
    decided = meetings.find_decision(tx, resolution.resolution_id)
    assert decided is not None, "it is decided"
    begins_on = find_kind(resolution.kind).find_beginning(resolution.parameters, decided.decided_on)
    made = Stopping(DISPUTED, begins_on, tx.today, law.CHALLENGE)
    refuse_out_of_turn(made, list_stops(tx, resolution.resolution_id), begins_on, tx.today)
    refuse_late(meeting.held_on, find_decision_time(tx, resolution.resolution_id), asked_at, tx.today)


def _list_there(tx: Tx, meeting: Meeting, resolution_id: str) -> set[str]:
    """Members with a vote who are at the meeting themselves."""
    votes = voting_lists.read_list(tx, meeting)
    present = find_present(tx, meeting.meeting_id)
    in_person = [member_id for member_id, each in present.items() if each.manner != BY_MANDATE]
    ballots = list_standing(tx, resolution_id).values()
    return {each for each in list_there(ballots, in_person, meeting.held_on) if votes.get(each)}


def _find_voter(tx: Tx, meeting: Meeting, number: str) -> str:
    votes, numbers = voting_lists.read_list(tx, meeting), list_numbers(tx)
    found = [each for each, weight in votes.items() if weight and numbers.get(each, each) == number]
    if not found:
        reason = say("no member with number %(number)s has a vote on %(day)s", number=number, day=meeting.held_on)
        raise BadInput([Problem(reason, "number")], "bad-challenge")
    return found[0]


def _dispute(
    tx: Tx, meeting: Meeting, resolution: Resolution, asked_by: str, member_id: str | None, entry_id: str | None
) -> None:
    """Keep that an outcome is disputed, and hold a new vote where that is enough for it."""
    resolution_id, votes = resolution.resolution_id, voting_lists.read_list(tx, meeting)
    before = store.list_challenges(tx, resolution_id)
    asking = {each.member_id for each in before if each.member_id} | ({member_id} if member_id else set())
    there = _list_there(tx, meeting, resolution_id) | asking
    by_hands = is_one_enough(resolution.again_of, list_standing(tx, resolution_id).values())
    counts = weigh(asking, votes), weigh(there, votes)
    asked = Asked(len(before) + 1, asked_by, member_id, entry_id, by_hands, *counts)
    store.add_challenge(tx, resolution_id, asked)
    new = _vote_again(tx, meeting, list_together(meeting.resolutions, resolution)) if asked.is_granted else {}
    tx.tell(
        RulingDisputed(
            resolution_id=resolution_id,
            meeting_id=meeting.meeting_id,
            number=asked.number,
            asked_by=asked_by,
            member_id=member_id or "",
            entry_id=entry_id or "",
            by_hands=by_hands,
            votes_asking=asked.votes_asking,
            votes_there=asked.votes_there,
            new_vote=new[resolution_id].resolution_id if new else "",
        ),
        *(fact for again in new.values() for fact in _open(tx, meeting, again)),
    )


def _vote_again(tx: Tx, meeting: Meeting, points: Sequence[Resolution]) -> Mapping[str, Resolution]:
    """Put points to the vote again, behind the others of their meeting; returns the new ones by the old."""

    def rename(name: str | None) -> str:
        return derive_id("again", tx.community, name) if name else ""

    new = {}
    ordered = sorted(points, key=lambda each: (each.amends is not None, each.amended_by is not None))
    for number, point in enumerate(ordered, start=len(meeting.resolutions) + 1):
        new[point.resolution_id] = replace(
            point,
            resolution_id=rename(point.resolution_id),
            again_of=point.resolution_id,
            option_of=rename(point.option_of),
            amends=rename(point.amends) or None,
            amended_by=rename(point.amended_by) or None,
        )
        meetings.add_point(tx, meeting.meeting_id, number, new[point.resolution_id])
    return new


def _open(tx: Tx, meeting: Meeting, again: Resolution) -> list[Event]:
    """Let the first decision fall and the ballots go on that were cast ahead; returns the facts of it."""
    before = str(again.again_of)
    standing = [each for each in list_standing(tx, before).values() if goes_on(each, meeting.held_on)]
    carried = {
        each.ballot_id: replace(
            each, ballot_id=derive_id("carried", tx.community, again.resolution_id, each.ballot_id), salt=make_salt()
        )
        for each in standing
    }
    store.add_carried(tx, again.resolution_id, before, carried)
    commitments = tuple(sorted(commit(again.resolution_id, each) for each in carried.values()))
    opened = NewVoteOpened(
        resolution_id=again.resolution_id,
        again_of=before,
        meeting_id=meeting.meeting_id,
        kind=again.kind,
        subject_nl=again.subject_nl,
        subject_en=again.subject_en,
        parameters_hash=meetings.find_notice(tx, before)[0],
        article=law.CHALLENGE,
        carried=len(carried),
        opened_on=tx.today,
        voters=voting_lists.name_voters(tx, meeting),
    )
    committed = BallotsCommitted(resolution_id=again.resolution_id, commitments=commitments)
    return [opened, *([committed] if carried else []), *_let_fall(tx, again)]


def _let_fall(tx: Tx, again: Resolution) -> list[Event]:
    """Let the decision of the first vote act no more, where it adopted something or its rejection decided something."""
    before = str(again.again_of)
    decided = meetings.find_decision(tx, before)
    assert decided is not None, "only what was decided is voted on again"
    kind = find_kind(again.kind)
    begins_on = kind.find_beginning(again.parameters, decided.decided_on)
    made = Stopping(DISPUTED, begins_on, tx.today, law.CHALLENGE, voted_again=again.resolution_id)
    if not decided.verdict.adopted:
        return kind.fall(tx, replace(again, resolution_id=before), made) if kind.turn_down else []
    return stop(tx, before, made)
