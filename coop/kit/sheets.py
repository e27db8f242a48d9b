"""Tables that people send: CSV or xlsx, as rows of texts with the line that each stands on."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from coop.values import BadInput, Problem, Said, say

ROWS_MAX = 200_000
"""Most lines of one table."""

CELL_MAX = 10_000
"""Longest cell [characters]."""

UNPACKED_MAX = 256 * 1024 * 1024
"""Most that an xlsx may unpack to [bytes]."""

_XLSX = b"PK\x03\x04"


@dataclass(frozen=True)
class Sheet:
    """A table: its header, and its lines, each with the line that it stands on. Every line is as long as the header."""

    header: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, names: Sequence[str]) -> int | None:
        """Place of the column that has one of these names, in capitals or not."""
        wanted = {_plain(name) for name in names}
        return next((at for at, name in enumerate(self.header) if _plain(name) in wanted), None)


def read_sheet(body: bytes) -> Sheet:
    """A table from a CSV file (comma, semicolon or tab; UTF-8 or Windows' own) or the first sheet of an xlsx.

    >>> read_sheet(b"meter;soort\\r\\nH1;warmte\\r\\n").lines
    ((2, ('H1', 'warmte')),)

    Raises:
        BadInput: it is none of them, holds no header, or is larger than any table of ours.
    """
    rows = _rows_of_xlsx(body) if body.startswith(_XLSX) else _rows_of_csv(body)
    filled = [(line, cells) for line, cells in rows if any(cells)]
    if not filled:
        raise _refuse(say("the file is empty"))
    if len(filled) > ROWS_MAX:
        raise _refuse(say("the file has more than %(most)s lines", most=ROWS_MAX))
    header = tuple(filled[0][1])
    width = len(header)
    problems = [
        Problem(say("%(cells)s cells where the header has %(columns)s", cells=len(cells), columns=width), "file", line)
        for line, cells in filled[1:]
        if any(cells[width:])
    ]
    problems += [
        Problem(reason, column, line)
        for line, cells in filled
        for column, cell in zip(header, cells, strict=False)
        if (reason := _judge_cell(cell))
    ]
    if problems:
        raise BadInput(problems, "bad-file")
    lines = tuple((line, tuple((cells + [""] * width)[:width])) for line, cells in filled[1:])
    return Sheet(header, lines)


def _judge_cell(cell: str) -> Said | None:
    if len(cell) > CELL_MAX:
        return say("a cell holds more than %(most)s characters", most=CELL_MAX)
    return say("a cell holds a character that no text may hold") if "\x00" in cell else None


def _rows_of_csv(body: bytes) -> list[tuple[int, list[str]]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    head = text.lstrip().partition("\n")[0]
    mark = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        return [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise _refuse(say("this is no CSV file"), reader.line_num) from error


def _rows_of_xlsx(body: bytes) -> list[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            if sum(part.file_size for part in parts.infolist()) > UNPACKED_MAX:
                raise _refuse(say("the file unpacks to more than any table of ours"))
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows: list[tuple[int, list[str]]] = []
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            rows.append((line, [_write(cell) for cell in cells]))
            if line > 2 * ROWS_MAX:
                raise _refuse(say("the file has more than %(most)s lines", most=ROWS_MAX))
        return rows
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError) as error:
        raise _refuse(say("this is no xlsx file that can be read")) from error


def _write(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _refuse(reason: Said, line: int | None = None) -> BadInput:
    return BadInput([Problem(reason, "file", line)], "bad-file")


def read_word(text: str, words: Mapping[str, Sequence[str]]) -> str | None:
    """The word of ours that a cell means, by any of the names that it goes by; None for none.

    >>> read_word("Warmte", {"heat": ("warmte",), "solar": ("zon",)})
    'heat'
    """
    plain = _plain(text)
    return next((word for word, names in words.items() if plain in {_plain(word), *map(_plain, names)}), None)
