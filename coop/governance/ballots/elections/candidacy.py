"""The candidacy in a notice: parameters of an election, read and judged.

    {"office": "board", "seats": 2, "begins_on": "2027-01-01", "ends_on": "2030-12-31",
     "candidates": ["<member>", ...], "nominated": ["<member>", ...]}

or with ``lists`` in the place of ``candidates``: ``{"A": ["<member>", ...], "B": [...]}``, each with one member a seat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from coop.governance.statutes.delegates import DELEGATES, SUBSTITUTES
from coop.values import Problem, Said, say
from coop.web.language import N_

OFFICES: Final[Mapping[str, str]] = {
    "board": N_("Board"),
    "supervision": N_("Supervision"),
    "accounts": N_("Audit of the accounts"),
    DELEGATES: N_("Members' council"),
    SUBSTITUTES: N_("Substitutes in the members' council"),
}
"""Offices to which members elect, each with its words."""

SEATS_MAX: Final = 50
CANDIDATES_MAX: Final = 200
YEARS_MAX: Final = 12
"""The longest term, in years."""

_NAMES: Final = frozenset({"office", "seats", "begins_on", "ends_on", "candidates", "lists", "nominated", "group"})


@dataclass(frozen=True)
class Candidacy:
    """An election as its notice put it to the vote.

    ``options``: what a ballot may name, each with the members that it brings: a candidate themselves, or a list by its
    letter. ``nominated``: those of a binding nomination, one for each seat. ``group``: the members who choose, and whom
    the delegates stand for, where the statutes have groups.
    """

    office: str
    seats: int
    begins_on: date
    ends_on: date
    options: Mapping[str, tuple[str, ...]]
    nominated: tuple[str, ...] = ()
    by_list: bool = False
    group: str = ""

    @property
    def choices(self) -> int:
        """Seats by number of options: a list fills all of them at once."""
        return 1 if self.by_list else self.seats


def read_candidacy(parameters: Mapping[str, Any]) -> Candidacy:
    """The candidacy of parameters that were judged before."""
    lists = parameters.get("lists")
    options = (
        {name: tuple(members) for name, members in sorted(lists.items())}
        if lists
        else {name: (name,) for name in parameters["candidates"]}
    )
    return Candidacy(
        parameters["office"],
        parameters["seats"],
        date.fromisoformat(parameters["begins_on"]),
        date.fromisoformat(parameters["ends_on"]),
        options,
        tuple(parameters.get("nominated", ())),
        by_list=bool(lists),
        group=parameters.get("group", ""),
    )


def judge_candidacy(parameters: Mapping[str, Any]) -> list[Problem]:
    """Everything that keeps a candidacy off an agenda, by its parameter.

    >>> good = {"office": "board", "seats": 1, "begins_on": "2027-01-01", "ends_on": "2030-01-01", "candidates": ["m1"]}
    >>> judge_candidacy(good), [problem.field for problem in judge_candidacy({**good, "seats": 0, "office": "king"})]
    ([], ['office', 'seats'])
    """
    problems = [
        Problem(say("is nothing that an election says"), str(name)) for name in parameters if name not in _NAMES
    ]
    if parameters.get("office") not in OFFICES:
        problems.append(Problem(say("choose the office"), "office"))
    seats = parameters.get("seats")
    if not isinstance(seats, int) or isinstance(seats, bool) or not 1 <= seats <= SEATS_MAX:
        problems.append(Problem(say("give the number of seats, at most %(most)s", most=SEATS_MAX), "seats"))
        seats = 0
    if not isinstance(parameters.get("group", ""), str) or len(parameters.get("group", "")) > 100:
        problems.append(Problem(say("must be a text"), "group"))
    problems += _judge_term(parameters)
    if (parameters.get("candidates") is None) == (parameters.get("lists") is None):
        problems.append(Problem(say("name candidates, or lists of them"), "candidates"))
        return problems
    options, wrong = _read_options(parameters, seats)
    problems += wrong
    nominated = parameters.get("nominated", [])
    if not _is_names(nominated) or not set(nominated) <= set(options):
        problems.append(Problem(say("only who stands can be nominated"), "nominated"))
    elif nominated and seats and len(nominated) != (1 if parameters.get("lists") else seats):
        problems.append(Problem(say("a binding nomination has one candidate for each seat"), "nominated"))
    return problems


def _judge_term(parameters: Mapping[str, Any]) -> list[Problem]:
    days = [_read_day(parameters.get(name)) for name in ("begins_on", "ends_on")]
    problems = [
        Problem(say("must be a date such as 2026-01-01"), name)
        for name, day in zip(("begins_on", "ends_on"), days, strict=True)
        if day is None
    ]
    begins, ends = days
    if begins and ends and not begins < ends <= date(min(begins.year + YEARS_MAX, 9999), 12, 31):
        problems.append(Problem(say("a term ends after it begins, within %(most)s years", most=YEARS_MAX), "ends_on"))
    return problems


def _read_options(parameters: Mapping[str, Any], seats: int) -> tuple[Sequence[str], list[Problem]]:
    """Rules for what a ballot may name, and what is wrong with it."""
    lists = parameters.get("lists")
    if lists is None:
        names = parameters["candidates"]
        if reason := _object_to_names(names):
            return (), [Problem(reason, "candidates")]
        return names, []
    if not isinstance(lists, Mapping) or not 1 <= len(lists) <= CANDIDATES_MAX:
        return (), [Problem(say("has another shape"), "lists")]
    problems = []
    for letter, members in lists.items():
        reason = _object_to_names(members)
        if reason is None and (not str(letter).strip() or len(str(letter)) > 20 or str(letter) == "against"):
            reason = say("give a list a name of at most 20 characters")
        if reason is None and seats and len(members) != seats:
            reason = say("a list names one member for each of the %(seats)s seats", seats=seats)
        if reason is not None:
            problems.append(Problem(reason, f"lists.{letter}"))
    return list(lists), problems


def _object_to_names(names: object) -> Said | None:
    if not _is_names(names) or not names:
        return say("name at least one member")
    assert isinstance(names, list)
    if len(names) > CANDIDATES_MAX:
        return say("name at most %(most)s members", most=CANDIDATES_MAX)
    if len(set(names)) != len(names):
        return say("nobody stands twice")
    return None


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and 0 < len(each) <= 100 for each in value)


def _read_day(value: object) -> date | None:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return None
    return day if day.isoformat() == value else None
