"""The convening form read: fields of an agenda back into a notice, with every mistake by its place on the agenda."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from coop.governance.model import Meeting, Resolution
from coop.governance.rules.dates import FIRST_DAY, LAST_DAY
from coop.values import BadInput, Problem, say

EMPTY_POINT: Final[Mapping[str, str]] = {
    "kind": "other",
    "subject_nl": "",
    "subject_en": "",
    "explanation_nl": "",
    "explanation_en": "",
    "parameters": "",
}
_WHOLE_NUMBERS: Final = ("budget_cents",)


def read_agenda(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The points as they were filled in, from fields ``1.kind``, ``1.subject_nl`` and so on."""
    numbers = sorted({int(name.partition(".")[0]) for name in form if name.partition(".")[0].isdecimal()})
    return [
        {name: form.get(f"{number}.{name}", default).strip() for name, default in EMPTY_POINT.items()}
        for number in numbers
    ]


def read_notice(form: Mapping[str, str]) -> Meeting:
    """The notice that a filled form makes; parameters are lines ``name: value``.

    Ids follow from the date of the meeting, so that sending the form again is the same notice.

    Raises:
        BadInput: with every field that cannot be read.
    """
    agenda = read_agenda(form)
    problems: list[Problem] = []
    held_on, convened_on = (_day(form, name, problems) for name in ("held_on", "convened_on"))
    points = []
    for line, point in enumerate(agenda, start=1):
        if not point["subject_nl"] or not point["subject_en"]:
            problems.append(Problem(say("give the subject in both languages"), "subject", line))
        parameters = _parameters(point["parameters"], line, problems)
        texts = {name: point[name] for name in ("subject_nl", "subject_en", "explanation_nl", "explanation_en")}
        points.append(Resolution(f"alv-{held_on}-{line}", point["kind"], parameters=parameters, **texts))
    if problems:
        raise BadInput(problems, "bad-agenda")
    return Meeting(f"alv-{held_on}", held_on, convened_on, form.get("place", "").strip(), tuple(points))


def _day(form: Mapping[str, str], name: str, problems: list[Problem]) -> date:
    try:
        day = date.fromisoformat(form.get(name, ""))
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        problems.append(
            Problem(
                say("must be a date between %(first_day)s and %(last_day)s", first_day=FIRST_DAY, last_day=LAST_DAY),
                name,
            )
        )
    return day


def _parameters(text: str, line: int, problems: list[Problem]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for row in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = (part.strip() for part in row.partition(":"))
        if not (name and colon and value):
            problems.append(
                Problem(
                    say("'%(row)s' is not a line such as heat_price_eur_per_gj: 34.50", row=row), "parameters", line
                )
            )
        elif name in _WHOLE_NUMBERS and value.isdecimal():
            parameters[name] = int(value)
        else:
            parameters[name] = value
    return parameters
