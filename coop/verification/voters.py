"""Voting lists made again from what the register told: nobody on one whom the register never told of, nobody missing,
and each with the votes that the statutes give.

    on the list  = admitted on or before the day of the meeting, and not left by then,
                   as far as it was told before the vote opened
    kinds        = those of the members on it, where classes have majorities of their own
    votes        = 0 of a kind without a vote, or suspended; else 1, or by the register; at most the most

The list is the one under the hash that was told when it was frozen. What the register told comes from its own journal,
not from the table that governance keeps of it.

Source: docs/domain/meetings-votes-and-statutes.md#the-voting-list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from coop.events.envelope import Event
from coop.events.governance import (
    CandidatesNamed,
    MeetingConvened,
    MemberSuspended,
    PersonElected,
    StatutesAdopted,
    SuspensionLifted,
    TermEnded,
    VotingListFrozen,
)
from coop.events.members import MemberAdmitted, MemberChanged, MemberLeft
from coop.kit.documents import load
from coop.kit.journal import facts_of, instants_of
from coop.kit.tx import Tx
from coop.values import midnight
from coop.verification.delegates import find_group, list_delegates, list_electors, weigh

Articles = Mapping[str, Any]
Newest = dict[str, tuple[tuple[date, int], str, int]]


@dataclass(frozen=True)
class Register:
    """Tellings of the register and the board about members, each with the instant of telling, in order."""

    admitted: list[tuple[datetime, MemberAdmitted]]
    changed: list[tuple[datetime, MemberChanged]]
    left: list[tuple[datetime, MemberLeft]]
    suspended: list[tuple[datetime, MemberSuspended]]
    lifted: list[tuple[datetime, SuspensionLifted]]
    elected: list[tuple[datetime, PersonElected]]
    ended: list[tuple[datetime, TermEnded]]
    named: list[CandidatesNamed]


def verify_voters(governance: Tx, members: Tx) -> Iterator[str]:
    """Every member whom a frozen list has or lacks, or to whom it gives other votes, than what was told makes it."""
    register = Register(
        list_with_instants(members, MemberAdmitted),
        list_with_instants(members, MemberChanged),
        list_with_instants(members, MemberLeft),
        list_with_instants(governance, MemberSuspended),
        list_with_instants(governance, SuspensionLifted),
        list_with_instants(governance, PersonElected),
        list_with_instants(governance, TermEnded),
        list(facts_of(governance, CandidatesNamed, governance.community)),
    )
    convened = {fact.meeting_id: (at, fact) for at, fact in list_with_instants(governance, MeetingConvened)}
    statutes = sorted(facts_of(governance, StatutesAdopted, governance.community), key=lambda each: each.valid_from)
    for frozen in facts_of(governance, VotingListFrozen, governance.community):
        convened_at, meeting = convened[frozen.meeting_id]
        in_force = [each for each in statutes if each.valid_from <= meeting.held_on]
        articles: Articles = json.loads(load(governance, in_force[-1].articles_hash).body) if in_force else {}
        told_until = max(midnight(meeting.vote_from), convened_at)
        listed = dict(json.loads(load(governance, frozen.list_hash).body))
        expected = list_voters(register, articles, meeting.held_on, told_until)
        if articles.get("council"):
            expected = _narrow(register, articles, meeting, expected, told_until)
        name = f"meeting {frozen.meeting_id}, list as it was {frozen.moment}"
        yield from compare(name, listed, expected)
        if frozen.classes_hash:
            kinds = dict(json.loads(load(governance, frozen.classes_hash).body))
            yield from compare_kinds(name, kinds, _list_newest(register, meeting.held_on, told_until))


def _narrow(
    register: Register, articles: Articles, meeting: MeetingConvened, members: dict[str, int], until: datetime
) -> dict[str, int]:
    """Voters of a meeting where a council takes the place of the members: of these one group, or the delegates."""
    council, day = articles["council"], meeting.held_on
    voters, group = list_electors(council, meeting, register.named)
    if voters == "members":
        return members
    kinds = {member_id: kind for member_id, (_, kind, _) in _list_newest(register, day, until).items()}
    kinds = {member_id: kinds[member_id] for member_id in members}
    if voters == "group":
        return {each: votes for each, votes in members.items() if find_group(council, kinds[each]) == group}
    made = list_delegates(council, register.elected, register.ended, kinds, day, until)
    suspended = _list_suspended(register, day, until)
    votes = weigh(council, made, [kinds[each] for each, number in members.items() if number])
    return {member_id: 0 if member_id in suspended else votes[member_id] for member_id in made}


def list_with_instants(tx: Tx, kind: type[Event]) -> list[Any]:
    """Every fact of a type with the instant at which it was told, in the order of writing."""
    at = instants_of(tx, kind, tx.community)
    return [(at[fact.fact_id(tx.community)], fact) for fact in facts_of(tx, kind, tx.community)]


def compare(name: str, listed: Mapping[str, int], expected: Mapping[str, int]) -> Iterator[str]:
    """Name each difference between a list and what it should be."""
    for member_id in sorted(listed.keys() - expected.keys()):
        yield f"{name}: {member_id} stands on it, and has no vote by what was told"
    for member_id in sorted(expected.keys() - listed.keys()):
        yield f"{name}: {member_id} is missing, and has a vote by what was told"
    for member_id in sorted(listed.keys() & expected.keys()):
        if listed[member_id] != expected[member_id]:
            yield f"{name}: {member_id} has {listed[member_id]} votes, and should have {expected[member_id]}"


def compare_kinds(name: str, listed: Mapping[str, str], newest: Newest) -> Iterator[str]:
    """Name each member whom a list holds to be of another kind than the register told."""
    for member_id, kind in sorted(listed.items()):
        told = newest[member_id][1] if member_id in newest else ""
        if kind != told:
            yield f"{name}: {member_id} is counted as {kind or 'nothing'}, and is {told or 'nothing'} by what was told"


def list_voters(register: Register, articles: Articles, day: date, until: datetime) -> dict[str, int]:
    """Members on a day with their votes, by what was told until an instant."""
    newest = _list_newest(register, day, until)
    ends: dict[str, tuple[int, date | None]] = {}
    for at, leaving in register.left:
        if at <= until and leaving.number >= ends.get(leaving.member_id, (-1, None))[0]:
            ends[leaving.member_id] = leaving.number, leaving.left_on
    gone = {member_id for member_id, (_, left_on) in ends.items() if left_on is not None and left_on <= day}
    suspended = _list_suspended(register, day, until)
    own = articles.get("voters") or {}
    new = _list_new(register, own.get("least_months", 0), day, until)
    votes = {
        member_id: 0 if member_id in new else count_votes(articles, kind, measure)
        for member_id, (_, kind, measure) in newest.items()
        if member_id not in gone
    }
    share = own.get("most_share")
    most = max(1, sum(votes.values()) * share["num"] // share["den"]) if share else None
    capped = {each: number if most is None else min(number, most) for each, number in votes.items()}
    return {each: 0 if each in suspended else number for each, number in capped.items()}


def _list_new(register: Register, months: int, day: date, until: datetime) -> set[str]:
    """Members who joined less than so many months before a day: of the same day of the month, or of its last."""
    first: dict[str, date] = {}
    for at, fact in register.admitted:
        if at <= until:
            first[fact.member_id] = min(fact.joined_on, first.get(fact.member_id, fact.joined_on))
    new = set()
    for member_id, joined_on in first.items():
        passed = (day.year - joined_on.year) * 12 + day.month - joined_on.month
        is_last = (day + timedelta(days=1)).day == 1
        if passed < months or (passed == months and day.day < joined_on.day and not is_last):
            new.add(member_id)
    return new


def _list_newest(register: Register, day: date, until: datetime) -> Newest:
    """The latest of each member on a day, by what was told until an instant: its rank, the kind and the measure."""
    newest: Newest = {}
    for at, fact in register.admitted:
        if at <= until and fact.joined_on <= day:
            _keep_newest(newest, fact.member_id, (fact.joined_on, -1), fact.kind, fact.votes)
    for at, change in register.changed:
        if at <= until and change.from_on <= day:
            _keep_newest(newest, change.member_id, (change.from_on, change.number), change.kind, change.votes)
    return newest


def _keep_newest(newest: Newest, member_id: str, rank: tuple[date, int], kind: str, votes: int) -> None:
    """Keep what holds latest of a member; of the same that is told again the first telling."""
    if member_id not in newest or newest[member_id][0] < rank:
        newest[member_id] = rank, kind, votes


def _list_suspended(register: Register, day: date, until: datetime) -> set[str]:
    """Members whose newest word on suspensions, told until an instant, suspends them on a day."""
    newest: dict[str, tuple[int, bool]] = {}
    for at, fact in register.suspended:
        if at <= until and fact.number > newest.get(fact.member_id, (0, False))[0]:
            newest[fact.member_id] = fact.number, fact.from_on <= day < (fact.ends_on or date.max)
    for at, lifting in register.lifted:
        if at <= until and lifting.number > newest.get(lifting.member_id, (0, False))[0]:
            held = newest.get(lifting.member_id, (0, False))[1]
            newest[lifting.member_id] = lifting.number, held and day < lifting.lifted_on
    return {member_id for member_id, (_, is_suspended) in newest.items() if is_suspended}


def count_votes(articles: Articles, kind: str, measure: int) -> int:
    """Votes of a member of a kind, with so much by the register, under the record of the statutes.

    >>> bands = {"bands": [{"above": 0, "votes": 1}, {"above": 10, "votes": 5}], "most_votes": 4}
    >>> [count_votes({"voters": bands}, "owner", measure) for measure in (1, 10, 11)]
    [1, 1, 4]
    >>> count_votes({}, "owner", 9), count_votes({"voters": {"plural": True}}, "owner", 9)
    (1, 9)
    """
    voters = articles.get("voters") or {}
    if any(each["kind"] == kind and not each.get("votes", True) for each in voters.get("kinds", ())):
        return 0
    bands = voters.get("bands", ())
    votes = measure if voters.get("plural") and not bands else 1
    for band in bands:
        if measure > band["above"] or (measure == band["above"] and voters.get("on_bound") == "upper"):
            votes = band["votes"]
    most = voters.get("most_votes")
    return int(votes if most is None else min(votes, most))
