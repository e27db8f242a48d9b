"""The first sheet of an xlsx workbook as rows of texts, as a CSV file would write them.

A workbook is a zip archive: one that unpacks to more than a register can be is refused before it is read.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from coop.values import BadInput, Problem, say

UNPACKED_MAX = 200 * 2**20
ROWS_MAX = 200_000

_SIGNATURE = b"PK\x03\x04"


def is_workbook(body: bytes) -> bool:
    """True for a zip archive, which no CSV file is."""
    return body.startswith(_SIGNATURE)


def read_sheet(body: bytes) -> Iterator[list[str]]:
    """The rows of the first sheet, each at least as wide as the first; an empty one has no cells.

    Raises:
        BadInput: it is no xlsx workbook, or is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED_MAX:
                raise BadInput([Problem(say("is too large to unpack"), "file")])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles that it leaves alone
            book = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
            rows = list(_cells(book.worksheets[0]))
            book.close()
    except BadInput:
        raise
    except Exception as error:  # a damaged archive fails in openpyxl, zipfile or the XML parser, each in its own way
        raise BadInput([Problem(say("is no xlsx workbook that can be read"), "file")]) from error
    width = len(rows[0]) if rows else 0
    for cells in rows:
        yield [*cells, *[""] * (width - len(cells))] if cells else []


def _cells(sheet: Any) -> Iterator[list[str]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        if number > ROWS_MAX:
            raise BadInput([Problem(say("has more than %(most)s rows", most=ROWS_MAX), "file")])
        cells = [write_cell(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def write_cell(value: object) -> str:
    """A cell as text: a day without its hour, a whole number without a point.

    >>> [write_cell(value) for value in (None, 12.0, 0.1, datetime(2025, 1, 31), True, "x")]
    ['', '12', '0.1', '2025-01-31', 'true', 'x']
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float():
            return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value).strip()
