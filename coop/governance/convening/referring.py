"""Commands by which members ask a referendum on what a meeting adopted.

Invariants: each asks in their own session, or by a paper that two people compare, and counts once, within the days of
the statutes by the server's clock, with a vote at the meeting by its frozen list; with the one that makes them enough
the decision is suspended, in the same transaction, until the outcome. Whoever is entered is told, and may object.

Source: docs/domain/meetings-votes-and-statutes.md#a-referendum; BW 2:39 lid 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from coop.communities.stops import REFERENDUM, find_members_word
from coop.events.governance import ReferendumAsked, ReferendumGranted, RequestDisputed
from coop.governance.ballots.commands import OBJECTION_DAYS, MayObject
from coop.governance.ballots.referenda import store
from coop.governance.ballots.referenda.requests import commit_member, list_requesting
from coop.governance.ballots.referenda.rules import (
    Request,
    find_asking,
    find_hold_by,
    find_last_day,
    find_needed,
    find_referendum,
    get_referendum,
    is_enough,
)
from coop.governance.decisions.referendum import find_outcome, find_second_call, list_awaiting, list_put
from coop.governance.decisions.repeal import stop
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.kinds import find_kind
from coop.governance.meetings import store as meetings
from coop.governance.meetings import voting_lists
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.model import REFERENDUM as KIND
from coop.governance.model import Meeting, Resolution
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.model import Articles, Referendum
from coop.governance.stops.rules import REPEALED, Stopping, refuse_out_of_turn
from coop.governance.stops.store import KeptStop, list_stops
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, civil_date, hash_parameters, say

PAPER: Final = "request"
"""Kind of the entries by which a request on paper comes on file."""


@dataclass(frozen=True)
class SecondDue:
    """A referendum that lacked its quorum at a meeting, and the days between which the second one is held."""

    meeting_id: str
    held_on: date
    from_on: date
    until: date


@dataclass(frozen=True)
class Referral:
    """The state of a point on which a referendum may be possible: by which right, until when, how many asked and how
    many members and votes have to (None before the decision; no votes where heads alone count), by when it is held,
    the point by which it is, the second meeting that is due on it, and what came of it. Without a right there is
    nothing else."""

    own: Referendum | None
    until: date | None
    is_open: bool
    members_asking: int
    votes_asking: int
    members_needed: int | None
    votes_needed: int | None
    granted_on: date | None
    hold_by: date | None
    point: str | None
    second: SecondDue | None
    outcome: KeptStop | None
    may_ask: bool
    has_asked: bool
    entered: MayObject | None


def ask_referendum(tx: Tx, resolution_id: str, member_id: str) -> bool:
    """Ask a referendum on a decision as the member who acts; False where they did so before.

    Raises:
        NotFound: there is no such resolution.
        CoopError: the statutes give no such right, it is too late, the member had no vote, enough asked before, or the
            decision was not adopted or fell already.
    """
    meeting, point = _find_point(tx, resolution_id)
    if any(each.member_id == member_id and each.is_own for each in store.list_requests(tx, resolution_id)):
        return False
    _keep(tx, meeting, point, member_id, None)
    return True


def enter_request(tx: Tx, resolution_id: str, number: str, paper: str, entry_id: str = "") -> Entry:
    """Keep that the member with a ``number`` asked a referendum on paper, until another person compared it.

    Raises:
        NotFound: there is no such resolution.
        BadInput: no voter has that number, or the paper has no name.
        CoopError: the member asked before or objected, or as ``ask_referendum`` does.
    """
    meeting, _ = _find_point(tx, resolution_id)
    member_id = _find_voter(tx, meeting, number.strip())
    content = {"resolution_id": resolution_id, "member_id": member_id}
    return entries.enter(tx, _refuse_repeated, PAPER, meeting.meeting_id, paper.strip(), content, entry_id)


def _refuse_repeated(tx: Tx, entry: Entry) -> int:
    """Rehearse a paper that is entered now: it has to add something."""
    if not keep_request(tx, entry):
        raise CoopError("asked-before", say("this member asked it already, and counts once"))
    return 1


def keep_request(tx: Tx, entry: Entry) -> int:
    """Keep the request of a paper, in time by the day on which it was entered; returns 1, or 0 where its member asked
    meanwhile."""
    meeting, point = _find_point(tx, entry.content["resolution_id"])
    member_id = str(entry.content["member_id"])
    theirs = [each for each in store.list_requests(tx, point.resolution_id) if each.member_id == member_id]
    if {each.number for each in theirs} & {each.number for each in store.list_disputed(tx, point.resolution_id)}:
        raise CoopError("objected", say("this member objected to a paper on this: only they can ask, by themselves"))
    if theirs:
        return 0
    _keep(tx, meeting, point, member_id, entry)
    return 1


def object_to_request(tx: Tx, resolution_id: str, member_id: str) -> bool:
    """Say as its member that the request which others entered is not theirs; False where that was said before.

    As long as too few ask, it counts no more. Once enough asked, the decision stays suspended, as nobody else could
    ask since; the objection is on file for whoever disputes it.

    Raises:
        NotFound: there is no such resolution.
        CoopError: nobody entered one, the member asked by themselves too, or the term has passed.
    """
    meeting, _ = _find_point(tx, resolution_id)
    requests, disputed = store.list_requests(tx, resolution_id), store.list_disputed(tx, resolution_id)
    theirs = [each for each in requests if each.member_id == member_id]
    paper = next((each for each in theirs if not each.is_own), None)
    if paper is None:
        raise CoopError("nothing-entered", say("nobody entered a request for you on this"))
    if any(each.number == paper.number for each in disputed):
        return False
    if len(theirs) > 1:
        raise CoopError("asked-yourself", say("you asked it yourself as well: there is nothing to object to"))
    until = _find_objection_day(civil_date(paper.recorded_at))
    if tx.today > until:
        raise CoopError("objection-too-late", say("one could object until %(day)s", day=until))
    in_time = not any(each.is_granted for each in requests)
    store.add_disputed(tx, resolution_id, store.Disputed(paper.number, len(requests), in_time))
    asking = find_asking(requests, _list_struck(tx, resolution_id))
    votes = voting_lists.read_members(tx, meeting)
    tx.tell(
        RequestDisputed(
            resolution_id=resolution_id,
            number=paper.number,
            requests_before=len(requests),
            member_id=member_id,
            members_asking=len(asking),
            votes_asking=sum(votes[each] for each in asking),
            counted=not in_time,
        )
    )
    return True


def _keep(tx: Tx, meeting: Meeting, point: Resolution, member_id: str, entry: Entry | None) -> None:
    """Keep a request, tell it, and suspend the decision where it makes enough."""
    resolution_id, entered_on = point.resolution_id, civil_date(entry.recorded_at) if entry else None
    own, from_on = _judge(tx, meeting, point, entered_on or tx.today)
    votes = voting_lists.read_members(tx, meeting)
    if not votes.get(member_id):
        raise CoopError("no-vote", say("only who had a vote at that meeting can ask a referendum on what it adopted"))
    before = store.list_requests(tx, resolution_id)
    asking = {member_id, *find_asking(before, _list_struck(tx, resolution_id))}
    weight = sum(votes[each] for each in asking)
    entry_id = entry.entry_id if entry else None
    asked = Request(len(before) + 1, member_id, entry_id, len(asking), weight, is_enough(own, asking, votes))
    store.add_request(tx, resolution_id, asked)
    tx.tell(
        ReferendumAsked(
            resolution_id=resolution_id,
            meeting_id=meeting.meeting_id,
            number=asked.number,
            member_id=member_id,
            members_asking=asked.members_asking,
            votes_asking=asked.votes_asking,
            granted=asked.is_granted,
            article=own.article,
            asked_on=tx.today,
            entry_id=entry_id or "",
            entered_on=entered_on,
            objection_until=_find_objection_day(tx.today) if entry else None,
            commitment=commit_member(tx, meeting, member_id),
        )
    )
    if asked.is_granted:
        tx.tell(
            ReferendumGranted(
                resolution_id=resolution_id,
                meeting_id=meeting.meeting_id,
                members_asking=asked.members_asking,
                votes_asking=asked.votes_asking,
                article=own.article,
                granted_on=tx.today,
                requests_hash=hash_parameters(list_requesting(tx, meeting, resolution_id)),
            )
        )
        made = Stopping(REFERENDUM, from_on, tx.today, own.article, referendum=resolution_id)
        tx.tell(*stop(tx, resolution_id, made))


def _find_objection_day(recorded_on: date) -> date:
    return recorded_on + timedelta(days=OBJECTION_DAYS)


def _list_struck(tx: Tx, resolution_id: str) -> set[int]:
    """Numbers of the requests that count no more."""
    return {each.number for each in store.list_disputed(tx, resolution_id) if each.in_time}


def _find_voter(tx: Tx, meeting: Meeting, number: str) -> str:
    votes, numbers = voting_lists.read_members(tx, meeting), list_numbers(tx)
    found = [each for each, weight in votes.items() if weight and numbers.get(each, each) == number]
    if not found:
        reason = say("no member with number %(number)s had a vote on %(day)s", number=number, day=meeting.held_on)
        raise BadInput([Problem(reason, "number")], "bad-request")
    return found[0]


def view_referral(tx: Tx, resolution_id: str, member_id: str | None) -> Referral:
    """The state of a point for a reader.

    Raises:
        NotFound: there is no such resolution.
    """
    meeting, point = _find_point(tx, resolution_id, lock=False)
    decided = meetings.find_decision(tx, resolution_id)
    own = find_referendum(_find_articles(tx, meeting), point.ruled_as) if _may_be_put(meeting, point) else None
    asked = store.list_requests(tx, resolution_id)
    try:
        _judge(tx, meeting, point, tx.today)
        is_open = True
    except CoopError:
        is_open = False
    granted_on = next((civil_date(each.recorded_at) for each in asked if each.is_granted), None)
    asking = find_asking(asked, _list_struck(tx, resolution_id))
    until = find_last_day(own, decided.decided_on) if own and decided and decided.verdict.adopted else None
    votes = voting_lists.read_members(tx, meeting) if until else {}
    needed = find_needed(own, votes) if own and until else (None, None)
    has_asked = member_id in asking
    put = list_put(tx, resolution_id) if granted_on else []
    outcome = find_outcome(list_stops(tx, resolution_id)) if granted_on else None
    return Referral(
        own=own,
        until=until,
        is_open=is_open,
        members_asking=len(asking),
        votes_asking=sum(votes.get(each, 0) for each in asking),
        members_needed=needed[0],
        votes_needed=needed[1] or None,
        granted_on=granted_on,
        hold_by=find_hold_by(own, granted_on) if own and granted_on else None,
        point=max(put, key=lambda each: _find_day(tx, each)).resolution_id if put else None,
        second=None if outcome else _find_second(tx, put),
        outcome=outcome,
        may_ask=is_open and not has_asked and any(voting_lists.read_members(tx, meeting, [member_id or ""]).values()),
        has_asked=has_asked,
        entered=_judge_objection(tx, asked, member_id),
    )


def _judge_objection(tx: Tx, asked: Sequence[store.KeptRequest], member_id: str | None) -> MayObject | None:
    """Find whether a member may object to the request on paper that is on file for them; None where there is none, or
    they ask by themselves."""
    theirs = [each for each in asked if each.member_id == member_id]
    if not theirs or any(each.is_own for each in theirs):
        return None
    until = _find_objection_day(civil_date(theirs[0].recorded_at))
    made = any(each.number == theirs[0].number for each in store.list_disputed(tx, theirs[0].resolution_id))
    return MayObject(until, made, tx.today <= until and not made)


def _find_day(tx: Tx, point: Resolution) -> date:
    """The day on which a referendum was decided, the last of all where it is to come."""
    decided = meetings.find_decision(tx, point.resolution_id)
    return decided.decided_on if decided is not None else date.max


def _find_second(tx: Tx, put: Sequence[Resolution]) -> SecondDue | None:
    """The second meeting that is due on a referendum; None where it needs none, or another meeting is called."""
    due: list[SecondDue] = []
    for point in put:
        decided = meetings.find_decision(tx, point.resolution_id)
        if decided is None:
            return None
        meeting, _ = _find_point(tx, point.resolution_id, lock=False)
        second = find_second_call(tx, meeting, point)
        if decided.verdict.reason == "no-quorum" and second is not None:
            from_on, until = (meeting.held_on + timedelta(days=days) for days in (second.from_days, second.to_days))
            due.append(SecondDue(meeting.meeting_id, meeting.held_on, from_on, until))
    return max(due, key=lambda each: each.held_on, default=None)


def list_to_hold(tx: Tx) -> list[tuple[Resolution, date | None]]:
    """Decisions that wait for a referendum which no notice puts to the vote, each with the day by which it is held."""
    found = []
    granted = {each.resolution_id: civil_date(each.recorded_at) for each in store.list_granted(tx)}
    for decided, _ in list_awaiting(tx):
        if any(meetings.find_decision(tx, each.resolution_id) is None for each in list_put(tx, decided.resolution_id)):
            continue
        meeting, point = _find_point(tx, decided.resolution_id, lock=False)
        own = get_referendum(_find_articles(tx, meeting), point.ruled_as)
        second = _find_second(tx, list_put(tx, decided.resolution_id))
        by_second = second.until if second is not None and tx.today < second.until else None
        found.append((decided, by_second or find_hold_by(own, granted[decided.resolution_id])))
    return found


def _find_point(tx: Tx, resolution_id: str, *, lock: bool = True) -> tuple[Meeting, Resolution]:
    meeting_id = meetings.find_agenda(tx, resolution_id)
    meeting = meetings.find_meeting(tx, meeting_id, lock=lock) if meeting_id else None
    if meeting is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    return meeting, next(point for point in meeting.resolutions if point.resolution_id == resolution_id)


def _find_articles(tx: Tx, meeting: Meeting) -> Articles:
    return find_articles(meeting, meetings.list_statutes(tx))


def _may_be_put(meeting: Meeting, point: Resolution) -> bool:
    """True for what can fall at all, and was voted on here."""
    return not meeting.is_history and point.kind != KIND and not find_kind(point.kind).instead


def _judge(tx: Tx, meeting: Meeting, point: Resolution, asked_on: date) -> tuple[Referendum, date]:
    """Find whether a referendum asked on a day counts; returns the right to it, and the first day of a suspension."""
    decided = meetings.find_decision(tx, point.resolution_id)
    if decided is None or not decided.verdict.adopted:
        raise CoopError("not-adopted", say("this was not adopted: there is nothing to hold a referendum on"))
    own = get_referendum(_find_articles(tx, meeting), point.ruled_as)
    if not _may_be_put(meeting, point):
        raise CoopError("no-referendum", say("no referendum is held on this kind of decision, or on one of the past"))
    last_day = find_last_day(own, decided.decided_on)
    if asked_on > last_day:
        late = say("%(article)s lets members ask a referendum until %(last)s", article=own.article, last=last_day)
        raise CoopError("referendum-late", late)
    told = list_stops(tx, point.resolution_id)
    word = find_members_word(told)
    if any(each.is_granted for each in store.list_requests(tx, point.resolution_id)) or (
        word is not None and word.manner in (REFERENDUM, REPEALED)
    ):
        raise CoopError("referendum-asked", say("enough members asked a referendum on this already, or it was held"))
    begins_on = find_kind(point.kind).find_beginning(point.parameters, decided.decided_on)
    from_on = max(tx.today, begins_on)
    made = Stopping(REFERENDUM, from_on, tx.today, own.article, referendum=point.resolution_id)
    refuse_out_of_turn(made, told, begins_on, tx.today)
    return own, from_on
