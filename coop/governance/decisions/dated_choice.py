"""Choices of the co-operative that touch money, which only the members' meeting makes: their form, check and fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from coop.communities.choices import CHOICES, GuaranteeChoice, read_choice
from coop.communities.texts import CHOICE_NAMES, FIELD_NAMES
from coop.events import Event
from coop.events.governance import ChoiceAdopted
from coop.governance.kind_fields import Day, Words
from coop.governance.kinds import Adopted, Form, Known, Parameters
from coop.governance.model import Meeting, Resolution
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say
from coop.web.forms import read_decimal
from coop.web.language import N_, gettext

NAMES: Final = tuple(name for name, choice in CHOICES.items() if choice.TOUCHES_MONEY)
"""Choices that only the meeting may make."""

EFFECT: Final = N_("Every program of the co-operative takes it at once, and reckons with it from its first day.")

REFUSED: Final = {
    "members": N_("The program that keeps the co-operative's choices could not take this: the earlier choice holds."),
}

NAME, SOURCE = Words("name", N_("What is chosen")), Words("source", N_("Where the figures come from"), longest=500)
FROM = Day("valid_from", N_("In force from"))

_VALUES: Final = {
    "plain": N_("plain: what was paid for gas, on average"),
    "weather": N_("weather: that average, made even for how cold each year was"),
    "off": N_("off: no ceiling"),
}


def read_choice_form(form: Form, name: str) -> dict[str, Any]:
    """The parameters that filled fields make for the choice of a name."""
    fields = CHOICES[name].model_fields if name in NAMES else {}
    chosen = {each: _write_number(form.get(f"value.{each}", "").strip()) for each in fields}
    source, valid_from = (form.get(each, "").strip() for each in ("source", "valid_from"))
    return {"name": name, "value": chosen, "source": source, "valid_from": valid_from}


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The choice whose name was picked."""
    return read_choice_form(form, form.get("name", "").strip()), []


def judge_value(parameters: Parameters) -> list[Problem]:
    """Problems of a choice: it has a name, and a value of the shape of that name."""
    name, value = parameters.get("name"), parameters.get("value")
    if not isinstance(value, Mapping):
        return [Problem(say("must hold what is chosen"), "value")]
    try:
        read_choice(str(name), value)
    except BadInput as bad:
        return list(bad.problems)
    return []


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """The promise is made for contracts to come: from a day before the meeting on it would change what contracts that
    began since were promised (docs/decisions/0069)."""
    name, valid_from = (str(point.parameters.get(each)) for each in ("name", "valid_from"))
    if name != GuaranteeChoice.NAME or meeting.is_history or valid_from >= meeting.held_on.isoformat():
        return []
    reason = say("what was promised stays: the meeting decides from %(day)s at the earliest", day=meeting.held_on)
    return [Problem(reason, "valid_from")]


def show(lang: str, parameters: Parameters, called: Mapping[str, str]) -> list[tuple[str, str]]:
    """The name of the choice, each of its figures, its source and its first day."""
    name, value, day = (parameters.get(each) for each in ("name", "value", "valid_from"))
    figures = value if isinstance(value, Mapping) else {}
    return [
        (gettext(lang, FROM.label), str(day) if FROM.judge(day) else FROM.show(lang, day)),
        (gettext(lang, NAME.label), gettext(lang, CHOICE_NAMES.get(str(name), str(name)))),
        *(
            (gettext(lang, FIELD_NAMES.get(each, str(each))), gettext(lang, _VALUES.get(str(said), str(said))))
            for each, said in figures.items()
        ),
        (gettext(lang, SOURCE.label), str(parameters.get("source"))),
    ]


def act(tx: Tx, adopted: Adopted) -> list[Event]:
    """Tell the choice to every service."""
    parameters = adopted.resolution.parameters
    return [
        ChoiceAdopted(
            name=parameters["name"],
            valid_from=date.fromisoformat(parameters["valid_from"]),
            value=parameters["value"],
            source=parameters["source"],
            **adopted.decided,
        )
    ]


UNDOES: Final = N_(
    "Once this is told the choice that held before holds again, from that day. What rested on this choice until then"
    " stays, as members relied on it (Civil Code, book 2, article 16)."
)


def find_beginning(parameters: Parameters) -> date:
    """The first day of the choice."""
    return date.fromisoformat(parameters["valid_from"])


def find_claim(parameters: Parameters) -> str:
    """One choice of a name from a day."""
    return f"{parameters.get('name')} {parameters.get('valid_from')}"


def _write_number(text: str) -> str:
    """A number as it is put to the vote: with a point; what is none, or several, stays as it is, and is named by the
    rules.

    >>> _write_number("0,19"), _write_number("490 425 384"), _write_number("weather")
    ('0.19', '490 425 384', 'weather')
    """
    number = None if " " in text else read_decimal(text)
    return text if number is None else format(number, "f")
