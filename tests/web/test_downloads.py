"""A list as a file says exactly what it holds, in every form, and does nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from asyncio import run
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from starlette.responses import StreamingResponse

from coop.values import CoopError
from coop.web import downloads
from coop.web.downloads import Download
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

COLUMNS = (
    Column("name", N_("Name")),
    Column("kind", N_("Kind"), Kind.WORD),
    Column("energy_wh", N_("Electricity"), Kind.WHOLE, "Wh"),
    Column("price", N_("Price"), Kind.DECIMAL),
    Column("total_eur", N_("Amount"), Kind.EUROS, of="total_cents"),
    Column("active", N_("Open"), Kind.FLAG),
    Column("day", N_("Date"), Kind.DAY),
    Column("at", N_("When"), Kind.INSTANT),
)
SUMMER = timezone(timedelta(hours=2))
ROW = SimpleNamespace(
    name='Jan "de Boer", 3',
    kind="tenant",
    energy_wh=-1234,
    price=Decimal("0.2345"),
    total_cents=-105,
    active=True,
    day=date(2025, 6, 1),
    at=datetime(2025, 6, 1, 2, 30, tzinfo=SUMMER),
)
EMPTY = SimpleNamespace(**dict.fromkeys(vars(ROW)))


def read(download: Download, *rows: Any, columns: tuple[Column, ...] = COLUMNS) -> bytes:
    file = io.BytesIO()
    download.write(Listing("people", columns, rows), file)
    return file.getvalue()


def sheet_of(body: bytes) -> Any:
    return load_workbook(io.BytesIO(body)).active


def test_csv_is_rfc_4180_with_points_and_commas() -> None:
    body = read(Download("csv", "en"), ROW, EMPTY).decode()
    assert body.splitlines()[0] == ("Name,Kind,Electricity [Wh],Price,Amount [EUR],Open,Date,When [UTC]")
    assert list(csv.reader(io.StringIO(body)))[1:] == [
        ['Jan "de Boer", 3', "tenant", "-1234", "0.2345", "-1.05", "true", "2025-06-01", "2025-06-01T00:30:00Z"],
        [""] * 8,
    ]
    assert body.endswith("\r\n")


def test_the_csv_of_a_dutch_excel_has_semicolons_decimal_commas_and_a_mark() -> None:
    body = read(Download("csv", "nl", ";"), ROW)
    assert body.startswith(b"\xef\xbb\xbf")
    heads, values = csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";")
    assert heads[0] == "Naam"
    assert values[1:5] == ["huurder", "-1234", "0,2345", "-1,05"]


def test_xlsx_has_real_numbers_and_dates_below_a_frozen_header() -> None:
    sheet = sheet_of(read(Download("xlsx", "nl"), ROW, EMPTY))
    assert sheet.freeze_panes == "A2"
    heads, values, empty = sheet.iter_rows(values_only=True)
    assert heads[0] == "Naam"
    assert values[:6] == (ROW.name, "huurder", -1234, 0.2345, -1.05, True)
    assert [str(value) for value in values[6:]] == ["2025-06-01 00:00:00", "2025-06-01 00:30:00"]
    assert sheet.cell(2, 5).number_format == "#,##0.00"
    assert set(empty) == {None}


def test_json_names_its_columns_and_keeps_decimals_exact() -> None:
    made = json.loads(read(Download("json", "nl"), ROW, EMPTY))
    assert made["columns"][2] == {"name": "energy_wh", "label": "Stroom [Wh]", "kind": "whole"}
    assert made["rows"][0] == {
        "name": ROW.name,
        "kind": "tenant",
        "energy_wh": -1234,
        "price": "0.2345",
        "total_eur": "-1.05",
        "active": True,
        "day": "2025-06-01",
        "at": "2025-06-01T00:30:00Z",
    }


@pytest.mark.parametrize("text", ["=1+1", "+31 6 1234", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_looks_like_a_formula_stays_a_text(text: str) -> None:
    columns = (Column("name", N_("Name")),)
    row = SimpleNamespace(name=text)
    for delimiter in ",;":
        body = read(Download("csv", "en", delimiter), row, columns=columns).decode("utf-8-sig")
        assert list(csv.reader(io.StringIO(body, newline=""), delimiter=delimiter))[1] == [f"'{text}"]
    cell = sheet_of(read(Download("xlsx", "en"), row, columns=columns)).cell(2, 1)
    assert cell.data_type == "s"
    assert json.loads(read(Download("json", "en"), row, columns=columns))["rows"] == [{"name": text}]


@given(st.text(), st.integers(), st.integers(-(10**14), 10**14))
def test_every_text_and_every_amount_comes_back(text: str, whole: int, cents: int) -> None:
    columns = (COLUMNS[0], COLUMNS[2], COLUMNS[4])
    text = text.encode(errors="replace").decode()  # no register holds half a sign
    row = SimpleNamespace(name=text, energy_wh=whole % 2**63, total_cents=cents)
    [made] = json.loads(read(Download("json", "en"), row, columns=columns))["rows"]
    assert made["name"] == text
    assert made["energy_wh"] == row.energy_wh
    assert int(Decimal(made["total_eur"]) * 100) == cents
    written = list(csv.reader(io.StringIO(read(Download("csv", "en"), row, columns=columns).decode(), newline="")))
    assert written[1][0].removeprefix("'") == text.removeprefix("'") or "\x00" in text
    assert int(Decimal(written[1][2]) * 100) == cents
    sheet_of(read(Download("xlsx", "en"), row, columns=columns))


def test_a_whole_number_that_a_sheet_would_round_is_a_text_there() -> None:
    columns = (Column("energy_j", N_("Heat"), Kind.WHOLE, "J"),)
    row = SimpleNamespace(energy_j=10**17 + 1)
    assert sheet_of(read(Download("xlsx", "en"), row, columns=columns)).cell(2, 1).value == "100000000000000001"


def test_what_no_sheet_holds_is_refused_and_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "SHEET_ROWS_MAX", 2)
    with pytest.raises(CoopError, match="take the CSV"):
        read(Download("xlsx", "en"), ROW, ROW, ROW)


def test_a_large_list_goes_by_disk_and_is_answered_whole() -> None:
    with SpooledTemporaryFile(1024) as file:
        Download("csv", "en").write(Listing("people", COLUMNS, (ROW for _ in range(20_000))), file)
        assert file._rolled  # type: ignore[attr-defined]
        size = file.tell()
        file.seek(0)
        assert sum(1 for _ in file) == 20_001
    answer = Download("csv", "en").answer(Listing("people", COLUMNS, (ROW for _ in range(20_000))))
    assert isinstance(answer, StreamingResponse)
    assert answer.headers["content-length"] == str(size)
    assert answer.headers["content-disposition"] == 'attachment; filename="people.csv"'
    assert sum(map(len, run(collect(answer)))) == size


async def collect(answer: StreamingResponse) -> list[Any]:
    return [chunk async for chunk in answer.body_iterator]
