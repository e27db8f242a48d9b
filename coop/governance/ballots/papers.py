"""Ballots of a whole box, typed: a line for each paper, with the member's number and a letter for each point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coop.governance.ballots.rules import PARTS
from coop.governance.model import Parts
from coop.values import BadInput, Problem, read_digits, say

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
_CHOICE: Final = re.compile(r"[0-9]+[a-z](?:\+[0-9]+[a-z])*|[^0-9+]|.")
_PART: Final = re.compile(r"([0-9]{1,9})([vfatb])")
_FIELDS: Final = {"for": "votes_for", "against": "votes_against", "blank": "votes_blank"}


@dataclass(frozen=True)
class TypedPaper:
    """One line: the number of the member, that of the holder of a proxy or nothing, and a choice for each point in the
    order of the agenda, empty where there is none: one word, or votes that are divided."""

    line: int
    number: str
    holder: str
    choices: tuple[str | Parts, ...]


def read_papers(text: str, points: int) -> tuple[list[TypedPaper], list[Problem]]:
    """Read lines of papers; empty lines are passed over, and every line that is wrong is named.

    >>> papers, problems = read_papers("L-001 vt\\nL-002;v;-;>L-001\\nL-003 vtb", 2)
    >>> [(paper.number, paper.choices, paper.holder) for paper in papers]
    [('L-001', ('for', 'against'), ''), ('L-002', ('for', ''), 'L-001')]
    >>> print(problems[0])
    line 3, choices: has 3 letters for 2 points
    >>> read_papers("L-004 3v+2t b", 2)[0][0].choices
    (Parts(votes_for=3, votes_against=2, votes_blank=0), 'blank')
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
        letters = [letter for part in parts[1:] for letter in _CHOICE.findall(part.lower())]
        choices = {letter: _read_choice(letter) for letter in letters}
        if unknown := sorted(letter for letter, choice in choices.items() if choice is None):
            reason = say("%(letters)s says neither for (v), against (t) nor blank (b)", letters=tuple(unknown))
            problems.append(Problem(reason, "choices", line))
        elif len(letters) != points:
            reason = say("has %(letters)s letters for %(points)s points", letters=len(letters), points=points)
            problems.append(Problem(reason, "choices", line))
        else:
            read = tuple(choice for letter in letters if (choice := choices[letter]) is not None)
            papers.append(TypedPaper(line, parts[0][:100], holder.strip(" \t;")[:100], read))
    return papers, problems


def read_numbers(filled: Mapping[str, str]) -> Parts:
    """Votes as the fields of a form divide them; an empty field is none.

    Raises:
        BadInput: with every field that is no number.
    """
    read = {name: read_digits(filled.get(name, "").strip() or "0") for name in PARTS}
    problems = [Problem(say("is a number of votes, none or more"), name) for name in PARTS if read[name] is None]
    if problems:
        raise BadInput(problems, "bad-ballots")
    return Parts(**{name: votes for name, votes in read.items() if votes is not None})


def _read_choice(typed: str) -> str | Parts | None:
    """A letter, or votes that are divided such as ``3v+2t``; None for what is neither."""
    parts = [_PART.fullmatch(part) for part in typed.split("+")]
    found = [(int(part[1]), _FIELDS[LETTERS[part[2]]]) for part in parts if part is not None]
    if len(found) < len(parts):
        return LETTERS.get(typed)
    votes = {name: number for number, name in found}
    return Parts(**votes) if len(votes) == len(found) else None
