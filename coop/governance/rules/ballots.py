"""Ballots before they go into the box: read from rows, held against the rule, every bad line named at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from coop.governance.model import CHOICES, Ballot, Meeting, VotingRule
from coop.governance.rules.statutes import first_vote_date
from coop.values import BadInput, Problem


@dataclass(frozen=True)
class Box:
    """All that ballots are held against: the meeting, its rule, the votes of each member, each member's ballots so far
    with the standing one last, and the day on which they are handed in."""

    meeting: Meeting
    rule: VotingRule
    votes: Mapping[str, int]
    history: Mapping[str, Sequence[Ballot]]
    today: date


def read_ballots(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[int, Ballot], list[Problem]]:
    """Ballots by line, counted from 1, and the problems of the lines that are none."""
    ballots: dict[int, Ballot] = {}
    problems: list[Problem] = []
    for line, row in enumerate(rows, start=1):
        wrong = []
        member_id, choice, holder = row.get("member_id"), row.get("choice"), row.get("proxy_holder") or None
        if not member_id or not isinstance(member_id, str):
            wrong.append(Problem("a ballot names its member", "member_id", line))
        if choice not in CHOICES:
            wrong.append(Problem(f"{choice!r} is none of {', '.join(CHOICES)}", "choice", line))
        if holder is not None and not isinstance(holder, str):
            wrong.append(Problem("a proxy holder is a member's id", "proxy_holder", line))
        cast_on = row.get("cast_on")
        try:
            day = cast_on if isinstance(cast_on, date) else date.fromisoformat(str(cast_on))
        except ValueError:
            wrong.append(Problem(f"{cast_on!r} is not a date such as 2026-06-24", "cast_on", line))
        problems += wrong
        if not wrong:
            ballots[line] = Ballot(str(member_id), str(choice), day, holder)
    return ballots, problems


def accept(box: Box, rows: Sequence[Mapping[str, Any]], *, personal: bool = False) -> list[Ballot]:
    """The ballots among ``rows`` that are new. One that was handed in before is silent; a different one replaces it.

    A ballot older than the standing one cannot replace it, so that handing in an old batch again changes nothing; nor
    can anybody but the member replace one that the member cast personally.

    Raises:
        BadInput: with every line that is wrong; then none is accepted.
    """
    read, problems = read_ballots(rows)
    ballots = {line: replace(ballot, personal=personal) for line, ballot in read.items()}
    new = {
        line: ballot
        for line, ballot in ballots.items()
        if not _was_handed_in(ballot, box.history.get(ballot.member_id, ()))
    }
    lines_of = Counter(ballot.member_id for ballot in ballots.values())
    for line, ballot in new.items():
        problems += [Problem(reason, field, line) for field, reason in _objections(box, ballot)]
        if lines_of[ballot.member_id] > 1:
            problems.append(Problem(f"{ballot.member_id} has more than one ballot here", "member_id", line))
    problems += _over_the_proxy_limit(box, new)
    if problems:
        raise BadInput(sorted(problems, key=lambda problem: problem.line or 0), "bad-ballots")
    return list(new.values())


def _was_handed_in(ballot: Ballot, earlier: Sequence[Ballot]) -> bool:
    """True for a repeat: of the standing ballot, or of an earlier one that can no longer replace it.

    A member's own vote is new where a steward's says the same: it makes the vote the member's.
    """
    if not earlier:
        return False
    standing = earlier[-1]
    if standing.says_the_same_as(ballot):
        return standing.personal or not ballot.personal
    is_passed = ballot.cast_on < standing.cast_on or (standing.personal and not ballot.personal)
    return is_passed and any(before.says_the_same_as(ballot) for before in earlier)


def _objections(box: Box, ballot: Ballot) -> list[tuple[str, str]]:
    meeting, rule = box.meeting, box.rule
    objections = []
    if not box.votes.get(ballot.member_id):
        objections.append(("member_id", f"{ballot.member_id} has no vote on {meeting.held_on}"))
    first = first_vote_date(meeting, rule)
    if ballot.cast_on > meeting.held_on:
        objections.append(("cast_on", f"the meeting was on {meeting.held_on}, before {ballot.cast_on}"))
    elif ballot.cast_on > box.today:
        objections.append(("cast_on", f"no ballot is dated after today, {box.today}: not on {ballot.cast_on}"))
    elif ballot.cast_on < first:
        window = (
            f"{rule.article} opens the vote {rule.advance_days} days before the meeting and never before its notice"
        )
        objections.append(("cast_on", f"{window}: from {first}, not on {ballot.cast_on}"))
    earlier = box.history.get(ballot.member_id, ())
    if earlier and earlier[-1].personal and not ballot.personal:
        reason = f"{ballot.member_id} voted personally on {earlier[-1].cast_on}; nobody else can replace that"
        objections.append(("member_id", reason))
    elif earlier and ballot.cast_on < earlier[-1].cast_on:
        objections.append(("cast_on", f"a ballot of {earlier[-1].cast_on} stands already"))
    if ballot.proxy_holder == ballot.member_id:
        objections.append(("proxy_holder", "nobody is their own proxy"))
    elif ballot.proxy_holder and not box.votes.get(ballot.proxy_holder):
        objections.append(
            ("proxy_holder", f"{ballot.proxy_holder} has no vote on {meeting.held_on} and can hold no proxy")
        )
    return objections


def _over_the_proxy_limit(box: Box, new: Mapping[int, Ballot]) -> list[Problem]:
    """Lines with which a holder gets more proxies on this resolution than the rule allows."""
    changing = {ballot.member_id for ballot in new.values()}
    held = Counter(
        earlier[-1].proxy_holder for member_id, earlier in box.history.items() if earlier and member_id not in changing
    )
    problems = []
    for line, ballot in new.items():
        if ballot.proxy_holder is None:
            continue
        held[ballot.proxy_holder] += 1
        if held[ballot.proxy_holder] > box.rule.proxy_limit:
            reason = f"{box.rule.article} allows {box.rule.proxy_limit} proxies, {ballot.proxy_holder} would hold more"
            problems.append(Problem(reason, "proxy_holder", line))
    return problems
