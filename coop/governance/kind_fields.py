"""Fields of a decision: how each is filled in, what it may hold, and how it is read out to a member.

A value is a text or a whole number, so that it has one hash: an amount is whole cents, a share or a rate a decimal
number as a text, a day ``2027-01-01``. What cannot be read stays as it was typed, and ``check`` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Final

from coop.governance.dates import FIRST_DAY, LAST_DAY
from coop.values import Problem, Said, read_digits, say
from coop.web.forms import read_cents, read_decimal
from coop.web.language import gettext
from coop.web.writing import civil_day, money, number

AMOUNT_MAX_CENTS: Final = 10**13
"""Largest amount that a decision holds."""


@dataclass(frozen=True)
class Field:
    """One field: its ``name`` in the parameters, its ``label`` on the form and the page, and a line of help."""

    name: str
    label: str
    help: str = ""
    required: bool = True

    INPUT: ClassVar[str] = "text"
    ATTRIBUTES: ClassVar[Mapping[str, str]] = {}

    def read(self, text: str) -> Any:
        """The value that a filled field puts to the vote."""
        return text

    def write(self, value: Any) -> str:
        """A value as a form writes it."""
        return str(value)

    def judge(self, value: Any) -> Said | None:
        """Problem of a value, or None."""
        raise NotImplementedError

    def show(self, lang: str, value: Any) -> str:
        """The value in words, for a reader."""
        return str(value)

    def options(self, lang: str) -> list[tuple[str, str]]:
        """Options that a reader may choose from; nothing where the field is typed."""
        return []


@dataclass(frozen=True)
class Words(Field):
    """A text of some length."""

    longest: int = 200

    def judge(self, value: Any) -> Said | None:
        if not isinstance(value, str) or not value.strip():
            return say("must be a text")
        return say("is longer than %(most)s characters", most=self.longest) if len(value) > self.longest else None


@dataclass(frozen=True)
class Day(Field):
    """A civil day."""

    INPUT: ClassVar[str] = "date"

    def judge(self, value: Any) -> Said | None:
        return say("must be a date such as 2026-01-01") if read_day(value) is None else None

    def show(self, lang: str, value: Any) -> str:
        return civil_day(lang, date.fromisoformat(value))


@dataclass(frozen=True)
class Cents(Field):
    """An amount of money in whole cents."""

    least: int = 0
    most: int = AMOUNT_MAX_CENTS

    ATTRIBUTES: ClassVar[Mapping[str, str]] = {"inputmode": "decimal", "autocomplete": "off"}

    def read(self, text: str) -> Any:
        cents = read_cents(text)
        return text if cents is None else cents

    def write(self, value: Any) -> str:
        return f"{value // 100},{value % 100:02}" if isinstance(value, int) else str(value)

    def judge(self, value: Any) -> Said | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return say('"%(given)s" is no amount such as 1.250,00', given=str(value)[:40])
        return _judge_bounds(Decimal(value) / 100, Decimal(self.least) / 100, Decimal(self.most) / 100)

    def show(self, lang: str, value: Any) -> str:
        return money(lang, value)


@dataclass(frozen=True)
class Whole(Field):
    """A whole number within bounds; ``unit`` stands behind it."""

    least: int = 0
    most: int = 1_000_000
    unit: str = ""

    ATTRIBUTES: ClassVar[Mapping[str, str]] = {"inputmode": "numeric", "autocomplete": "off"}

    def read(self, text: str) -> Any:
        number = read_digits(text.strip())
        return text if number is None else number

    def judge(self, value: Any) -> Said | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return say('"%(given)s" is no whole number', given=str(value)[:40])
        return _judge_bounds(Decimal(value), Decimal(self.least), Decimal(self.most))

    def show(self, lang: str, value: Any) -> str:
        return _with_unit(lang, number(lang, value), self.unit)


@dataclass(frozen=True)
class Year(Whole):
    """A calendar year."""

    least: int = FIRST_DAY.year
    most: int = LAST_DAY.year

    def show(self, lang: str, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Number(Field):
    """A decimal number within bounds, such as a rate in per cent."""

    least: Decimal = Decimal(0)
    most: Decimal = Decimal(100)
    digits: int = 4
    unit: str = ""

    ATTRIBUTES: ClassVar[Mapping[str, str]] = {"inputmode": "decimal", "autocomplete": "off"}

    def read(self, text: str) -> Any:
        value = read_decimal(text)
        return text if value is None else format(value, "f")

    def judge(self, value: Any) -> Said | None:
        amount = _decimal(value)
        if amount is None:
            return say('"%(given)s" is no number such as 4,5', given=str(value)[:40])
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self.digits:
            return say("has more than %(most)s decimals", most=self.digits)
        return _judge_bounds(amount, self.least, self.most)

    def show(self, lang: str, value: Any) -> str:
        return _with_unit(lang, number(lang, Decimal(value)), self.unit)


@dataclass(frozen=True)
class Pick(Field):
    """One out of some values, each with its words."""

    among: Mapping[str, str] = field(default_factory=dict)

    def judge(self, value: Any) -> Said | None:
        if value in self.among:
            return None
        return say('"%(given)s" is none of %(among)s', given=str(value)[:40], among=tuple(self.among))

    def show(self, lang: str, value: Any) -> str:
        return gettext(lang, self.among.get(value, str(value)))

    def options(self, lang: str) -> list[tuple[str, str]]:
        return [(value, gettext(lang, words)) for value, words in self.among.items()]


def read_fields(fields: Sequence[Field], form: Mapping[str, str]) -> dict[str, Any]:
    """The parameters that filled fields make; one that may be empty and is, is left out."""
    filled = [(each, form.get(each.name, "").strip()) for each in fields]
    return {each.name: each.read(text) for each, text in filled if text or each.required}


def judge_fields(fields: Sequence[Field], parameters: Mapping[str, Any], others: Sequence[str] = ()) -> list[Problem]:
    """Everything that is wrong with parameters, by field; ``others`` are names that no field shows."""
    problems = []
    for each in fields:
        if each.name in parameters or each.required:
            wrong = each.judge(parameters.get(each.name))
            problems += [Problem(wrong, each.name)] if wrong else []
    known = {each.name for each in fields} | set(others)
    unknown = sorted(str(name) for name in parameters if name not in known)
    return problems + [Problem(say("is no part of such a decision"), name[:60]) for name in unknown]


def show_fields(fields: Sequence[Field], lang: str, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Labels and values in words, in the order of the form; what a rule would refuse is shown as it was put."""
    shown = []
    for each in fields:
        if each.name in parameters:
            value = parameters[each.name]
            words = str(value) if each.judge(value) else each.show(lang, value)
            shown.append((gettext(lang, each.label), words))
    return shown


def read_day(value: Any) -> date | None:
    """A day in the one way that facts write it: ``20260101`` and ``2026-W01-1`` are refused.

    >>> read_day("2026-01-01"), read_day("20260101"), read_day(None)
    (datetime.date(2026, 1, 1), None, None)
    """
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return day if day.isoformat() == value else None


def _decimal(value: Any) -> Decimal | None:
    if not isinstance(value, str) or not 0 < len(value) <= 40:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _judge_bounds(value: Decimal, least: Decimal, most: Decimal) -> Said | None:
    if least <= value <= most:
        return None
    return say("%(given)s does not lie between %(least)s and %(most)s", given=value, least=least, most=most)


def _with_unit(lang: str, text: str, unit: str) -> str:
    return f"{text} {gettext(lang, unit)}" if unit else text
