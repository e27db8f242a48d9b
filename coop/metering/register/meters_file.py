"""The register of meters as a CSV or xlsx file: in whole or not at all, every bad line named at once."""

from __future__ import annotations

import re
from datetime import datetime

from coop.kit.sheets import Sheet, read_sheet, read_word
from coop.metering.amounts import amount, instant_of
from coop.metering.model import MeterKind, Quantity
from coop.metering.register.model import MeterEntry
from coop.values import BadInput, Problem, say

COLUMNS = {
    "serial": ("meternummer", "meter", "serienummer"),
    "kind": ("soort",),
    "connection": ("aansluiting", "aansluitnummer"),
    "installed_on": ("geplaatst_op", "geplaatst"),
    "removed_on": ("weggehaald_op", "weggehaald"),
    "maxima": ("telt_tot",),
}
"""Columns, and their Dutch names: the first is that of the template."""

KINDS = {
    "heat": ("warmte",),
    "electricity": ("elektriciteit", "stroom"),
    "solar": ("zon", "zonnestroom"),
    "heat_pump": ("warmtepomp",),
    "source": ("bron",),
}
"""Kinds of meter, and the Dutch words for them."""

_MUST = ("serial", "kind", "installed_on")
_DUTCH_DAY = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})")


def read_meters(body: bytes) -> list[MeterEntry]:
    """Meters from a file: serial, kind, connection, installed_on, removed_on, maxima (``heat=10000 GJ``, several with
    ``;``); the last three columns may be left out.

    >>> [meter] = read_meters(b"meternummer;soort;aansluiting;geplaatst_op\\nH1;warmte;101;1-1-2025\\n")
    >>> meter.serial, meter.kind.value, meter.connection, meter.installed_at.isoformat()
    ('H1', 'heat', '101', '2024-12-31T23:00:00+00:00')

    Raises:
        BadInput: with line, column and reason of everything that is wrong.
    """
    sheet = read_sheet(body)
    places = {name: sheet.column((name, *others)) for name, others in COLUMNS.items()}
    missing = [
        Problem(say("the column %(name)s (%(dutch)s) is missing", name=name, dutch=COLUMNS[name][0]), name, 1)
        for name in _MUST
        if places[name] is None
    ]
    problems = missing + _name_unknown_columns(sheet)
    found: list[MeterEntry] = []
    for line, cells in sheet.lines if not problems else ():
        texts = {name: "" if place is None else cells[place] for name, place in places.items()}
        try:
            found.append(_read_meter(texts, line))
        except BadInput as wrong:
            problems += [Problem(each.reason, each.field, line) for each in wrong.problems]
    if problems:
        raise BadInput(problems, "bad-meters")
    return found


def _name_unknown_columns(sheet: Sheet) -> list[Problem]:
    names = {at for name, others in COLUMNS.items() if (at := sheet.column((name, *others))) is not None}
    return [
        Problem(say('the column "%(name)s" is not one of this file', name=name), "file", 1)
        for at, name in enumerate(sheet.header)
        if at not in names and name
    ]


def _read_meter(texts: dict[str, str], line: int) -> MeterEntry:
    problems = []
    serial, connection = texts["serial"], texts["connection"]
    if not 0 < len(serial) <= 64 or any(letter.isspace() for letter in serial):
        problems.append(Problem(say("is no serial of at most 64 characters"), "serial"))
    if len(connection) > 100:
        problems.append(Problem(say("is no number of at most 100 characters"), "connection"))
    kind = read_word(texts["kind"], KINDS)
    if kind is None:
        words = tuple(others[0] for others in KINDS.values())
        reason = say(
            '"%(kind)s" is none of %(kinds)s, or %(words)s', kind=texts["kind"], kinds=tuple(KINDS), words=words
        )
        problems.append(Problem(reason, "kind"))
    if problems or kind is None:
        raise BadInput(problems)
    maxima = {}
    for pair in filter(None, map(str.strip, texts["maxima"].split(";"))):
        name, _, text = pair.partition("=")
        quantity = read_word(name, {each.value: () for each in Quantity} | {"heat": ("warmte",)})
        if quantity is None:
            raise BadInput([Problem(say('"%(name)s" is no quantity', name=name), "maxima")])
        maxima[Quantity(quantity)] = amount(text, Quantity(quantity), "maxima")
    installed_at = read_day(texts["installed_on"], "installed_on")
    removed_at = read_day(texts["removed_on"], "removed_on") if texts["removed_on"] else None
    if removed_at is not None and removed_at <= installed_at:
        raise BadInput([Problem(say("the meter was taken away before it was hung"), "removed_on")])
    return MeterEntry(serial, MeterKind(kind), connection, installed_at, removed_at, maxima, line)


def read_day(text: str, field: str) -> datetime:
    """A day as people write it, such as 2025-01-31 or 31-1-2025, or an instant with its time zone.

    >>> read_day("31-1-2025", "installed_on") == read_day("2025-01-31", "installed_on")
    True

    Raises:
        BadInput: it is neither.
    """
    if dutch := _DUTCH_DAY.fullmatch(text.strip()):
        day, month, year = dutch.groups()
        text = f"{year}-{month:0>2}-{day:0>2}"
    return instant_of(text.strip(), field)
