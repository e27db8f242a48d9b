"""Ballots before they go into the box: read from rows, held against the statutes, every bad line named at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from coop.governance.meetings.suspension_store import Suspension
from coop.governance.model import CHOICES, PAPERS, SPLIT, Ballot, Meeting, Parts
from coop.governance.statutes import law
from coop.governance.statutes.applying import first_vote_date
from coop.governance.statutes.model import Articles, Proxies
from coop.governance.statutes.terms import first_advance_day, judge_again, judge_electronic
from coop.governance.statutes.voters import find_proxies, find_voters, judge_proxies, judge_split
from coop.values import BadInput, Problem, Said, say

PARTS: Final = ("votes_for", "votes_against", "votes_blank")
"""Fields of a ballot that say how many votes go where."""


@dataclass(frozen=True)
class Box:
    """All that ballots are held against: the meeting, its statutes, the votes of each member, each member's ballots so
    far with the standing one last, the Dutch time at which they are handed in, and members who objected to what others
    entered, and those whom a suspension takes their vote."""

    meeting: Meeting
    articles: Articles
    votes: Mapping[str, int]
    history: Mapping[str, Sequence[Ballot]]
    now: datetime
    objectors: Collection[str] = ()
    suspended: Mapping[str, Suspension] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day on which they are handed in."""
        return self.now.date()


def read_ballots(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[int, Ballot], list[Problem]]:
    """Ballots by line, counted from 1, and the problems of the lines that are none."""
    ballots: dict[int, Ballot] = {}
    problems: list[Problem] = []
    for line, row in enumerate(rows, start=1):
        wrong = []
        member_id, choice, holder = row.get("member_id"), row.get("choice"), row.get("proxy_holder") or None
        if not member_id or not isinstance(member_id, str):
            wrong.append(Problem(say("a ballot names its member"), "member_id", line))
        if choice not in (*CHOICES, SPLIT):
            reason = say("'%(choice)s' is none of %(choices)s", choice=choice, choices=(*CHOICES, SPLIT))
            wrong.append(Problem(reason, "choice", line))
        parts, bad = read_parts(row)
        wrong += [Problem(problem.reason, problem.field, line) for problem in bad]
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
            ballots[line] = Ballot(str(member_id), str(choice), day, holder, **(vars(parts) if parts else {}))
    return ballots, problems


def read_parts(row: Mapping[str, Any]) -> tuple[Parts | None, list[Problem]]:
    """Votes as a row divides them, where its choice is to divide them, and what is wrong with them.

    >>> read_parts({"choice": "split", "votes_for": 3, "votes_against": 2})
    (Parts(votes_for=3, votes_against=2, votes_blank=0), [])
    >>> print(read_parts({"choice": "for", "votes_for": 3})[1][0])
    votes_for: only who divides their votes says how many go where
    """
    said = {name: row[name] for name in PARTS if row.get(name) is not None}
    if row.get("choice") != SPLIT:
        reason = say("only who divides their votes says how many go where")
        return None, [Problem(reason, name) for name in said]
    wrong = [
        Problem(say("is a number of votes, none or more"), name)
        for name, number in said.items()
        if isinstance(number, bool) or not isinstance(number, int) or number < 0
    ]
    return (None, wrong) if wrong else (Parts(**said), [])


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
    member_id = ballot.member_id
    objections: list[tuple[str, Said]] = []
    if not box.votes.get(member_id):
        reason = say_no_vote(box.articles, box.meeting, member_id, box.suspended.get(member_id))
        objections.append(("member_id", reason))
    else:
        objections += _object_to_parts(box, ballot)
    objections += [("cast_on", reason) for reason in _object_to_day(box, ballot)]
    earlier = box.history.get(member_id, ())
    if earlier and earlier[-1].personal and not ballot.personal:
        reason = say(
            "%(member)s voted personally; nobody else can replace that",
            member=member_id,
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
            "%(holder)s has no vote on %(day)s and can hold no proxy (%(article)s)",
            holder=ballot.proxy_holder,
            day=box.meeting.held_on,
            article=find_proxies(box.articles).article,
        )
        objections.append(("proxy_holder", reason))
    return objections


def _object_to_parts(box: Box, ballot: Ballot) -> list[tuple[str, Said]]:
    """Reasons against votes that are divided: the statutes do not let members divide them, or they are not all that the
    member has."""
    if ballot.parts is None:
        return []
    ruling, votes = judge_split(box.articles), box.votes[ballot.member_id]
    if ruling.word == "refused":
        reason = say("%(article)s lets nobody divide their votes: all of them go one way", article=ruling.article)
        return [("choice", reason)]
    if ballot.parts.total != votes:
        reason = say(
            "divided are %(divided)s votes, and the member has %(votes)s: together they are all of them",
            votes=votes,
            divided=ballot.parts.total,
        )
        return [("votes_for", reason)]
    return []


def say_no_vote(articles: Articles, meeting: Meeting, member_id: str, suspended: Suspension | None) -> Said:
    """Say that a member has no vote at a meeting, and by which article."""
    if suspended is not None:
        return say(
            "%(member)s is suspended on %(day)s and has no vote (%(article)s)",
            member=member_id,
            day=meeting.held_on,
            article=suspended.article,
        )
    return say(
        "%(member)s has no vote on %(day)s (%(article)s)",
        member=member_id,
        day=meeting.held_on,
        article=find_voters(articles).article,
    )


def _object_to_day(box: Box, ballot: Ballot) -> list[Said]:
    """Reasons against the day of a ballot, and against an electronic one at this hour."""
    meeting, articles = box.meeting, box.articles
    first = first_vote_date(meeting, articles)
    if ballot.cast_on > meeting.held_on:
        return [say("the meeting was on %(held_on)s, before %(day)s", held_on=meeting.held_on, day=ballot.cast_on)]
    if ballot.cast_on > box.today:
        return [say("no ballot is dated after today, %(today)s: not on %(day)s", today=box.today, day=ballot.cast_on)]
    if ballot.cast_on < first:
        days = (meeting.held_on - first_advance_day(articles, meeting.held_on)).days
        own = articles.advance
        return [
            say(
                "%(article)s opens the vote %(days)s days before the meeting and never before its notice: from"
                " %(first)s, not on %(day)s",
                article=own.article if own and days < law.ADVANCE_DAYS else law.ADVANCE,
                days=days,
                first=first,
                day=ballot.cast_on,
            )
        ]
    if ballot.channel in PAPERS:
        return []
    ruling = judge_electronic(articles, meeting.held_on, box.now)
    if ruling.word == "refused":
        return [say("%(article)s allows no electronic vote at this moment", article=ruling.article)]
    earlier = box.history.get(ballot.member_id, ())
    if earlier and earlier[-1].personal and earlier[-1].cast_on < meeting.held_on:
        again = judge_again(articles, earlier[-1].choice)
        if again.word == "refused":
            return [say("%(article)s lets a vote ahead of the meeting stand as it was cast", article=again.article)]
    return []


def _over_the_proxy_limit(box: Box, new: Mapping[int, Ballot]) -> list[Problem]:
    """Lines with which a holder gets more proxies on this resolution than the statutes allow, by number or weight, or
    holds one though they gave one themselves."""
    standing = {member_id: earlier[-1] for member_id, earlier in box.history.items() if earlier}
    standing |= {ballot.member_id: ballot for ballot in new.values()}
    proxies = find_proxies(box.articles)
    given = {member_id for member_id, ballot in standing.items() if ballot.proxy_holder}
    changing = {ballot.member_id for ballot in new.values()}
    held: dict[str, list[str]] = {}
    for member_id in sorted(given - changing):
        held.setdefault(str(standing[member_id].proxy_holder), []).append(member_id)
    problems = []
    for line, ballot in new.items():
        holder = ballot.proxy_holder
        if holder is None:
            continue
        held.setdefault(holder, []).append(ballot.member_id)
        if holder in given and holder != ballot.member_id:
            reason = say(
                "%(holder)s gave a proxy themselves and can hold none (%(article)s)",
                holder=holder,
                article=proxies.article,
            )
            problems.append(Problem(reason, "proxy_holder", line))
        weight = box.votes.get(holder, 0) + sum(box.votes.get(member_id, 0) for member_id in held[holder])
        if judge_proxies(box.articles, len(held[holder]), weight=weight).word == "refused":
            problems.append(Problem(_say_too_many(proxies, holder, weight), "proxy_holder", line))
    return problems


def _say_too_many(proxies: Proxies, holder: str, weight: int) -> Said:
    if proxies.most_votes is not None and weight > proxies.most_votes:
        return say(
            "%(article)s lets nobody cast more than %(most)s votes with those of others, %(holder)s would cast"
            " %(votes)s",
            article=proxies.article,
            most=proxies.most_votes,
            holder=holder,
            votes=weight,
        )
    return say(
        "%(article)s allows %(most)s proxies, %(holder)s would hold more",
        article=proxies.article,
        most=proxies.most_held or 0,
        holder=holder,
    )
