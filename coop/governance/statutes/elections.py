"""Elections of persons, round by round: elected above half, else the step that the statutes set for the round.

Source: the clauses of notarial models; the law says nothing on rounds, lots or ties
(docs/domain/meetings-votes-and-statutes.md#what-the-law-leaves-open).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coop.governance.statutes.model import MORE_THAN_HALF, Election, Ruling, Step

SIMPLE = Election("choice: the law is silent", ("two highest",))
"""Procedure where statutes name none: the two with most votes again, a tie by lot."""


def judge_round(election: Election, round_number: int, votes: Mapping[str, int]) -> Ruling:
    """The ruling on one ballot: who is elected, who goes on, or between whom the lot decides.

    Args:
        election: the procedure.
        round_number: 1 for the first ballot; an intermediate vote is none.
        votes: valid votes by candidate.

    >>> judge_round(SIMPLE, 1, {"A": 25, "B": 20, "C": 15})
    Ruling(word='next round', article='choice: the law is silent', detail=('A', 'B'))
    """
    ranked = sorted(votes, key=lambda name: (-votes[name], name))
    highest = votes[ranked[0]]
    if MORE_THAN_HALF.is_reached(highest, sum(votes.values())):
        return _rule(election, "elected", "elected", ranked[:1])
    if len(ranked) == 2:
        if round_number < election.lot_from:
            return _rule(election, "next round", "tie", ranked)
        return _rule(election, "lot", "lot", ranked)
    step = election.steps[min(round_number, len(election.steps)) - 1]
    match step:
        case "all":
            return _rule(election, "next round", step, ranked)
        case "intermediate":
            return _rule(election, "intermediate vote", step, ranked)
        case "without the fewest":
            return _drop_fewest(election, step, ranked, votes)
        case _:
            return _keep_highest(election, step, ranked, votes)


def judge_run_off(election: Election, votes: Mapping[str, int]) -> Ruling:
    """The ruling on the last ballot between two: the one with more votes, or the lot."""
    ranked = sorted(votes, key=lambda name: (-votes[name], name))
    if votes[ranked[0]] == votes[ranked[1]]:
        return _rule(election, "lot", "lot", ranked)
    return _rule(election, "elected", "elected", ranked[:1])


def _keep_highest(election: Election, step: Step, ranked: Sequence[str], votes: Mapping[str, int]) -> Ruling:
    """The two with most votes go on; several who share the first place do; of several seconds a vote chooses one."""
    first = [name for name in ranked if votes[name] == votes[ranked[0]]]
    if len(first) > 1:
        return _rule(election, "next round", "tie", first)
    seconds = [name for name in ranked if votes[name] == votes[ranked[1]]]
    if len(seconds) > 1:
        return _rule(election, "intermediate vote", step, seconds)
    return _rule(election, "next round", step, [*first, *seconds])


def _drop_fewest(election: Election, step: Step, ranked: Sequence[str], votes: Mapping[str, int]) -> Ruling:
    """Everybody but the one with the fewest goes on; of several the lot says who falls away."""
    fewest = [name for name in ranked if votes[name] == votes[ranked[-1]]]
    if len(fewest) > 1:
        return _rule(election, "lot", "lot", fewest)
    return _rule(election, "next round", step, ranked[:-1])


def _rule(election: Election, word: str, what: str, names: Sequence[str]) -> Ruling:
    return Ruling(word, election.articles.get(what, election.article), tuple(sorted(names)))
