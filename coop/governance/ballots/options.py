"""Options under one point of an agenda, of which at most one is adopted: who wins among those that the members want.

Every option is voted on for itself, and reaches the majority of its kind or not. Among those that reach it the rule
that the notice set decides: the most votes for, or the order of the agenda. As many votes for two options are a tie,
and the statutes' own rule on a tie decides it: nobody wins, the chair's word before the count, or a lot.

Source: docs/domain/meetings-votes-and-statutes.md#options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coop.governance.model import FIRST, Resolution
from coop.governance.statutes.model import Casting, Tie
from coop.values import hash_parameters


@dataclass(frozen=True)
class Option:
    """One option with its count: whether it reached its majority, the votes for it, the chair's word on it, and the
    hash over its ballots, from which a lot falls."""

    resolution_id: str
    is_reached: bool
    votes_for: int
    casting: Casting = ""
    ballots_hash: str = ""


def find_beaten(options: Sequence[Option], wins: str, tie: Tie) -> dict[str, str]:
    """Options that reached their majority and are not adopted all the same, each with the reason.

    >>> rivals = [Option("a", True, 40), Option("b", True, 45), Option("c", False, 60)]
    >>> find_beaten(rivals, "most-votes", "rejects"), find_beaten(rivals, "first", "rejects")
    ({'a': 'other-option'}, {'b': 'other-option'})
    >>> find_beaten([Option("a", True, 40), Option("b", True, 40)], "most-votes", "rejects")
    {'a': 'option-tie', 'b': 'option-tie'}

    Args:
        options: in the order of the agenda. wins: the rule of the notice. tie: the statutes' rule on a tie.
    """
    reached = [option for option in options if option.is_reached]
    if len(reached) < 2:
        return {}
    most = max(option.votes_for for option in reached)
    best = [option for option in reached if option.votes_for == most]
    winner = reached[0] if wins == FIRST else _break_tie(best, tie)
    if winner is None:
        return {option.resolution_id: "option-tie" if option in best else "other-option" for option in reached}
    return {option.resolution_id: "other-option" for option in reached if option != winner}


def group_options(points: Sequence[Resolution]) -> list[list[Resolution]]:
    """The points of an agenda that are options of each other, in its order; no point that stands alone."""
    groups: dict[str, list[Resolution]] = {}
    for point in points:
        if point.option_of:
            groups.setdefault(point.option_of, []).append(point)
    return list(groups.values())


def _break_tie(best: Sequence[Option], tie: Tie) -> Option | None:
    """The winner of as many votes: the only one, the only one that the chair is for, or the one with the lowest lot."""
    if len(best) == 1:
        return best[0]
    if tie == "chair":
        favoured = [option for option in best if option.casting == "for"]
        return favoured[0] if len(favoured) == 1 else None
    if tie == "lot" and all(option.ballots_hash for option in best):
        return min(best, key=lambda option: hash_parameters(["lot", option.resolution_id, option.ballots_hash]))
    return None
