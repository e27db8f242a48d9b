"""Checks of the parameters of a resolution, before a notice can bind them.

Judged is whether an adopted resolution could act by itself: a tariff by the very rules by which billing takes it
(``coop.communities.tariffs``), a choice by its shape (``coop.communities.choices``). Whether a key can divide is for
metering.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from coop.communities.choices import read_choice
from coop.communities.tariff_law import judge_tariff
from coop.governance.model import KINDS, RULED, Resolution
from coop.governance.statutes.judging import judge_articles
from coop.governance.statutes.record import describe_articles, read_articles
from coop.values import BadInput, Problem, hash_parameters, say

_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "allocation-key": ("group_id", "kind"),
    "choice": ("name", "source"),
    "realisation": ("programme_id", "phase_id"),
}
_DATED: Final = ("allocation-key", "choice")


def check_resolution(resolution: Resolution, line: int) -> list[Problem]:
    """Find all that keeps this resolution off an agenda; ``line`` is its place there."""
    where = f"{resolution.resolution_id}.parameters"
    if resolution.kind not in KINDS:
        return [
            Problem(
                say("'%(kind)s' is none of %(kinds)s", kind=resolution.kind, kinds=tuple(KINDS)),
                f"{resolution.resolution_id}.kind",
                line,
            )
        ]
    parameters = resolution.parameters
    problems = [
        Problem(say("say what is decided"), f"{resolution.resolution_id}.{name}", line)
        for name in ("subject_nl", "subject_en")
        if not getattr(resolution, name).strip()
    ]
    try:
        hash_parameters(parameters)
    except TypeError as error:
        problems.append(Problem(say("cannot be kept exactly: %(error)s", error=str(error)), where, line))
    problems += [
        Problem(say("must be a text"), f"{where}.{name}", line)
        for name in _TEXTS.get(resolution.kind, ())
        if not (isinstance(parameters.get(name), str) and parameters[name])
    ]
    if resolution.kind == "tariff":
        problems += [Problem(problem.reason, f"{where}.{problem.field}", line) for problem in judge_tariff(parameters)]
    if resolution.kind in _DATED and _date(parameters.get("valid_from")) is None:
        problems.append(Problem(say("must be a date such as 2026-01-01"), f"{where}.valid_from", line))
    if resolution.kind == "choice":
        problems += _choice_problems(parameters, where, line)
    if resolution.kind == "statutes":
        problems += _statutes_problems(parameters, where, line)
    if resolution.kind == "realisation":
        budget = parameters.get("budget_cents")
        if not isinstance(budget, int) or isinstance(budget, bool) or budget <= 0:
            problems.append(Problem(say("must be a positive whole number of cents"), f"{where}.budget_cents", line))
    return problems


def _choice_problems(parameters: Mapping[str, Any], where: str, line: int) -> list[Problem]:
    """Problems of a choice of the co-operative: it has a name, and a value of the shape of that name."""
    name, value = parameters.get("name"), parameters.get("value")
    if not isinstance(value, Mapping):
        return [Problem(say("must hold what is chosen"), f"{where}.value", line)]
    try:
        read_choice(str(name), value)
    except BadInput as bad:
        return [Problem(problem.reason, f"{where}.{problem.field}", line) for problem in bad.problems]
    return []


def _statutes_problems(parameters: Mapping[str, Any], where: str, line: int) -> list[Problem]:
    """Problems of a change of the statutes: it holds the new articles whole, as the record will hold them."""
    try:
        articles = read_articles(parameters)
    except BadInput as bad:
        return [Problem(problem.reason, f"{where}.{problem.field}", line) for problem in bad.problems]
    problems = [
        Problem(problem.reason, f"{where}.{problem.field}", line) for problem in judge_articles(articles, RULED)
    ]
    if describe_articles(articles) != parameters:
        problems.append(
            Problem(say("must hold the articles as the record does, nothing as it is by default"), where, line)
        )
    return problems


def _date(value: Any) -> date | None:
    """A day in the one way that facts write it: ``20260101`` and ``2026-W01-1`` are refused."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return day if day.isoformat() == value else None
