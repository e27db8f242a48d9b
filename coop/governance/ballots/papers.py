"""Ballots of a whole box, typed: a line for each paper, with the member's number and a letter for each point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coop.values import Problem, say

LETTERS: Final[Mapping[str, str]] = {
    "v": "for",
    "f": "for",
    "t": "against",
    "a": "against",
    "b": "blank",
    "-": "",
}
"""Letters of a choice, in Dutch and in English; a dash is a point that was not filled in."""

LINES_MAX: Final = 1000

_BETWEEN: Final = re.compile(r"[\s;]+")


@dataclass(frozen=True)
class TypedPaper:
    """One line: the number of the member, that of the holder of a proxy or nothing, and a choice for each point in the
    order of the agenda, empty where there is none."""

    line: int
    number: str
    holder: str
    choices: tuple[str, ...]


def read_papers(text: str, points: int) -> tuple[list[TypedPaper], list[Problem]]:
    """Read lines of papers; empty lines are passed over, and every line that is wrong is named.

    >>> papers, problems = read_papers("L-001 vt\\nL-002;v;-;>L-001\\nL-003 vtb", 2)
    >>> [(paper.number, paper.choices, paper.holder) for paper in papers]
    [('L-001', ('for', 'against'), ''), ('L-002', ('for', ''), 'L-001')]
    >>> print(problems[0])
    line 3, choices: has 3 letters for 2 points
    """
    papers: list[TypedPaper] = []
    problems: list[Problem] = []
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        return [], [Problem(say("enter at most %(most)s lines at once", most=LINES_MAX), "lines")]
    for line, typed in enumerate(lines, start=1):
        ballot, _, holder = typed.partition(">")
        parts = [part for part in _BETWEEN.split(ballot) if part]
        if not parts:
            if holder.strip():
                problems.append(Problem(say("give the number of the member"), "number", line))
            continue
        letters = "".join(parts[1:]).lower()
        if unknown := sorted(set(letters) - set(LETTERS)):
            reason = say("%(letters)s says neither for (v), against (t) nor blank (b)", letters=tuple(unknown))
            problems.append(Problem(reason, "choices", line))
        elif len(letters) != points:
            reason = say("has %(letters)s letters for %(points)s points", letters=len(letters), points=points)
            problems.append(Problem(reason, "choices", line))
        else:
            choices = tuple(LETTERS[letter] for letter in letters)
            papers.append(TypedPaper(line, parts[0][:100], holder.strip(" \t;")[:100], choices))
    return papers, problems
