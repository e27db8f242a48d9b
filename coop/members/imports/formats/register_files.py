"""A file of the register: one kind of record, a header line, a line for each record.

Headings are the names of the columns, or what people call them in any language. Records and problems come back
together, so that whoever imports can name every bad line at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from coop.members.connections.formats import ean
from coop.members.imports.formats.csv_lines import read_lines
from coop.members.imports.formats.line import Line
from coop.members.imports.formats.register_rows import COLUMNS, Registered, complete_row, read_row
from coop.members.imports.model import Record
from coop.values import BadInput, Problem, say

_UNIQUE = {"members": ("number", "id"), "connections": ("number", "ean", "id"), "contracts": ("number", "id")}
_GAS = re.compile(r"gas (\d{4}) (m3|m³|eur|euro)")


@dataclass(frozen=True)
class Vocabulary:
    """Headings and words of a file in the languages of people: the column of each heading by kind of file, and for each
    kind of file what a word in it means. All are in small letters."""

    headings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Decoded:
    """The records of a file by line, and what was wrong with its other lines."""

    records: dict[int, Record]
    problems: list[Problem]


def decode(body: bytes, kind: str, registered: Registered, vocabulary: Vocabulary | None = None) -> Decoded:
    """Read a file of ``kind``, one of ``COLUMNS``.

    Raises:
        BadInput: the kind is unknown, or the file as a whole cannot be read, as ``read_lines`` says.
    """
    if kind not in COLUMNS:
        raise BadInput([Problem(say('"%(value)s" is none of %(allowed)s', value=kind, allowed=tuple(COLUMNS)), "kind")])
    spoken = vocabulary or Vocabulary()
    headings = spoken.headings.get(kind, {})
    lines = read_lines(body, COLUMNS[kind][0], lambda heading: name_column(kind, heading, headings))
    decoded = Decoded({}, lines.problems)
    seen: dict[tuple[str, str], int] = {}
    for number, row in lines.rows:
        if "ean" in row:
            row["ean"] = ean.compact(row["ean"])
        line = Line(complete_row(kind, row, registered), spoken.words.get(kind))
        for name in _UNIQUE.get(kind, ()):
            value = row.get(name, "")
            if value and (first := seen.setdefault((name, value), number)) != number:
                line.refuse(name, say("%(value)s stands on line %(line)s already", value=value, line=first))
        try:
            decoded.records[number] = read_row(kind, line, registered)
        except BadInput as bad:
            decoded.problems.extend(Problem(problem.reason, problem.field, number) for problem in bad.problems)
    return decoded


def name_column(kind: str, heading: str, headings: Mapping[str, str]) -> str | None:
    """The column that a heading means; None where it means nothing in a file of this kind.

    >>> name_column("contracts", "Gas 2024 [m3]", {}), name_column("members", "Lidnummer", {"lidnummer": "number"})
    ('gas_2024_m3', 'number')
    """
    plain = plain_heading(heading)
    if kind == "contracts" and (gas := _GAS.fullmatch(plain)):
        return f"gas_{gas[1]}_{'m3' if gas[2].startswith('m') else 'eur'}"
    for name in (*COLUMNS[kind][0], *COLUMNS[kind][1]):
        if plain == plain_heading(name):
            return name
    return headings.get(plain)


def plain_heading(heading: str) -> str:
    """A heading in small letters, without the marks around units and between words.

    >>> plain_heading(" Gas_2024 [EUR] ")
    'gas 2024 eur'
    """
    return " ".join(re.sub(r"[\[\](),_]", " ", heading.casefold()).split())
