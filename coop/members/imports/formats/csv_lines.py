"""The lines of a file with a header: CSV with comma or semicolon, in UTF-8 or as older Windows programs write it, or
the first sheet of an xlsx workbook.

Nothing is passed over: a line that has another number of fields than the header is a problem, as is a quote that never
closes, which is how half a file looks. Bytes that are no UTF-8 are Windows-1252, which gives each of them a letter;
where it has none, the line is named. Source: RFC 4180, and semicolons as Dutch spreadsheets write them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from coop.members.imports.formats.sheets import is_workbook, read_sheet
from coop.values import BadInput, Problem, say

FILE_BYTES_MAX = 16 * 2**20
"""A register of 100,000 members is 10 MB."""

Row = dict[str, str]


@dataclass(frozen=True)
class Lines:
    """The content of a file: its rows by line number, and the lines that could not be taken apart."""

    rows: list[tuple[int, Row]]
    problems: list[Problem]


def read_lines(body: bytes, required: Sequence[str], name_column: Callable[[str], str | None]) -> Lines:
    """Take a file apart; ``name_column`` says which column a heading means, or None.

    Raises:
        BadInput: the file as a whole cannot be read: too large, no text, no lines, or its header lacks a column of
            ``required``, repeats one, or has one that means nothing.
    """
    if len(body) > FILE_BYTES_MAX:
        reason = say("has %(bytes)s bytes, at most %(most)s are read", bytes=len(body), most=FILE_BYTES_MAX)
        raise BadInput([Problem(reason, "file")])
    lines = Lines([], [])
    columns: list[str] | None = None
    try:
        for line, fields in enumerate_sheet(body) if is_workbook(body) else _enumerate_csv(body):
            if columns is None:
                columns = _read_header(fields, required, name_column)
            elif len(fields) == len(columns):
                lines.rows.append((line, {name: field.strip() for name, field in zip(columns, fields, strict=True)}))
            elif fields:
                reason = say(
                    "has %(count)s fields where the header has %(columns)s", count=len(fields), columns=len(columns)
                )
                lines.problems.append(Problem(reason, "line", line))
    except _Torn as torn:
        lines.problems.append(Problem(say("is not whole: %(reason)s", reason=torn.reason), "line", torn.line))
    if columns is None:
        _read_header([], required, name_column)
    if not lines.rows and not lines.problems:
        raise BadInput([Problem(say("has a header but no lines"), "file", 1)])
    return lines


class _Torn(Exception):
    """A line that does not end."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def _enumerate_csv(body: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decode(body)
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for fields in reader:
            line, start = start, reader.line_num + 1
            yield line, fields
    except csv.Error as error:
        raise _Torn(start, str(error)) from error


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadInput([Problem(say("is no text; save it as CSV UTF-8"), "file", line)]) from error


def enumerate_sheet(body: bytes) -> Iterable[tuple[int, list[str]]]:
    """Number the rows of a sheet; a row without anything in it is passed over, as a blank line is."""
    return ((line, cells) for line, cells in enumerate(read_sheet(body), 1) if any(cells))


def _read_header(
    headings: Sequence[str], required: Sequence[str], name_column: Callable[[str], str | None]
) -> list[str]:
    """The column that each heading means."""
    columns = [name_column(heading) for heading in headings]
    problems = [Problem(say("the column is missing"), name, 1) for name in required if name not in columns]
    problems += [
        Problem(say("the column stands twice"), name, 1)
        for name in dict.fromkeys(columns)
        if name is not None and columns.count(name) > 1
    ]
    problems += [
        Problem(say("a file of this kind has no such column"), heading.strip() or "header", 1)
        for heading in dict.fromkeys(heading for heading, name in zip(headings, columns, strict=True) if name is None)
    ]
    if problems:
        raise BadInput(problems)
    return [name for name in columns if name is not None]
