"""Nouns of elections. Candidates are members' ids; names are resolved on pages alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from coop.governance.statutes.model import Ruling

AGAINST: Final = "against"
"""Choice of whoever wants none of the candidates, where there are no more candidates than seats."""

NO_QUORUM: Final = "no quorum"
"""Word of the ruling on a vote for which too few were there."""

BREAK, KEEP = "break", "keep"
"""Choices on a binding nomination."""

Kind = Literal["nomination", "round", "intermediate"]


@dataclass(frozen=True)
class Sheet:
    """A count of one round. ``votes`` by what was named; ``valid``, ``blank`` and ``invalid`` are the votes on papers
    of that sort. ``entitled`` is all that members have; ``lacks_quorum`` the article of a quorum that was not
    there."""

    votes: Mapping[str, int]
    valid: int
    blank: int = 0
    invalid: int = 0
    entitled: int = 0
    lacks_quorum: str = ""

    @property
    def handed_in(self) -> int:
        """Votes on all papers and ballots."""
        return self.valid + self.blank + self.invalid


@dataclass(frozen=True)
class Draw:
    """A lot that has to be drawn: so many ``picks`` among names, who are elected, go on, or fall away."""

    among: tuple[str, ...]
    picks: int
    does: Literal["elects", "goes on", "falls away"]


@dataclass(frozen=True)
class Stand:
    """State of an election before its ``number``-th vote.

    ``round`` counts ballots in which somebody can be elected, ``seats`` those still free. ``through``: who goes on
    already while an intermediate vote chooses who joins them. With a ``draw`` nothing goes on before the lot.
    """

    number: int
    kind: Kind
    options: tuple[str, ...]
    seats: int
    round: int = 1
    elected: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    ruling: Ruling | None = None
    draw: Draw | None = None
    over: bool = False

    @property
    def names_most(self) -> int:
        """The most names that one ballot may hold."""
        return self.seats if self.kind == "round" else 1


@dataclass(frozen=True)
class Vote:
    """A ballot of one member in the ``number``-th vote; no choices are a blank one. ``proxy_holder`` cast it for them,
    by their mandate. ``salt`` hides the choices in the commitment that is told."""

    number: int
    member_id: str
    choices: tuple[str, ...]
    cast_on: date
    proxy_holder: str | None = None
    ballot_id: str = ""
    salt: str = ""
    place: int = 1

    @property
    def personal(self) -> bool:
        """True when the member cast it in their own session."""
        return self.proxy_holder is None


@dataclass(frozen=True)
class Counted:
    """A vote that was counted: the whole sheet, what ballots on these pages weighed by member, and the hash over them.

    ``word`` and ``article`` are the ruling. ``entry_id`` names the count on paper, by two people."""

    number: int
    votes: Mapping[str, int]
    valid: int
    blank: int
    invalid: int
    entitled: int
    weights: Mapping[str, int] = field(default_factory=dict)
    ballots_hash: str = ""
    entry_id: str | None = None
    word: str = ""
    article: str = ""

    @property
    def sheet(self) -> Sheet:
        """Its figures alone."""
        lacking = self.article if self.word == NO_QUORUM else ""
        return Sheet(self.votes, self.valid, self.blank, self.invalid, self.entitled, lacking)
