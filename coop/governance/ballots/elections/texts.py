"""Words for elections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coop.governance.ballots.elections.model import AGAINST, BREAK, KEEP
from coop.governance.statutes.law import CHOICE
from coop.web.language import N_, gettext, translate

VOTES: Final[Mapping[str, str]] = {
    "nomination": N_("Vote on the nomination"),
    "round": N_("Vote on the candidates"),
    "intermediate": N_("Vote on who goes on"),
}

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "elected": (N_("elected"), "good"),
    "next round": (N_("another vote follows"), "note"),
    "intermediate vote": (N_("first a vote on who goes on"), "note"),
    "lot": (N_("the lot decides"), "warn"),
    "broken": (N_("the nomination is broken"), "warn"),
    "stands": (N_("the nomination stands"), "good"),
    "not elected": (N_("not elected"), "bad"),
    "no quorum": (N_("too few were there"), "bad"),
    "nobody voted": (N_("nobody voted"), "bad"),
}
"""Words for a ruling, each with the tone of its badge."""

DRAWS: Final[Mapping[str, str]] = {
    "elects": N_("The lot says who is elected."),
    "goes on": N_("The lot says who goes on to the next vote."),
    "falls away": N_("The lot says who falls away."),
}

CHOICES: Final[Mapping[str, str]] = {
    AGAINST: N_("None of the candidates"),
    BREAK: N_("Break the nomination"),
    KEEP: N_("Keep the nomination"),
}


def option(lang: str, name: str, numbers: Mapping[str, str], *, by_list: bool = False) -> str:
    """A choice on a ballot in words: what it means, the name of a list, or the number of a member."""
    if name in CHOICES:
        return gettext(lang, CHOICES[name])
    if by_list:
        return translate(lang, "List %(name)s", name=name)
    return translate(lang, "Member %(number)s", number=numbers.get(name, name))


def cite(lang: str, article: str) -> str:
    """The number of an article, or that the law leaves it open."""
    return translate(lang, "choice: the law is silent") if article == CHOICE else article


def is_person(name: str, *, by_list: bool) -> bool:
    """True for a choice that is a member."""
    return name not in CHOICES and not by_list
