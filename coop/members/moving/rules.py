"""Rules of what a member may tell of a move."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from coop.members.told_moves.model import POSTAL, Telling
from coop.values import Problem, Said, say

NOTE_MAX: Final = 500
TEXT_MAX: Final = 200
FAR: Final = timedelta(days=366)
"""Time before and after today within which a move lies that a member tells of."""


def check(telling: Telling, today: date) -> list[Problem]:
    """Everything that is wrong with a telling by itself."""
    problems = []
    if not today - FAR <= telling.moved_on <= today + FAR:
        problems.append(Problem(say("lies more than a year from today"), "moved_on"))
    if telling.way == "in" and not telling.home:
        problems.append(Problem(say("may not be empty"), "home"))
    if telling.postal:
        problems += [Problem(say("may not be empty"), name) for name, text in telling.postal.items() if not text]
    for name in ("home", "note", *POSTAL):
        text, most = getattr(telling, name), NOTE_MAX if name == "note" else TEXT_MAX
        if text and (len(text) > most or not text.isprintable()):
            problems.append(Problem(say("needs 1 to %(max)s signs that print", max=most), name))
    return problems


def put_in_words(telling: Telling, home: str) -> Said:
    """A telling as one sentence.

    >>> str(put_in_words(Telling("m", "in", date(2026, 2, 1), home="Kade 3"), "Kade 3"))
    'you move into Kade 3 on 2026-02-01'
    """
    if telling.way == "out":
        return say("you move out of %(home)s on %(day)s", home=home, day=telling.moved_on)
    return say("you move into %(home)s on %(day)s", home=home, day=telling.moved_on)
