"""A listing as a file: CSV, xlsx or JSON, in the reader's language.

The file is written whole, to disk when it is large, before the answer begins: what fails on the way is an error and
never a torn file. CSV is RFC 4180 in UTF-8, with a point before decimals; ``?delimiter=semicolon`` is the CSV that a
Dutch Excel opens: semicolons, a decimal comma, and a byte order mark. A text that a spreadsheet would take for a
formula is kept a text: as its type in xlsx, behind an apostrophe in CSV. JSON has the columns' names, and decimals as
text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, Literal

import orjson
from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from coop.values import CoopError, say
from coop.web.language import gettext, language_of
from coop.web.listings import Column, Kind, Listing, Value
from coop.web.writing import speak

MEMORY_MAX = 1024 * 1024
"""Bytes of a file that are kept in memory; a larger one goes to disk."""

SHEET_ROWS_MAX = 1_048_575
"""Rows that a sheet holds below its header. Source: specifications and limits of Excel."""

CELL_MAX = 32_767
"""Characters that a cell of a sheet holds."""

EXACT_MAX = 10**15
"""Whole numbers from here on are no longer exact in a spreadsheet, and are written as text."""

CHUNK = 64 * 1024

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
_NUMBER_FORMATS = {Kind.EUROS: "#,##0.00", Kind.DAY: "yyyy-mm-dd", Kind.INSTANT: "yyyy-mm-dd hh:mm:ss"}

Extension = Literal["csv", "xlsx", "json"]


@dataclass(frozen=True)
class Download:
    """The file that somebody asked for: what it ends with, its language, and of a CSV the delimiter."""

    extension: Extension
    lang: str
    delimiter: str = ","

    def answer(self, listing: Listing) -> Response:
        """The listing as a file to keep."""
        file: IO[bytes] = SpooledTemporaryFile(MEMORY_MAX)  # noqa: SIM115  (the answer closes it when it is sent)
        try:
            self.write(listing, file)
        except BaseException:
            file.close()
            raise
        return send_file(file, f"{listing.name}.{self.extension}", _MEDIA_TYPES[self.extension])

    def write(self, listing: Listing, file: IO[bytes]) -> None:
        """Write the listing into an empty file, which stands at its end afterwards."""
        writers: dict[str, Callable[[Listing, IO[bytes]], None]] = {
            "csv": self._write_csv,
            "xlsx": self._write_xlsx,
            "json": self._write_json,
        }
        writers[self.extension](listing, file)
        file.seek(0, io.SEEK_END)

    def _write_csv(self, listing: Listing, file: IO[bytes]) -> None:
        is_dutch_excel = self.delimiter == ";"
        text = io.TextIOWrapper(file, "utf-8-sig" if is_dutch_excel else "utf-8", newline="", write_through=True)
        writer = csv.writer(text, delimiter=self.delimiter)
        writer.writerow([column.heading(self.lang) for column in listing.columns])
        kinds = [column.kind for column in listing.columns]
        for values in listing.values():
            cells = [self._written(kind, value) for kind, value in zip(kinds, values, strict=True)]
            if is_dutch_excel:
                cells = [
                    cell.replace(".", ",") if isinstance(value, Decimal) else cell
                    for cell, value in zip(cells, values, strict=True)
                ]
            writer.writerow(cells)
        text.detach()

    def _written(self, kind: Kind, value: Value) -> str:
        match value:
            case None:
                return ""
            case bool():
                return "true" if value else "false"
            case datetime():
                return _utc(value)
            case Decimal():
                return f"{value:f}"
            case int() | date():
                return str(value)
        text = gettext(self.lang, value) if kind is Kind.WORD and value else speak(self.lang, value)
        return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text

    def _write_xlsx(self, listing: Listing, file: IO[bytes]) -> None:
        book = Workbook(write_only=True)
        sheet = book.create_sheet(listing.name[:31])
        sheet.freeze_panes = "A2"

        def cell(value: Any, kind: Kind) -> Any:
            made = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                made.data_type = "s"  # also where it begins like a formula
            elif kind in _NUMBER_FORMATS:
                made.number_format = _NUMBER_FORMATS[kind]
            return made

        heads = [cell(column.heading(self.lang), Kind.TEXT) for column in listing.columns]
        for head in heads:
            head.font = Font(bold=True)
        kinds = [column.kind for column in listing.columns]
        try:
            sheet.append(heads)
            for number, values in enumerate(listing.values()):
                if number == SHEET_ROWS_MAX:
                    reason = say("a sheet holds %(most)s rows; take the CSV, or filter", most=SHEET_ROWS_MAX)
                    raise CoopError("too-many-rows", reason)
                cells = zip(kinds, values, strict=True)
                sheet.append([cell(self._in_sheet(kind, value), kind) for kind, value in cells])
        finally:
            book.save(file)  # also a sheet that failed: its own file on disk goes away with it

    def _in_sheet(self, kind: Kind, value: Value) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(UTC).replace(tzinfo=None)
        if isinstance(value, str):
            text = gettext(self.lang, value) if kind is Kind.WORD and value else speak(self.lang, value)
            return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:CELL_MAX]
        if isinstance(value, int) and abs(value) >= EXACT_MAX:
            return str(value)
        return value

    def _write_json(self, listing: Listing, file: IO[bytes]) -> None:
        columns = [self._described(column) for column in listing.columns]
        names = [column.name for column in listing.columns]
        file.write(b'{"name":%s,"columns":%s,"rows":[' % (orjson.dumps(listing.name), orjson.dumps(columns)))
        for number, values in enumerate(listing.values()):
            row = {name: _in_json(value) for name, value in zip(names, values, strict=True)}
            file.write((b",\n" if number else b"\n") + orjson.dumps(row))
        file.write(b"\n]}\n")

    def _described(self, column: Column) -> dict[str, str]:
        return {"name": column.name, "label": column.heading(self.lang), "kind": column.kind.name.lower()}


def read_download(
    request: Request, extension: Extension, delimiter: Literal["comma", "semicolon"] = "comma"
) -> Download:
    """Download that a request's address asks for."""
    return Download(extension, language_of(request), ";" if delimiter == "semicolon" else ",")


Asked = Annotated[Download, Depends(read_download)]
"""The file that a route with ``{extension}`` in its path is asked for."""


def send_file(file: IO[bytes], name: str, media_type: str, more: Mapping[str, str] | None = None) -> Response:
    """An open file as the answer, to be kept under a name; it is closed when it was sent."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size), **(more or {})}
    return StreamingResponse(_chunks(file), media_type=media_type, headers=headers)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _in_json(value: Value) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return _utc(value) if isinstance(value, datetime) else value


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
