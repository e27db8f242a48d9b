"""Commands by which members ask a referendum on what a meeting adopted.

Invariants: each asks in their own session, once, within the days of the statutes, and had a vote at the meeting by its
frozen list; with the one that makes them enough the decision is suspended, in the same transaction, until the outcome.

Source: docs/domain/meetings-votes-and-statutes.md#a-referendum; BW 2:39 lid 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.communities.stops import REFERENDUM, find_members_word
from coop.events.governance import ReferendumAsked
from coop.governance.ballots.referenda import store
from coop.governance.ballots.referenda.rules import (
    Request,
    find_hold_by,
    find_last_day,
    find_referendum,
    get_referendum,
    is_enough,
)
from coop.governance.decisions.referendum import find_outcome, list_awaiting, list_put
from coop.governance.decisions.repeal import stop
from coop.governance.kinds import find_kind
from coop.governance.meetings import store as meetings
from coop.governance.meetings import voting_lists
from coop.governance.model import REFERENDUM as KIND
from coop.governance.model import Meeting, Resolution
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.model import Articles, Referendum
from coop.governance.stops.rules import REPEALED, Stopping, refuse_out_of_turn
from coop.governance.stops.store import KeptStop, list_stops
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, civil_date, say


@dataclass(frozen=True)
class Referral:
    """The state of a point on which a referendum may be possible: by which right, until when, how many asked, by when
    it is held, the point by which it is, and what came of it. Without a right there is nothing else."""

    own: Referendum | None
    until: date | None
    is_open: bool
    members_asking: int
    votes_asking: int
    granted_on: date | None
    hold_by: date | None
    point: str | None
    outcome: KeptStop | None
    may_ask: bool
    has_asked: bool


def ask_referendum(tx: Tx, resolution_id: str, member_id: str) -> bool:
    """Ask a referendum on a decision as the member who acts; False where they did so before.

    Raises:
        NotFound: there is no such resolution.
        CoopError: the statutes give no such right, it is too late, the member had no vote, enough asked before, or the
            decision was not adopted or fell already.
    """
    meeting, point = _find_point(tx, resolution_id)
    before = store.list_requests(tx, resolution_id)
    if any(each.member_id == member_id for each in before):
        return False
    own, from_on = _judge(tx, meeting, point)
    votes = voting_lists.read_members(tx, meeting)
    if not votes.get(member_id):
        raise CoopError("no-vote", say("only who had a vote at that meeting can ask a referendum on what it adopted"))
    asking = {member_id, *(each.member_id for each in before)}
    weight = sum(votes[each] for each in asking)
    asked = Request(len(before) + 1, member_id, len(asking), weight, is_enough(own, asking, votes))
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
        )
    )
    if asked.is_granted:
        made = Stopping(REFERENDUM, from_on, tx.today, own.article, referendum=resolution_id)
        tx.tell(*stop(tx, resolution_id, made))
    return True


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
        _judge(tx, meeting, point)
        is_open = True
    except CoopError:
        is_open = False
    granted_on = next((civil_date(each.recorded_at) for each in asked if each.is_granted), None)
    has_asked = any(each.member_id == member_id for each in asked)
    put = list_put(tx, resolution_id) if granted_on else []
    return Referral(
        own=own,
        until=find_last_day(own, decided.decided_on) if own and decided and decided.verdict.adopted else None,
        is_open=is_open,
        members_asking=asked[-1].members_asking if asked else 0,
        votes_asking=asked[-1].votes_asking if asked else 0,
        granted_on=granted_on,
        hold_by=find_hold_by(own, granted_on) if own and granted_on else None,
        point=put[-1].resolution_id if put else None,
        outcome=find_outcome(list_stops(tx, resolution_id)) if granted_on else None,
        may_ask=is_open and not has_asked and any(voting_lists.read_members(tx, meeting, [member_id or ""]).values()),
        has_asked=has_asked,
    )


def list_to_hold(tx: Tx) -> list[tuple[Resolution, date | None]]:
    """Decisions that wait for a referendum which no notice puts to the vote, each with the day by which it is held."""
    found = []
    granted = {each.resolution_id: civil_date(each.recorded_at) for each in store.list_granted(tx)}
    for decided, _ in list_awaiting(tx):
        if any(meetings.find_decision(tx, each.resolution_id) is None for each in list_put(tx, decided.resolution_id)):
            continue
        meeting, point = _find_point(tx, decided.resolution_id, lock=False)
        own = get_referendum(_find_articles(tx, meeting), point.ruled_as)
        found.append((decided, find_hold_by(own, granted[decided.resolution_id])))
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


def _judge(tx: Tx, meeting: Meeting, point: Resolution) -> tuple[Referendum, date]:
    """Find whether a referendum can be asked now; returns the right to it, and the first day of a suspension."""
    decided = meetings.find_decision(tx, point.resolution_id)
    if decided is None or not decided.verdict.adopted:
        raise CoopError("not-adopted", say("this was not adopted: there is nothing to hold a referendum on"))
    own = get_referendum(_find_articles(tx, meeting), point.ruled_as)
    if not _may_be_put(meeting, point):
        raise CoopError("no-referendum", say("no referendum is held on this kind of decision, or on one of the past"))
    last_day = find_last_day(own, decided.decided_on)
    if tx.today > last_day:
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
