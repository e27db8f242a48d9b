"""Tables that people send, as their programs write them and as they are broken."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from coop.kit import sheets
from coop.kit.sheets import read_sheet, read_word
from coop.values import BadInput


def xlsx(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "body",
    [b"a,b\n1,2\n", b"a;b\r\n1;2\r\n", b"\xef\xbb\xbfa\tb\n1\t2\n", xlsx(("a", "b"), (1, 2.0)), b"\n\na,b\n1,2\n"],
)
def test_a_table_reads_the_same_however_it_is_written(body: bytes) -> None:
    sheet = read_sheet(body)
    assert sheet.header == ("a", "b")
    assert [cells for _, cells in sheet.lines] == [("1", "2")]


def test_days_and_figures_of_a_spreadsheet_are_written_as_people_type_them() -> None:
    sheet = read_sheet(
        xlsx(
            ("day", "at", "figure", "none"),
            (date(2026, 1, 31), datetime.fromisoformat("2026-01-31T12:00"), 12.34, None),
        )
    )
    assert sheet.lines == ((2, ("2026-01-31", "2026-01-31T12:00:00", "12.34", "")),)


def test_a_short_line_is_filled_up_and_a_long_one_is_named() -> None:
    assert read_sheet(b"a,b,c\n1\n").lines == ((2, ("1", "", "")),)
    with pytest.raises(BadInput) as refusal:
        read_sheet(b"a,b\n1,2\n1,2,3\n")
    assert [problem.line for problem in refusal.value.problems] == [3]


def test_letters_of_windows_are_read() -> None:
    assert read_sheet("naam\nCoördinator\n".encode("cp1252")).lines[0][1] == ("Coördinator",)


@pytest.mark.parametrize(
    "body",
    [b"", b"\n\n", b"PK\x03\x04 and then nothing", b'a,b\n"1,2\n', b"a\n" + b"x" * (sheets.CELL_MAX + 1), b"a\nx\0y\n"],
)
def test_what_is_no_table_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        read_sheet(body)


def test_a_file_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "UNPACKED_MAX", 100)
    with pytest.raises(BadInput, match="unpacks"):
        read_sheet(xlsx(("a",), ("b",)))


def test_a_column_and_a_word_go_by_several_names() -> None:
    sheet = read_sheet(b"Geplaatst op,x\n1,2\n")
    assert (sheet.column(("installed_on", "geplaatst_op")), sheet.column(("none",))) == (0, None)
    assert (read_word("WARMTE", {"heat": ("warmte",)}), read_word("gas", {"heat": ()})) == ("heat", None)
