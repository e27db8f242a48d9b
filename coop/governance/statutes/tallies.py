"""Counts of votes and heads as statutes look at them, and the call of a second meeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from coop.governance.statutes.model import Base


@dataclass(frozen=True)
class Tally:
    """Votes and heads of one vote. Present are also those who are represented; ``represented`` says how many votes of
    them are, ``heads_represented`` how many members. Invalid votes are neither cast nor blank. ``classes`` holds the
    same of each class of members that has a majority of its own, by its name."""

    votes_for: int
    votes_against: int
    votes_blank: int = 0
    votes_all: int = 0
    votes_present: int = 0
    members_all: int = 0
    members_present: int = 0
    represented: int = 0
    heads_represented: int = 0
    classes: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def votes_cast(self) -> int:
        """For and against."""
        return self.votes_for + self.votes_against

    @property
    def is_tie(self) -> bool:
        """True when as many are for as against, and somebody is."""
        return self.votes_for == self.votes_against > 0

    def base(self, base: Base) -> int:
        """The votes of which a majority is taken."""
        there = max(self.votes_cast + self.votes_blank, self.votes_present)
        return {"cast": self.votes_cast, "present": there, "all": self.votes_all}[base]


@dataclass(frozen=True)
class SecondCall:
    """A second meeting on the same proposal: when both were held, and whether its notice says that and why."""

    first_on: date
    held_on: date
    says_why: bool
