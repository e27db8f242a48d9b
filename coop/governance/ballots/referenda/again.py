"""Referenda held against the sealed journal and the statutes: nothing is shared with who took the requests.

Who asked, whether that was in time and enough, that the decision was suspended on that day, and that the outcome did to
it what the votes say is reckoned again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from coop.events.governance import (
    DecisionStopped,
    ReferendumAsked,
    ReferendumGranted,
    RequestDisputed,
    VotingListFrozen,
)
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.box_again import hash_again, is_signed_by_two
from coop.governance.ballots.falls_again import ruled_as
from coop.governance.ballots.referenda.store import list_disputed, list_requests
from coop.governance.entries import store as entry_store
from coop.governance.meetings import list_store, store
from coop.governance.meetings.voting_lists import read_members
from coop.governance.model import Meeting, Resolution
from coop.kit.documents import UnreadableDocument
from coop.kit.tx import Tx
from coop.values import civil_date

Record = Mapping[str, Any]

_IN_SESSION: Final[Record] = {"entry_id": "", "entered_on": None}
"""Fields that a fact leaves unsaid of a request in the member's own session."""


def check_referendum(tx: Tx, meeting: Meeting, resolution: Resolution, articles: Record) -> Iterator[str]:
    """Hold the requests on a decision, or the outcome of the referendum that it is, against all that was told."""
    resolution_id = resolution.resolution_id
    asked = list_requests(tx, resolution_id)
    told = [{**_IN_SESSION, **each} for each in list_told(tx, ReferendumAsked, resolution_id)]
    kept = [
        (each.number, each.member_id, each.entry_id or "", each.is_granted, str(civil_date(each.recorded_at)))
        for each in asked
    ]
    names = ("number", "member_id", "entry_id", "granted", "asked_on")
    if kept != [tuple(each[name] for name in names) for each in told]:
        yield "who asked a referendum on it is not who was told"
    objections = list_told(tx, RequestDisputed, resolution_id)
    struck = [(each.number, each.requests_before, not each.in_time) for each in list_disputed(tx, resolution_id)]
    if struck != sorted((each["number"], each["requests_before"], each["counted"]) for each in objections):
        yield "the objections to requests of a referendum on it are not those that were told"
    stops = list_told(tx, DecisionStopped, resolution_id)
    suspended = [each for each in stops if each["manner"] == "referendum" and each["stop_id"] == resolution_id]
    if [each["stopped_on"] for each in suspended] != [each["asked_on"] for each in told if each["granted"]]:
        yield "it is suspended without a referendum that enough members asked, or acts although they did"
    yield from _check_commitments(tx, meeting, resolution_id, told, objections)
    if told:
        yield from _check_papers(tx, resolution_id, told, objections)
        yield from _reckon(tx, meeting, resolution, articles, told, objections)
    if resolution.kind == "referendum":
        yield from _check_outcome(tx, meeting, resolution, articles)


def _reckon(
    tx: Tx,
    meeting: Meeting,
    resolution: Resolution,
    articles: Record,
    told: Sequence[Record],
    objections: Sequence[Record],
) -> Iterator[str]:
    """Reckon whether those who asked had a vote, were in time and were enough."""
    referenda = articles.get("referenda", {})
    own = referenda.get(ruled_as(resolution)) or referenda.get("ordinary")
    decided = store.find_decision(tx, resolution.resolution_id)
    if own is None or decided is None:
        yield "a referendum was asked that the statutes do not know"
        return
    try:
        held = list_store.find_list(tx, meeting.meeting_id, list_store.CLOSED) or {}
        votes = read_members(tx, meeting) if articles.get("council") else held  # the members ask, not their delegates
    except UnreadableDocument:
        return  # It is a finding of its own.
    last_day = decided.decided_on + timedelta(days=own["days"])
    for each in told:
        asking = _replay(told, objections, each["number"])
        if not votes.get(each["member_id"]):
            yield "somebody asked a referendum on it who had no vote"
        if date.fromisoformat(each["entered_on"] or each["asked_on"]) > last_day:
            yield "a referendum on it was asked too late"
        weights = [votes.get(member_id, 0) for member_id in asking]
        if (each["members_asking"], each["votes_asking"]) != (len(asking), sum(weights)):
            yield "who asked a referendum on it is counted otherwise than the list says"
        if each["granted"] != _is_enough(own, weights, votes):
            yield "a referendum on it was granted to too few, or refused to enough"
    for each in objections:
        left = _replay(told, objections, each["requests_before"], of=each["number"])
        if (each["members_asking"], each["votes_asking"]) != (len(left), sum(votes.get(name, 0) for name in left)):
            yield "who asked a referendum on it is counted otherwise than the list says"


def _replay(told: Sequence[Record], objections: Sequence[Record], until: int, of: int = 0) -> set[str]:
    """Members who asked by a request, without papers that were struck before; or after the objection ``of`` one."""
    gone = {
        each["number"]
        for each in objections
        if not each["counted"] and (each["requests_before"] < until or each["number"] == of)
    }
    so_far = [each for each in told if each["number"] <= until]
    return {each["member_id"] for each in so_far if not each["entry_id"] or each["number"] not in gone}


def _check_papers(tx: Tx, resolution_id: str, told: Sequence[Record], objections: Sequence[Record]) -> Iterator[str]:
    """Hold each request on paper against its entry, and each objection against the paper and the day of it."""
    papers = {each["number"]: each for each in told if each["entry_id"]}
    for number, each in papers.items():
        member_id = each["member_id"]
        if not is_signed_by_two(tx, each["entry_id"]):
            yield "a request of a referendum on it stands in no entry that two people signed"
            continue
        entry = entry_store.get_entry(tx, each["entry_id"])
        said = {"resolution_id": resolution_id, "member_id": member_id}
        if (entry.content, str(civil_date(entry.recorded_at))) != (said, each["entered_on"]):
            yield "a request of a referendum on it is not what its entry says"
        if any(one["member_id"] == member_id for one in told if one["number"] < number):
            yield "a request of a referendum on it was entered for somebody who had asked already"
        if date.fromisoformat(each["objection_until"]) != date.fromisoformat(each["asked_on"]) + timedelta(days=14):
            yield "a member had another time to object than fourteen days"
    granted = [each["number"] for each in told if each["granted"]]
    for each in objections:
        paper = papers.get(each["number"])
        if paper is None or paper["member_id"] != each["member_id"]:
            yield "somebody objected to a request of a referendum on it that nobody entered for them"
        if each["counted"] != any(number <= each["requests_before"] for number in granted):
            yield "an objection to a request of a referendum on it counts that came too late, or the other way round"


def _check_commitments(
    tx: Tx, meeting: Meeting, resolution_id: str, told: Sequence[Record], objections: Sequence[Record]
) -> Iterator[str]:
    """Make again what was told of the voters and of who asks as hashes, for those who count at home."""
    granted = [each for each in told if each["granted"]]
    named = [(each["granted_on"], each["requests_hash"]) for each in list_told(tx, ReferendumGranted, resolution_id)]
    if [day for day, _ in named] != [each["asked_on"] for each in granted]:
        yield "a referendum on it was granted without enough requests, or was not told as granted"
    if not told:
        return
    try:
        voters = read_members(tx, meeting)
    except UnreadableDocument:
        return  # It is a finding of its own.
    secret = list_store.get_secret(tx, meeting.meeting_id)
    hidden = {
        member_id: hash_again(
            [meeting.meeting_id, member_id, votes, hash_again(["voter", meeting.meeting_id, member_id, secret])]
        )
        for member_id, votes in voters.items()
    }
    lists = [each for each in list_told(tx, VotingListFrozen, meeting.meeting_id) if each["moment"] == "closed"]
    pairs = sorted([hidden[member_id], votes] for member_id, votes in voters.items() if votes)
    if [each.get("voters_hash") for each in lists] != [hash_again(pairs)]:
        yield "the commitments to who may ask a referendum on it are not those that were told"
    if any(each.get("commitment") != hidden.get(each["member_id"]) for each in told):
        yield "a request of a referendum on it was told with the commitment of somebody else"
    for (_, requests_hash), each in zip(named, granted, strict=False):
        left = _replay(told, objections, each["number"])
        first: dict[str, str] = {}
        gone = {one["number"] for one in objections if not one["counted"]}
        for one in told:
            if one["number"] <= each["number"] and one["number"] not in gone:
                first.setdefault(one["member_id"], str(one["entered_on"] or one["asked_on"]))
        if requests_hash != hash_again(sorted([hidden.get(name, ""), first[name]] for name in left)):
            yield "who asked a referendum on it is not who was told as a hash"


def _is_enough(own: Record, weights: list[int], votes: Mapping[str, int]) -> bool:
    """True where as many ask as the statutes say, of heads or of votes."""
    share = own.get("share")
    least = int(own.get("members", 1))
    if share is None or len(weights) < least:
        return len(weights) >= least
    in_votes = own.get("of", "members") == "votes"
    whole = sum(votes.values()) if in_votes else sum(1 for weight in votes.values() if weight)
    part = (sum(weights) if in_votes else len(weights)) * share["den"]
    return bool(part > whole * share["num"] if share.get("above") else part >= whole * share["num"])


def _check_outcome(tx: Tx, meeting: Meeting, point: Resolution, articles: Record) -> Iterator[str]:
    """Hold the verdict of a referendum against what became of the decision: its first word after it, or none where the
    meeting came to no outcome."""
    decided = store.find_decision(tx, point.resolution_id)
    if decided is None:
        return
    falls = decided.verdict.adopted == (point.parameters["asks"] == "repeal")
    told = list_told(tx, DecisionStopped, str(point.parameters["decision"]))
    came_of_it = [each["manner"] for each in told if each["stop_id"] == point.resolution_id]
    if _waits_on(tx, meeting, point, articles, decided.verdict.reason):
        if came_of_it:
            yield "its decision waits no more, though this meeting came to no outcome"
        return
    repealed_before = any(
        each["manner"] == "repealed" and each["stop_id"] != point.resolution_id
        and each["stopped_on"] <= str(decided.decided_on)
        for each in told
    )  # fmt: skip
    if came_of_it[:1] != ["repealed" if falls else "restored"] and not (repealed_before and not came_of_it):
        yield "what became of its decision is not what the members voted"


def _waits_on(tx: Tx, meeting: Meeting, point: Resolution, articles: Record, reason: str) -> bool:
    """True where nothing could be decided, or a first meeting lacked the quorum and the statutes know a second."""
    if reason != "no-quorum":
        return reason == "not-decidable"
    rules = articles["rules"]
    if not (rules.get(ruled_as(point)) or rules["ordinary"]).get("second"):
        return False
    first = store.find_meeting(tx, meeting.second_of) if meeting.second_of else None
    before = [each for each in first.resolutions if each.kind == "referendum"] if first is not None else []
    same = [each.resolution_id for each in before if each.parameters == point.parameters]
    lacking = [name for name in same if (one := store.find_decision(tx, name)) and one.verdict.reason == "no-quorum"]
    return not lacking
