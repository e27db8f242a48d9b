"""Ballots before they go into the box: read from rows, held against the rule, every bad line named at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from coop.governance.model import CHOICES, Ballot, Meeting, VotingRule
from coop.governance.rules.statutes import first_vote_date
from coop.values import BadInput, Problem, Said, say


@dataclass(frozen=True)
class Box:
    """All that ballots are held against: the meeting, its rule, the votes of each member, each member's ballots so far
    with the standing one last, the day on which they are handed in, and members who objected to what others entered."""

    meeting: Meeting
    rule: VotingRule
    votes: Mapping[str, int]
    history: Mapping[str, Sequence[Ballot]]
    today: date
    objectors: Collection[str] = ()


def read_ballots(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[int, Ballot], list[Problem]]:
    """Ballots by line, counted from 1, and the problems of the lines that are none."""
    ballots: dict[int, Ballot] = {}
    problems: list[Problem] = []
    for line, row in enumerate(rows, start=1):
        wrong = []
        member_id, choice, holder = row.get("member_id"), row.get("choice"), row.get("proxy_holder") or None
        if not member_id or not isinstance(member_id, str):
            wrong.append(Problem(say("a ballot names its member"), "member_id", line))
        if choice not in CHOICES:
            wrong.append(
                Problem(
                    say("'%(choice)s' is none of %(choices)s", choice=choice, choices=tuple(CHOICES)), "choice", line
                )
            )
        if holder is not None and not isinstance(holder, str):
            wrong.append(Problem(say("a proxy holder is a member's id"), "proxy_holder", line))
        cast_on = row.get("cast_on")
        try:
            day = cast_on if isinstance(cast_on, date) else date.fromisoformat(str(cast_on))
        except ValueError:
            wrong.append(
                Problem(say("'%(cast_on)s' is not a date such as 2026-06-24", cast_on=cast_on), "cast_on", line)
            )
        problems += wrong
        if not wrong:
            ballots[line] = Ballot(str(member_id), str(choice), day, holder)
    return ballots, problems


def accept(box: Box, rows: Sequence[Mapping[str, Any]], channel: str) -> list[Ballot]:
    """The ballots in ``rows``, which came by one channel; each takes the place of its member's earlier ones.

    Nobody but the member can replace one that the member cast in their own session. Whether a ballot is accepted does
    not depend on what any ballot in the box says, so that no answer tells it.

    Raises:
        BadInput: with every line that is wrong; then none is accepted.
    """
    read, problems = read_ballots(rows)
    ballots = {line: replace(ballot, channel=channel) for line, ballot in read.items()}
    lines_of = Counter(ballot.member_id for ballot in ballots.values())
    for line, ballot in ballots.items():
        problems += [Problem(reason, field, line) for field, reason in _objections(box, ballot)]
        if lines_of[ballot.member_id] > 1:
            reason = say("%(member_id)s has more than one ballot here", member_id=ballot.member_id)
            problems.append(Problem(reason, "member_id", line))
    problems += _over_the_proxy_limit(box, ballots)
    if problems:
        raise BadInput(sorted(problems, key=lambda problem: problem.line or 0), "bad-ballots")
    return list(ballots.values())


def _objections(box: Box, ballot: Ballot) -> list[tuple[str, Said]]:
    meeting, rule, member_id = box.meeting, box.rule, ballot.member_id
    objections: list[tuple[str, Said]] = []
    if not box.votes.get(member_id):
        objections.append(
            ("member_id", say("%(member)s has no vote on %(day)s", member=member_id, day=meeting.held_on))
        )
    first = first_vote_date(meeting, rule)
    if ballot.cast_on > meeting.held_on:
        reason = say("the meeting was on %(held_on)s, before %(day)s", held_on=meeting.held_on, day=ballot.cast_on)
        objections.append(("cast_on", reason))
    elif ballot.cast_on > box.today:
        reason = say("no ballot is dated after today, %(today)s: not on %(day)s", today=box.today, day=ballot.cast_on)
        objections.append(("cast_on", reason))
    elif ballot.cast_on < first:
        reason = say(
            "%(article)s opens the vote %(days)s days before the meeting and never before its notice: from %(first)s, "
            "not on %(day)s",
            article=rule.article,
            days=rule.advance_days,
            first=first,
            day=ballot.cast_on,
        )
        objections.append(("cast_on", reason))
    earlier = box.history.get(member_id, ())
    if earlier and earlier[-1].personal and not ballot.personal:
        reason = say(
            "%(member)s voted personally on %(day)s; nobody else can replace that",
            member=member_id,
            day=earlier[-1].cast_on,
        )
        objections.append(("member_id", reason))
    elif earlier and not ballot.personal and ballot.cast_on < earlier[-1].cast_on:
        objections.append(("cast_on", say("a ballot of %(day)s stands already", day=earlier[-1].cast_on)))
    if member_id in box.objectors and not ballot.personal:
        reason = say("%(member)s objected to a ballot that was entered: only they can vote now", member=member_id)
        objections.append(("member_id", reason))
    if ballot.proxy_holder == member_id:
        objections.append(("proxy_holder", say("nobody is their own proxy")))
    elif ballot.proxy_holder and not box.votes.get(ballot.proxy_holder):
        reason = say(
            "%(holder)s has no vote on %(day)s and can hold no proxy", holder=ballot.proxy_holder, day=meeting.held_on
        )
        objections.append(("proxy_holder", reason))
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
            reason = say(
                "%(article)s allows %(most)s proxies, %(holder)s would hold more",
                article=box.rule.article,
                most=box.rule.proxy_limit,
                holder=ballot.proxy_holder,
            )
            problems.append(Problem(reason, "proxy_holder", line))
    return problems
