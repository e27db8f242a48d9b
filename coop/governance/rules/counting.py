"""Counting votes, and the verdict of a count under a rule.

Invariant: a count does not depend on the order of the ballots, and a resolution is adopted if and only if the quorum is
there and ``votes_for >= votes_needed``. Whole numbers throughout: ``for x den >= base x num``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coop.governance.model import Ballot, Count, Verdict, VotingRule
from coop.governance.statutes.model import Share


def count_ballots(ballots: Iterable[Ballot], votes: Mapping[str, int]) -> Count:
    """Count one ballot per member, each with the votes of its member.

    ``votes`` holds who may vote on the day of the meeting, and with how many votes; the ballot of somebody who left
    before that day is not counted.
    """
    totals = {"for": 0, "against": 0, "blank": 0}
    for ballot in ballots:
        totals[ballot.choice] += votes.get(ballot.member_id, 0)
    return Count(totals["for"], totals["against"], totals["blank"], sum(votes.values()))


def base_votes(rule: VotingRule, count: Count) -> int:
    """The votes of which the majority is taken."""
    return {"cast": count.votes_cast, "present": count.votes_present, "all": count.votes_entitled}[rule.base]


def votes_needed(rule: VotingRule, count: Count) -> int:
    """Fewest votes for with which the resolution is adopted, at least one.

    A majority of one half means more than half, so that a tie rejects.

    Source: docs/domain/meetings-votes-and-statutes.md#how-a-vote-is-counted (E19).
    """
    is_half = 2 * rule.majority_num == rule.majority_den
    return max(1, Share(rule.majority_num, rule.majority_den, above=is_half).needed_of(base_votes(rule, count)))


def quorum_needed(rule: VotingRule, count: Count) -> int:
    """Fewest votes present with which the meeting may decide; 0 where no quorum is asked."""
    return Share(rule.quorum_num, rule.quorum_den).needed_of(count.votes_entitled) if rule.quorum_den else 0


def decide(rule: VotingRule, count: Count) -> Verdict:
    """The verdict, with the article that it rests on and why."""
    needed = votes_needed(rule, count)
    if count.votes_present < quorum_needed(rule, count):
        return Verdict(False, "no-quorum", rule.article, needed)
    if count.votes_for >= needed:
        return Verdict(True, "majority", rule.article, needed)
    if not count.votes_cast:
        return Verdict(False, "no-votes", rule.article, needed)
    reason = "tie" if count.votes_for == count.votes_against else "too-few"
    return Verdict(False, reason, rule.article, needed)
