"""The form of a programme read: phases, milestones and tranches, field by field, back into a plan; every mistake by its
field.

Parts are known by marks: ``p1.`` is the first phase, ``p1.m2.`` its second milestone, ``t1.`` the first tranche.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from coop.governance.dates import FIRST_DAY, LAST_DAY
from coop.governance.model import Milestone, Phase, Programme, Tranche
from coop.values import BadInput, Problem, say
from coop.web.forms import read_cents, read_decimal

PARTS_MAX: Final = 50
"""Most phases, milestones of a phase, or tranches of one form."""

EVIDENCE_MAX: Final = 20
Form = Mapping[str, str]


@dataclass(frozen=True)
class Marks:
    """The parts of a filled form: phases, the milestones of each, and tranches, each by its mark and in order."""

    phases: tuple[str, ...]
    milestones: Mapping[str, tuple[str, ...]]
    tranches: tuple[str, ...]


def list_marks(form: Form) -> Marks:
    """The parts that a form holds."""
    phases = _numbered(form, "p")
    return Marks(phases, {mark: _numbered(form, f"{mark}m") for mark in phases}, _numbered(form, "t"))


def add_part(form: Form, where: str) -> dict[str, str]:
    """The form with one part more: a phase with its first milestone, a milestone of a phase, or a tranche."""
    marks = list_marks(form)
    if where == "phase":
        mark = _next(marks.phases, "p")
        return {**form, f"{mark}here": "yes", f"{mark}m1.here": "yes"} if len(marks.phases) < PARTS_MAX else dict(form)
    if where == "tranche":
        return _with(form, marks.tranches, "t")
    return _with(form, marks.milestones[where], f"{where}m") if where in marks.phases else dict(form)


def drop_part(form: Form, mark: str) -> dict[str, str]:
    """The form without one of its parts, and without what belongs to it."""
    return {name: value for name, value in form.items() if not name.startswith(mark)}


def read_programme(form: Form) -> tuple[Programme, dict[str, str]]:
    """The programme that a filled form makes, and the field of the form for each name that the rules give a part.

    Ids follow from the name, so that sending the form again is the same programme.

    Raises:
        BadInput: with every field that is wrong.
    """
    reader = _Reader(form)
    marks = list_marks(form)
    name = reader.read_text("name")
    programme_id = _write_id(name)
    fields = {}
    phases, milestone_ids = [], {}
    for number, mark in enumerate(marks.phases, start=1):
        milestones = []
        for order, own in enumerate(marks.milestones[mark], start=1):
            milestone_ids[own] = f"{programme_id}-{number}-{order}"
            milestones.append(reader.read_milestone(own, milestone_ids[own]))
            fields[milestone_ids[own]] = f"{own}budget"
        if not milestones:
            reader.problems.append(Problem(say("a phase needs a milestone"), f"{mark}name_nl"))
        phase_id = f"{programme_id}-{number}"
        fields[f"{phase_id}.budget_cents"] = f"{mark}budget"
        phases.append(Phase(phase_id, *reader.read_names(mark), reader.read_cents(f"{mark}budget"), tuple(milestones)))
    tranches = []
    for number, mark in enumerate(marks.tranches, start=1):
        chosen = form.get(f"{mark}milestone", "")
        if chosen not in milestone_ids:
            reader.problems.append(Problem(say("choose the milestone that releases it"), f"{mark}milestone"))
        tranche_id = f"{programme_id}-t{number}"
        fields[f"{tranche_id}.amount_cents"] = f"{mark}amount"
        amount_cents = reader.read_cents(f"{mark}amount")
        financier = reader.read_text(f"{mark}financier")
        tranches.append(Tranche(tranche_id, milestone_ids.get(chosen, ""), financier, amount_cents))
    if not phases:
        reader.problems.append(Problem(say("a programme needs a phase: add one"), "name"))
    if reader.problems:
        raise BadInput(reader.problems, "bad-programme")
    return Programme(programme_id, name, tuple(phases), tuple(tranches)), fields


def place_problems(problems: Sequence[Problem], fields: Mapping[str, str]) -> list[Problem]:
    """Problems that the rules named by id, at the fields of the form."""
    return [Problem(problem.reason, fields.get(problem.field, problem.field), problem.line) for problem in problems]


@dataclass
class _Reader:
    """Fields of a form read one by one, with what is wrong with them."""

    form: Form
    problems: list[Problem] = field(default_factory=list)

    def read_milestone(self, mark: str, milestone_id: str) -> Milestone:
        name_nl, name_en = self.read_names(mark)
        evidence = tuple(
            dict.fromkeys(line.strip() for line in self.form.get(f"{mark}evidence", "").splitlines() if line.strip())
        )
        if len(evidence) > EVIDENCE_MAX or any(len(line) > 200 for line in evidence):
            reason = say("at most %(lines)s lines of %(most)s characters", lines=EVIDENCE_MAX, most=200)
            self.problems.append(Problem(reason, f"{mark}evidence"))
        margin = read_decimal(self.form.get(f"{mark}margin", "").strip() or "0")
        if margin is None or not 0 <= margin <= 100 or (margin * 10) % 1:
            self.problems.append(Problem(say("is a percentage between 0 and 100, such as 7,5"), f"{mark}margin"))
            margin = Decimal(0)
        return Milestone(
            milestone_id,
            name_nl,
            name_en,
            self.read_cents(f"{mark}budget"),
            int(margin * 10),
            self.read_day(f"{mark}deadline"),
            evidence,
        )

    def read_names(self, mark: str) -> tuple[str, str]:
        name_nl = self.read_text(f"{mark}name_nl")
        return name_nl, self.read_text(f"{mark}name_en", otherwise=name_nl)

    def read_text(self, name: str, otherwise: str = "") -> str:
        text = self.form.get(name, "").strip() or otherwise
        if not text:
            self.problems.append(Problem(say("fill this in"), name))
        if len(text) > 200:
            self.problems.append(Problem(say("is longer than %(most)s characters", most=200), name))
        return text

    def read_cents(self, name: str) -> int:
        amount_cents = read_cents(self.form.get(name, ""))
        if amount_cents is None or amount_cents < 0:
            self.problems.append(Problem(say("is an amount in euros, such as 12.500 or 12.500,50"), name))
            return 0
        return amount_cents

    def read_day(self, name: str) -> date:
        try:
            day = date.fromisoformat(self.form.get(name, ""))
        except ValueError:
            day = date.min
        if not FIRST_DAY <= day <= LAST_DAY:
            self.problems.append(Problem(say("give a day"), name))
        return day


def _numbered(form: Form, start: str) -> tuple[str, ...]:
    pattern = re.compile(rf"{re.escape(start)}([0-9]{{1,4}})\.here")
    numbers = sorted(int(match[1]) for name in form if (match := pattern.fullmatch(name)))
    return tuple(f"{start}{number}." for number in numbers[:PARTS_MAX])


def _with(form: Form, marks: Sequence[str], start: str) -> dict[str, str]:
    return {**form, f"{_next(marks, start)}here": "yes"} if len(marks) < PARTS_MAX else dict(form)


def _next(marks: Sequence[str], start: str) -> str:
    newest = max((int(mark.removeprefix(start).rstrip(".")) for mark in marks), default=0)
    return f"{start}{newest + 1}."


def _write_id(name: str) -> str:
    """An id out of a name.

    >>> _write_id("WG-warmte 2027, fase één")
    'wg-warmte-2027-fase-een'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "programme"
