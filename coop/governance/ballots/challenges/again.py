"""Outcomes that were disputed, and new votes, held against the sealed journal: nothing is shared with who decided them.

Who asked, how many of how many, and whether that gave a new vote is reckoned again from the voting list, the list of
who was there and the ballots; a new vote is on the same proposal, and holds the ballots that go on, as they were cast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from coop.events.governance import NewVoteOpened, RulingDisputed
from coop.governance.ballots import store as ballot_store
from coop.governance.ballots.attendance.again import replay_attendance
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.box_again import is_signed_by_two
from coop.governance.ballots.challenges.store import KeptChallenge, list_challenges
from coop.governance.meetings import list_store, store
from coop.governance.model import Ballot, Meeting, Resolution
from coop.kit.documents import UnreadableDocument
from coop.kit.tx import Tx


def check_disputes(tx: Tx, meeting: Meeting, resolution: Resolution) -> Iterator[str]:
    """Hold the disputes on an outcome, and the vote that it is where it repeats another, against all that was told."""
    asked = list_challenges(tx, resolution.resolution_id)
    told = list_told(tx, RulingDisputed, resolution.resolution_id)
    named = [(each["number"], each["asked_by"], each["member_id"], each["entry_id"]) for each in told]
    if named != [(each.number, each.asked_by, each.member_id or "", each.entry_id or "") for each in asked]:
        yield "the disputes on its outcome are not those that were told"
    if asked:
        yield from _reckon(tx, meeting, resolution, asked)
    granted = any(each["new_vote"] for each in told)
    is_together = any(
        _find_root(meeting, each) == _find_root(meeting, resolution) and each.resolution_id in meeting.voted_again
        for each in meeting.resolutions
    )
    if (resolution.resolution_id in meeting.voted_again) != (granted or is_together):
        yield "a new vote is held that nobody asked, or none where it was asked"
    if resolution.again_of is not None:
        yield from _check_new_vote(tx, meeting, resolution, resolution.again_of)
    elif list_told(tx, NewVoteOpened, resolution.resolution_id):
        yield "it was opened as a new vote, and is kept as a point of the notice"


def _find_root(meeting: Meeting, point: Resolution) -> str:
    """Name of what is voted on together: options of each other, with all that would change them."""
    head = next((each for each in meeting.resolutions if each.resolution_id == point.amends), point)
    return head.option_of or head.resolution_id


def _reckon(tx: Tx, meeting: Meeting, resolution: Resolution, asked: list[KeptChallenge]) -> Iterator[str]:
    """Reckon who could dispute an outcome, and whether that is enough."""
    try:
        votes = list_store.find_list(tx, meeting.meeting_id, list_store.CLOSED) or {}
    except UnreadableDocument:
        return  # It is a finding of its own.
    ballots = _list_standing(tx, resolution.resolution_id)
    by_hands = resolution.again_of is None and any(each.channel == "room" for each in ballots.values())
    manners = replay_attendance(tx, meeting.meeting_id, [])
    themselves = {member_id for member_id, manner in manners.items() if manner in ("room", "online")}
    for member_id, cast in ballots.items():
        own = cast.channel == "own" or (cast.channel in ("room", "paper") and cast.proxy_holder is None)
        if own and cast.cast_on == meeting.held_on:
            themselves.add(member_id)
    asking: set[str] = set()
    for each in asked:
        if each.member_id is not None:
            asking.add(each.member_id)
        if not votes.get(each.member_id or "", each.asked_by == "majority"):
            yield "somebody disputes its outcome who has no vote"
        if each.entry_id is None and each.member_id not in themselves:
            yield "somebody disputes its outcome who was not there"
        if each.entry_id is not None and not is_signed_by_two(tx, each.entry_id):
            yield "a dispute on its outcome stands in no entry that two people signed"
        wanting = sum(votes.get(member_id, 0) for member_id in asking)
        there = sum(votes.get(member_id, 0) for member_id in themselves | asking)
        if (each.by_hands, each.votes_asking, each.votes_there) != (by_hands, wanting, there):
            yield "who disputes its outcome is counted otherwise than the lists say"


def _check_new_vote(tx: Tx, meeting: Meeting, resolution: Resolution, before: str) -> Iterator[str]:
    """Hold a new vote against the first one: the same proposal, and the ballots that go on."""
    (hash_before, _), (hash_now, _) = (store.find_notice(tx, each) for each in (before, resolution.resolution_id))
    told = [
        (each["again_of"], each["meeting_id"], each["parameters_hash"])
        for each in list_told(tx, NewVoteOpened, resolution.resolution_id)
    ]
    if told != [(before, meeting.meeting_id, hash_before)] or hash_now != hash_before:
        yield "the new vote is not on what was told, or on another proposal than the first one"
    expected = Counter(
        _name(each)
        for each in _list_standing(tx, before).values()
        if each.cast_on < meeting.held_on or each.channel == "letter"
    )
    first = [cast[0] for cast in ballot_store.list_ballots(tx, resolution.resolution_id).values()]
    if expected - Counter(map(_name, first)) or any(
        each.cast_on < meeting.held_on and _name(each) not in expected for each in first
    ):
        yield "the ballots that go on in the new vote are not those of the first one"


def _name(ballot: Ballot) -> tuple[object, ...]:
    return ballot.member_id, ballot.choice, ballot.parts, ballot.proxy_holder, ballot.channel, ballot.cast_on


def _list_standing(tx: Tx, resolution_id: str) -> Mapping[str, Ballot]:
    """The newest ballot of each member that was not struck in time."""
    struck = {each.member_id: each.number for each in ballot_store.list_objections(tx, resolution_id) if each.in_time}
    return {
        member_id: cast[-1]
        for member_id, cast in ballot_store.list_ballots(tx, resolution_id).items()
        if len(cast) > struck.get(member_id, 0)
    }
