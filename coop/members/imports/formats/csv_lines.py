"""The lines of a CSV file with a header: comma or semicolon, UTF-8, quotes where a text holds the delimiter.

Nothing is guessed and nothing passed over: a line that has another number of fields than the header is a problem, as is
a quote that never closes, which is how half a file looks. Source: RFC 4180, and semicolons as Dutch spreadsheets
write them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from coop.members.fields import refuse_text
from coop.values import BadInput, Problem

FILE_BYTES_MAX = 16 * 2**20
"""A register of 100,000 members is 10 MB."""

_DATE = re.compile(r"[12]\d{3}-\d\d-\d\d", re.ASCII)
_YEARS = range(1900, 2200)
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d{1,2}))?", re.ASCII)

Row = dict[str, str]


@dataclass(frozen=True)
class Lines:
    """The content of a file: its rows by line number, and the lines that could not be taken apart."""

    rows: list[tuple[int, Row]]
    problems: list[Problem]


def read_lines(body: bytes, required: Sequence[str], is_column: Callable[[str], bool]) -> Lines:
    """Take a file apart.

    Raises:
        BadInput: the file as a whole cannot be read: too large, not UTF-8, no lines, or its header lacks a column of
            ``required``, repeats one, or has one that ``is_column`` denies.
    """
    if len(body) > FILE_BYTES_MAX:
        raise BadInput([Problem(f"has {len(body)} bytes, at most {FILE_BYTES_MAX} are read", "file")])
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadInput([Problem("is not UTF-8 text; save it as CSV UTF-8", "file", line)]) from error
    first = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
    )
    lines = Lines([], [])
    columns: list[str] | None = None
    start = 1
    try:
        for fields in reader:
            line, start = start, reader.line_num + 1
            if columns is None:
                columns = [name.strip() for name in fields]
                _check_header(columns, required, is_column)
            elif len(fields) == len(columns):
                lines.rows.append((line, {name: field.strip() for name, field in zip(columns, fields, strict=True)}))
            elif fields:
                lines.problems.append(
                    Problem(f"has {len(fields)} fields where the header has {len(columns)}", "line", line)
                )
    except csv.Error as error:
        lines.problems.append(Problem(f"is not whole: {error}", "line", start))
    if columns is None:
        _check_header([], required, is_column)
    if not lines.rows and not lines.problems:
        raise BadInput([Problem("has a header but no lines", "file", 1)])
    return lines


def _check_header(columns: Sequence[str], required: Sequence[str], is_column: Callable[[str], bool]) -> None:
    problems = [Problem("the column is missing", name, 1) for name in required if name not in columns]
    problems += [
        Problem("the column stands twice", name, 1) for name in dict.fromkeys(columns) if columns.count(name) > 1
    ]
    problems += [
        Problem("a file of this kind has no such column", name or "header", 1)
        for name in dict.fromkeys(columns)
        if not is_column(name)
    ]
    if problems:
        raise BadInput(problems)


class Line:
    """Reads the fields of one line and collects what is wrong with them; ``check`` raises it all together."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.problems: list[Problem] = []

    def refuse(self, field: str, reason: str) -> None:
        """Note that a field is wrong."""
        self.problems.append(Problem(reason, field))

    def optional(self, field: str) -> str:
        """A text that may be empty or have no column."""
        text = self.row.get(field, "")
        if problem := refuse_text(text, field):
            self.problems.append(problem)
        return text

    def text(self, field: str) -> str:
        """A text that may not be empty."""
        text = self.optional(field)
        if not text:
            self.refuse(field, "may not be empty")
        return text

    def one_of(self, field: str, allowed: Sequence[str]) -> str:
        """One of a few words."""
        text = self.text(field)
        if text and text not in allowed:
            self.refuse(field, f"{text!r} is none of {', '.join(allowed)}")
        return text

    def date_or_none(self, field: str) -> date | None:
        """A date, or None where the field is empty."""
        text = self.row.get(field, "")
        if not text:
            return None
        try:
            day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            self.refuse(field, f"{text!r} is not a date such as 2025-01-31")
        return day

    def date(self, field: str) -> date:
        """A date that must be there."""
        if not self.row[field]:
            self.refuse(field, "may not be empty")
        return self.date_or_none(field) or date.min

    def whole(self, field: str) -> int:
        """A whole number that is not negative."""
        text = self.row.get(field, "")
        if _WHOLE.fullmatch(text):
            return int(text)
        self.refuse(field, f"{text!r} is not a whole number such as 1250")
        return 0

    def cents(self, field: str) -> int:
        """An amount in EUR with a point or a comma and at most two decimals, in cents."""
        text = self.row.get(field, "")
        if _AMOUNT.fullmatch(text):
            return int(Decimal(text.replace(",", ".")) * 100)
        self.refuse(field, f"{text!r} is not an amount such as 1187.50 or 1187,50")
        return 0

    def check(self) -> None:
        """Raise BadInput with everything that was wrong so far."""
        if self.problems:
            raise BadInput(self.problems)
