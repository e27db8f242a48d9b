"""A form that comes back: what was filled in, beside what is wrong with each field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request

from coop.values import BadInput, CoopError, Problem, say

FIELDS_MAX = 5000
"""Most fields of one form: a ballot each of a meeting of a thousand people is a fifth of this."""


AMOUNT_MAX: Final = Decimal(10**11)
"""Largest amount [€] that a form takes."""

_GROUPED: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})+")


@dataclass(frozen=True)
class Form:
    """Values by field, and the problems that were found; a problem is shown at its field where the form has it."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    def value(self, name: str, otherwise: str = "") -> str:
        """The value of a field as it was filled in."""
        return self.values.get(name, otherwise)

    def is_checked(self, name: str) -> bool:
        """True where a mark was set."""
        return self.values.get(name) == "yes"

    def error(self, name: str) -> str:
        """The first thing that is wrong with a field, or nothing."""
        return next((problem.reason for problem in self.problems if problem.field == name), "")

    def others(self, *names: str) -> list[Problem]:
        """The problems that none of these fields shows."""
        return [problem for problem in self.problems if problem.field not in names]

    def refused(self, refusal: CoopError) -> Form:
        """The same form with what is wrong with it."""
        problems = refusal.problems if isinstance(refusal, BadInput) else (Problem(refusal.message),)
        return Form(self.values, tuple(problems))


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form whose names are not known beforehand; a name that comes several times keeps all its values,
    with line ends between.

    Raises:
        BadInput: a field holds what no text may.
    """
    form: dict[str, str] = {}
    for name, value in (await request.form(max_fields=FIELDS_MAX)).multi_items():
        if not isinstance(value, UploadFile):
            form[name] = f"{form[name]}\n{value}" if name in form else value
    if problems := [Problem(say("no text may hold a NUL"), name) for name, value in form.items() if "\0" in value]:
        raise BadInput(problems)
    return form


async def read_files(request: Request) -> dict[str, tuple[str, bytes]]:
    """Name and bytes of each file of a form, by its field; a field that was left empty is not there."""
    files = {}
    for name, value in (await request.form(max_fields=FIELDS_MAX)).multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                files[name] = (value.filename, await value.read())
            await value.close()
    return files


def read_day(filled: Mapping[str, str], name: str, code: str) -> date:
    """A day that a field of a form holds, as a browser writes it.

    Raises:
        BadInput: ``code``, it holds none.
    """
    try:
        return date.fromisoformat(filled.get(name, ""))
    except ValueError:
        raise BadInput([Problem(say("give a day"), name)], code) from None


def read_cents(text: str) -> int | None:
    """An amount in euros as people write it, in cents; None for what is none. Points before three digits group them.

    >>> read_cents("12.500"), read_cents("1.234,50"), read_cents("€ 34.5"), read_cents("3.000.000"), read_cents("1,234")
    (1250000, 123450, 3450, 300000000, None)
    """
    plain = text.strip().removeprefix("€").strip()
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(".", "")
    amount = read_decimal(plain)
    if amount is None or abs(amount) > AMOUNT_MAX or (amount * 100) % 1:
        return None
    return int(amount * 100)


def read_decimal(text: str) -> Decimal | None:
    """A number as people write it, with a decimal comma or point; None for what is none.

    >>> read_decimal("1.234,50"), read_decimal("34.5"), read_decimal("34,5"), read_decimal("many")
    (Decimal('1234.50'), Decimal('34.5'), Decimal('34.5'), None)
    """
    plain = text.strip().replace("\u00a0", "").replace(" ", "")
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    if len(plain) > 40 or not plain.strip("-").replace(".", "", 1).isdecimal():
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None
