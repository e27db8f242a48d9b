"""List of who may vote at a meeting, and with how many votes by its statutes.

Frozen when the vote opens, and kept again when it is closed. Whoever is suspended stands on it without a vote.

Invariants: nobody whom the register told of after the vote opened has a vote at that meeting, and nobody loses one by
what the register, the work of one person, says from then on: a leaving that is told while the vote runs takes none, as
it might be taken back afterwards. Nor does a suspension that two people signed after the vote opened, and its lifting
gives none back. So nothing that is said later changes a count.

Source: BW 2:38 lid 1 (every member who is not suspended has a vote);
docs/domain/meetings-votes-and-statutes.md#the-voting-list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from coop.events.governance import VotingListFrozen
from coop.governance.meetings import class_store, suspension_store
from coop.governance.meetings import list_store as store
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings.list_store import CLOSED, OPENED
from coop.governance.meetings.suspension_store import Suspension
from coop.governance.meetings.term_store import list_terms
from coop.governance.meetings.times import find_recording_time
from coop.governance.meetings.voter_commitments import list_committed, make_secret
from coop.governance.meetings.voter_store import Registered, find_members
from coop.governance.model import Meeting
from coop.governance.statutes.applying import find_articles, find_council, first_vote_by
from coop.governance.statutes.delegates import (
    DELEGATES,
    MEMBERS,
    SUBSTITUTES,
    Body,
    Seated,
    find_body,
    seat_delegates,
    weigh_delegates,
)
from coop.governance.statutes.law import LAW
from coop.governance.statutes.version import in_force
from coop.governance.statutes.voters import cap_votes, find_voters, has_waited, weigh_member
from coop.kit.positions import is_behind
from coop.kit.tx import Tx
from coop.values import CoopError, hash_parameters, midnight, say

REGISTER: Final = "members"
"""Service whose facts say who is a member."""


def find_freezing_time(tx: Tx, meeting: Meeting) -> datetime:
    """The instant at which the list is frozen: the start of the day on which one may vote first, or the notice."""
    opens_on = first_vote_by(meeting, meeting_store.list_statutes(tx))
    return max(midnight(opens_on), find_recording_time(tx, meeting.meeting_id))


def weigh_members(
    tx: Tx, day: date, registered: Mapping[str, Registered], told_until: datetime | None = None
) -> dict[str, int]:
    """Votes of members by the statutes in force on a day: none for who is of a kind without a vote, is not a member for
    as long as they ask, or is suspended by what was on file at an instant. Before there are statutes the law gives each
    one."""
    versions = [version for version in meeting_store.list_statutes(tx) if version.valid_from <= day]
    articles = in_force(versions, day).articles if versions else LAW
    suspended = list_suspended(tx, day, told_until)

    def weigh(each: Registered) -> int:
        return weigh_member(articles, each.kind, each.votes) if has_waited(articles, each.since, day) else 0

    weights = {member_id: 0 if member_id in suspended else weigh(each) for member_id, each in registered.items()}
    if find_voters(articles).most_share is None:
        return weights
    everybody = find_members(tx, day, told_until)
    whole = sum(weigh(each) for each in everybody.values())
    return cap_votes(articles, weights, whole)


def weigh_voters(
    tx: Tx, meeting: Meeting, told_until: datetime | None = None, members: Collection[str] | None = None
) -> dict[str, int]:
    """Voters of a meeting with their votes, by the whole register or what was told until an instant; all or some.

    They are the members; where a council takes their place its delegates, and for the choice of these the group.
    """
    day, body = meeting.held_on, find_body_of(tx, meeting)
    council = find_council(meeting_store.list_statutes(tx), day)
    if council is None or body.voters == "members":
        return weigh_members(tx, day, find_members(tx, day, told_until, members), told_until)
    registered = find_members(tx, day, told_until)
    weights = weigh_members(tx, day, registered, told_until)
    groups = {member_id: council.find_group(each.kind) for member_id, each in registered.items()}
    if body.voters == "group":
        found = {member_id: votes for member_id, votes in weights.items() if groups[member_id] == body.group}
    else:
        seated = seat_delegates(council, list_seated(tx, told_until), registered, day)
        voting = {member_id: groups[member_id] for member_id, votes in weights.items() if votes}
        suspended = list_suspended(tx, day, told_until)
        votes = weigh_delegates(council, seated, voting)
        found = {member_id: 0 if member_id in suspended else votes[member_id] for member_id in seated}
    return found if members is None else {each: found[each] for each in members if each in found}


def list_seated(tx: Tx, told_until: datetime | None = None) -> Sequence[Seated]:
    """Terms in the council, of delegates and their substitutes, by what was on file at an instant."""
    return [
        Seated(each.office, each.member_id, each.begins_on, each.ends_on, each.stands_for, each.place)
        for each in list_terms(tx, told_until)
        if each.office in (DELEGATES, SUBSTITUTES)
    ]


def list_suspended(tx: Tx, day: date, told_until: datetime | None = None) -> Mapping[str, Suspension]:
    """Members who are suspended on a day, by all that is on file or what was on file at an instant."""
    newest = suspension_store.find_newest(tx, told_until)
    return {
        member_id: each for member_id, each in newest.items() if each.from_on <= day < suspension_store.find_end(each)
    }


def list_suspended_at(tx: Tx, meeting: Meeting) -> Mapping[str, Suspension]:
    """Members whom a suspension takes their vote at a meeting, as its list was frozen or will be."""
    return {} if meeting.is_history else list_suspended(tx, meeting.held_on, find_freezing_time(tx, meeting))


def freeze(tx: Tx, meeting: Meeting) -> Mapping[str, int]:
    """Freeze the list where the vote is open by now; returns it, or what it would be today.

    As long as facts of the register are known to be under way, it waits: one of them may be of a member who was told of
    in time.
    """
    kept = store.find_list(tx, meeting.meeting_id, OPENED)
    if kept is not None:
        return kept
    frozen_at = find_freezing_time(tx, meeting)
    votes = weigh_voters(tx, meeting, frozen_at)
    if frozen_at <= tx.now and not is_behind(tx, REGISTER):
        _keep(tx, meeting, OPENED, votes, make_secret())
    return votes


def is_frozen(tx: Tx, meeting: Meeting) -> bool:
    """True once the list stands fast, so that nobody's votes change any more."""
    return store.find_list_hash(tx, meeting.meeting_id, OPENED) is not None


def close(tx: Tx, meeting: Meeting) -> Mapping[str, int]:
    """Keep the list by which a meeting is counted: the one that was frozen when the vote opened.

    Raises:
        CoopError: it could not be frozen yet, as facts of the register are under way.
    """
    opened = store.find_list(tx, meeting.meeting_id, OPENED)
    if opened is None:
        raise CoopError(
            "register-behind",
            say("the register told of members who did not arrive here yet: close the meeting once they did"),
        )
    votes = {**opened}
    _keep(tx, meeting, CLOSED, votes, store.get_secret(tx, meeting.meeting_id))
    return votes


def read_list(tx: Tx, meeting: Meeting, members: Collection[str] | None = None) -> Mapping[str, int]:
    """The list as it was closed or frozen, or before that as it would be frozen now; all members or some."""
    kept = store.find_list(tx, meeting.meeting_id, CLOSED) or store.find_list(tx, meeting.meeting_id, OPENED)
    if kept is not None:
        return kept if members is None else {each: kept[each] for each in members if each in kept}
    return weigh_voters(tx, meeting, find_freezing_time(tx, meeting), members)


def read_members(tx: Tx, meeting: Meeting, members: Collection[str] | None = None) -> Mapping[str, int]:
    """Members with their votes when the list of a meeting was frozen, also where delegates vote at it; all or some."""
    if find_body_of(tx, meeting).voters == "members":
        return read_list(tx, meeting, members)
    frozen_at, day = find_freezing_time(tx, meeting), meeting.held_on
    return weigh_members(tx, day, find_members(tx, day, frozen_at, members), frozen_at)


def name_voters(tx: Tx, meeting: Meeting) -> tuple[str, ...]:
    """Ids of who has a vote at a meeting at which not all members do, for those who write to them; else nothing."""
    if find_body_of(tx, meeting).voters == "members":
        return ()
    return tuple(sorted(member_id for member_id, votes in read_list(tx, meeting).items() if votes))


def find_body_of(tx: Tx, meeting: Meeting) -> Body:
    """The voters of a meeting by the statutes of its day: the members, their delegates, or a group."""
    versions = [version for version in meeting_store.list_statutes(tx) if version.valid_from <= meeting.held_on]
    return find_body(in_force(versions, meeting.held_on).articles, meeting) if versions else MEMBERS


def list_late(tx: Tx, meeting: Meeting) -> Sequence[str]:
    """Members by the register of today who are not on the list of the meeting: they were entered too late for it."""
    listed = None if meeting.is_history else store.find_list(tx, meeting.meeting_id, OPENED)
    if listed is None:
        return ()
    unheard = list_unheard(tx, meeting)
    return sorted(weigh_voters(tx, meeting).keys() - listed.keys() - {*unheard})


def list_unheard(tx: Tx, meeting: Meeting) -> Sequence[str]:
    """Members whom the register told of in time, and who are not on the list: it was frozen before that arrived."""
    listed = None if meeting.is_history else store.find_list(tx, meeting.meeting_id, OPENED)
    if listed is None:
        return ()
    in_time = weigh_voters(tx, meeting, find_freezing_time(tx, meeting))
    return sorted(in_time.keys() - listed.keys())


def list_left(tx: Tx, meeting: Meeting) -> Sequence[str]:
    """Members on the frozen list who are none any more by the register of today: their leaving was told too late to
    take their vote at this meeting."""
    listed = None if meeting.is_history else store.find_list(tx, meeting.meeting_id, OPENED)
    if listed is None:
        return ()
    now = weigh_voters(tx, meeting)
    return sorted(member_id for member_id in listed if member_id not in now)


def read_kinds(tx: Tx, meeting: Meeting) -> Mapping[str, str]:
    """The kind of each member on the list of a meeting at which classes of members have majorities of their own, as it
    was frozen with the list; nobody where none has."""
    return class_store.find_kinds(tx, meeting.meeting_id) or {}


def _freeze_kinds(tx: Tx, meeting: Meeting, votes: Mapping[str, int]) -> str:
    """Freeze of which kind each voter is, by what the register told before the vote opened; returns the hash."""
    if not find_articles(meeting, meeting_store.list_statutes(tx)).classes:
        return ""
    registered = find_members(tx, meeting.held_on, find_freezing_time(tx, meeting))
    kinds = {member_id: registered[member_id].kind if member_id in registered else "" for member_id in votes}
    return class_store.add_kinds(tx, meeting.meeting_id, kinds)


def _keep(tx: Tx, meeting: Meeting, moment: str, votes: Mapping[str, int], secret: str) -> None:
    list_hash = store.add_list(tx, meeting.meeting_id, moment, votes, secret)
    voters = list_committed(meeting.meeting_id, read_members(tx, meeting), secret)
    classes_hash = _freeze_kinds(tx, meeting, votes) if moment == OPENED else ""
    tx.tell(
        VotingListFrozen(
            meeting_id=meeting.meeting_id,
            moment=moment,
            list_hash=list_hash,
            members=sum(1 for number in votes.values() if number),
            votes=sum(votes.values()),
            voters_hash=hash_parameters(voters),
            classes_hash=classes_hash,
        )
    )
