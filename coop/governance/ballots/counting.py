"""Counting votes, and the verdict of a count under the statutes.

Invariant: a count does not depend on the order of the ballots, and the verdict is the ruling of the statutes
(``coop.governance.statutes.majorities``), with the article and the rule that it rests on. Whole numbers throughout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from coop.governance.ballots.attendance.rules import MANDATE
from coop.governance.model import Ballot, Count, Verdict
from coop.governance.statutes import majorities
from coop.governance.statutes.classes import find_lacking
from coop.governance.statutes.majorities import applies, count_present, find_rule, is_half
from coop.governance.statutes.model import Articles, Casting, Rule
from coop.governance.statutes.saying import say_rule
from coop.governance.statutes.tallies import SecondCall, Tally
from coop.values import CoopError, say

_REASONS: Final = {
    "no quorum": "no-quorum",
    "not decidable": "not-decidable",
    "not valid": "not-approved",
    "not effective": "not-approved",
    "chair decides": "tie",
    "lot": "tie",
}
"""Reasons of a verdict by the word of a ruling that neither adopts nor rejects."""


def count_ballots(
    ballots: Iterable[Ballot], votes: Mapping[str, int], attendance: Mapping[str, str] | None = None
) -> Count:
    """Count one ballot per member, each with the votes of its member, divided where the ballot divides them.

    Args:
        ballots: those that stand.
        votes: the voting list: every member on the day of the meeting with their votes, none for who has no vote. The
            ballot of somebody who left before that day is not counted.
        attendance: members who are there, whether they handed in a ballot or not, each with the manner.
    """
    totals = {"for": 0, "against": 0, "blank": 0}
    manners = {member_id: manner for member_id, manner in (attendance or {}).items() if member_id in votes}
    there = set(manners)
    represented = {member_id for member_id, manner in manners.items() if manner == MANDATE and votes[member_id]}
    silent = {member_id for member_id in there if votes[member_id]}
    for ballot in ballots:
        weight = votes.get(ballot.member_id, 0)
        if not weight:
            continue
        for choice, number in divide_votes(ballot, weight).items():
            totals[choice] += number
        there.add(ballot.member_id)
        silent.discard(ballot.member_id)
        if ballot.personal:
            represented.discard(ballot.member_id)
        elif ballot.proxy_holder and manners.get(ballot.member_id, MANDATE) == MANDATE:
            represented.add(ballot.member_id)
    return Count(
        totals["for"],
        totals["against"],
        totals["blank"],
        sum(votes.values()),
        members_entitled=len(votes),
        members_present=len(there),
        votes_silent=sum(votes[member_id] for member_id in silent),
        votes_represented=sum(votes[member_id] for member_id in represented),
        members_represented=len(represented),
    )


def count_classes(
    count: Count,
    members: Mapping[str, Collection[str]],
    ballots: Collection[Ballot],
    votes: Mapping[str, int],
    attendance: Mapping[str, str] | None = None,
) -> Count:
    """A count with the same of each class, of whom ``members`` names who belongs to it, by the name of the class."""
    counted = {
        name: count_ballots(ballots, {each: number for each, number in votes.items() if each in own}, attendance)
        for name, own in members.items()
    }
    return replace(count, classes=tuple(sorted(counted.items(), key=lambda each: each[0])))


def divide_votes(ballot: Ballot, weight: int) -> dict[str, int]:
    """Votes of a ballot by choice, together all that its member has.

    >>> from datetime import date
    >>> split = Ballot("a", "split", date(2026, 6, 24), votes_for=3, votes_against=2, votes_blank=0)
    >>> divide_votes(split, 5)
    {'for': 3, 'against': 2, 'blank': 0}

    Raises:
        CoopError: a divided ballot has other votes than its member, as only somebody behind the program's back makes.
    """
    parts = ballot.parts
    if parts is None:
        return {ballot.choice: weight}
    divided = {"for": parts.votes_for, "against": parts.votes_against, "blank": parts.votes_blank}
    if parts.total != weight or min(divided.values()) < 0:
        raise CoopError(
            "ballots-changed",
            say("a divided ballot does not have the votes of its member: it was changed in the box"),
        )
    return divided


def tally_of(count: Count) -> Tally:
    """A count as the statutes look at it."""
    return Tally(
        count.votes_for,
        count.votes_against,
        count.votes_blank,
        votes_all=count.votes_entitled,
        votes_present=count.votes_there,
        members_all=count.members_entitled,
        members_present=count.members_present,
        represented=count.votes_represented,
        heads_represented=count.members_represented,
        classes={name: tally_of(own) for name, own in count.classes},
    )


def rule_of(articles: Articles, kind: str, second: SecondCall | None = None) -> Rule:
    """The rule that a kind of resolution falls under, in a first or a second meeting."""
    return applies(articles, kind, second) or find_rule(articles, kind)


def base_votes(rule: Rule, count: Count) -> int:
    """The votes of which the majority is taken."""
    return tally_of(count).base(rule.base)


def votes_needed(rule: Rule, count: Count) -> int:
    """Fewest votes for with which the resolution is adopted, at least one; the second share is among what they reach.

    Source: docs/domain/meetings-votes-and-statutes.md#how-a-vote-is-counted (E19).
    """
    also = rule.also.share.needed_of(tally_of(count).base(rule.also.base)) if rule.also else 0
    return max(1, also, rule.majority.needed_of(base_votes(rule, count)))


def quorum_needed(rule: Rule, count: Count) -> int:
    """Fewest members or votes, as the quorum counts, with which the meeting may decide; 0 where none is asked."""
    if rule.quorum is None:
        return 0
    return rule.quorum.share.needed_of(count_present(rule.quorum, tally_of(count))[1])


def decide(
    articles: Articles,
    kind: str,
    count: Count,
    second: SecondCall | None = None,
    *,
    casting: Casting = "",
    approved: bool = True,
) -> Verdict:
    """The verdict, with the article and the rule that it rests on and why.

    Args:
        articles: the statutes in force. kind: of the resolution. count: the votes.
        second: where the meeting is a second one on the same, when both were held.
        casting: the word of the chair or of the lot, for a tie that they break.
        approved: an outside body consented, where the statutes ask it.
    """
    rule, tally = rule_of(articles, kind, second), tally_of(count)
    ruling = majorities.decide(articles, kind, tally, second, casting=casting, approved=approved)
    is_reached = rule.majority.is_reached(count.votes_for, base_votes(rule, count))
    is_tied = tally.is_tie and rule.tie != "rejects" and is_half(rule.majority) and not is_reached
    against = find_lacking(majorities.find_classes(articles, kind, second), tally, quorum=False)
    is_enough = is_reached or (is_tied and casting == "for")
    lacks_class = against is not None and is_enough and majorities.reaches_also(rule, tally)
    is_broken = casting and is_tied and majorities.reaches_also(rule, tally) and not lacks_class
    if ruling.word in _REASONS:
        reason = _REASONS[ruling.word]
    elif is_broken:
        reason = rule.tie
    else:
        reason = "majority" if ruling.word == "adopted" else "class-against" if lacks_class else _say_why_not(count)
    return Verdict(ruling.word == "adopted", reason, ruling.article, votes_needed(rule, count), say_rule(rule))


def _say_why_not(count: Count) -> str:
    if not count.votes_cast:
        return "no-votes"
    return "tie" if count.votes_for == count.votes_against else "too-few"
