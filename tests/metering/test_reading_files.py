"""Readings by file, on pages: columns recognised and named, a look before anything is taken, and a way back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.kit.sheets import read_sheet
from coop.metering.intake.formats import csv_guess
from coop.metering.service import METERING
from coop.values import BadInput
from tests.desk import open_desk, sign_in
from tests.kit.test_sheets import xlsx
from tests.metering.homes import latest_values
from tests.metering.test_meter_pages import plain

PAGE = "/metering/files"
LINES = [
    ("Meternummer", "Datum", "Warmte (GJ)"),
    ("H1", "01-03-2025 00:00", "12,34"),
    ("H1", "02-03-2025 00:00", "12,40"),
    ("H2", "01-03-2025 00:00", "3,5"),
]


def write(lines: Sequence[tuple[str, ...]]) -> bytes:
    return "\n".join(";".join(line) for line in lines).encode()


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update({"accept": "text/html"})
        yield sign_in(client, "board")


def send(desk: TestClient, body: bytes) -> str:
    """Send a file; returns the address of its page."""
    answer = desk.post(PAGE, files={"file": ("export.csv", body)})
    assert answer.status_code == 200, answer.text
    return answer.url.path


def filled_in(body: bytes) -> dict[str, str]:
    return csv_guess.guess(read_sheet(body))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_is_recognised_looked_at_taken_and_taken_back(
    desk: TestClient, one_database: Database, form: str
) -> None:
    body = xlsx(*LINES) if form == "xlsx" else write(LINES)
    address = send(desk, body)
    filled = filled_in(body)
    look = desk.post(f"{address}/look", params={"lang": "en"}, data=filled)
    assert "Take 3 readings" in plain(look.text)
    assert latest_values(one_database) == {}
    done = desk.post(f"{address}/take", data=filled)
    assert done.url.path == PAGE
    values = latest_values(one_database)
    assert sorted(value for _, value in next(iter(values.values())).items())[0][0] in (12_340_000_000, 3_500_000_000)
    assert desk.get(address).status_code == 404
    undo = re.search(r"/metering/files/imports/(\w+)/undo", done.text)
    assert undo
    asked = desk.post(undo[0])
    assert "confirmed" in asked.text
    desk.post(undo[0], data={"confirmed": "yes"})
    assert {quality for of in latest_values(one_database).values() for _, quality in of.values()} <= {0}


def test_what_was_recognised_stands_in_the_form() -> None:
    assert filled_in(write(LINES)) == {
        "timezone": "Europe/Amsterdam",
        "time_column": "1",
        "meter_column": "0",
        "time_format": "%d-%m-%Y %H:%M",
        "decimal": ",",
        "quantity.2": "heat",
        "unit.2": "GJ",
    }


def test_meters_that_nobody_registered_are_named_before_anything_is_taken(
    desk: TestClient, one_database: Database
) -> None:
    body = write([*LINES, ("STRANGE", "01-03-2025 00:00", "1")])
    look = desk.post(f"{send(desk, body)}/look", params={"lang": "nl"}, data=filled_in(body))
    assert "STRANGE" in look.text
    assert "1 meter uit dit bestand staat niet in het register" in plain(look.text)
    assert "/take" not in look.text
    assert latest_values(one_database) == {}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (("H1", "03-03-2025 00:00", "-5"), "Warmte (GJ)"),
        (("H1", "03-03-2025 00:00", "1,00"), "Warmte (GJ)"),
        (("H1", "03-03-2025 00:00", "many"), "Warmte (GJ)"),
        (("H1", "not a day", "12,5"), "Datum"),
        (("H1", "03-03-2199 00:00", "12,5"), "Datum"),
        (("H1", "30-03-2025 02:30", "12,5"), "Datum"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_line(
    desk: TestClient, one_database: Database, line: tuple[str, ...], field: str
) -> None:
    body = write([*LINES[:3], line])
    filled = filled_in(write(LINES))
    look = plain(desk.post(f"{send(desk, body)}/look", data=filled).text)
    assert re.search(rf" 4 {re.escape(field)} ", look), look
    assert latest_values(one_database) == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_column": ""}, "kies de kolom met de tijd"),
        ({"meter_column": ""}, "een van de twee"),
        ({"meter": "H1"}, "een van de twee"),
        ({"quantity.2": ""}, "zeg van ten minste één kolom"),
        ({"unit.2": "kg"}, "wordt geteld in GJ"),
        ({"timezone": "Mars/Olympus"}, "kies een klok"),
        ({"what.2": "never"}, "kies wat een waarde is"),
    ],
)
def test_a_mapping_that_says_too_little_comes_back_with_what_is_wrong(
    desk: TestClient, changes: dict[str, str], said: str
) -> None:
    body = write(LINES)
    answer = desk.post(f"{send(desk, body)}/look", params={"lang": "nl"}, data=filled_in(body) | changes)
    assert answer.status_code == 422
    assert said in plain(answer.text)


def test_a_mapping_is_kept_by_name_for_the_next_file(desk: TestClient) -> None:
    body = write(LINES)
    desk.post(f"{send(desk, body)}/look", data=filled_in(body) | {"name": "Portal", "timezone": "UTC"})
    moved = write([(line[2], line[0], line[1]) for line in LINES])
    page = desk.get(send(desk, moved), params={"kept": "Portal"}).text
    assert 'value="UTC" selected' in page
    assert re.search(r'name="meter_column".*?<option value="1" selected>', html.unescape(page), re.DOTALL)


def test_the_same_file_again_changes_nothing(desk: TestClient, one_database: Database) -> None:
    body = write(LINES)
    desk.post(f"{send(desk, body)}/take", data=filled_in(body))
    before = latest_values(one_database)
    address = send(desk, body)
    assert "taken before" in plain(desk.post(f"{address}/look", params={"lang": "en"}, data=filled_in(body)).text)
    desk.post(f"{address}/take", data=filled_in(body))
    assert latest_values(one_database) == before


@pytest.mark.parametrize("body", [b"", b"only;a;header\n", b"PK\x03\x04 not", b"a;b\n1;2;3\n"])
def test_what_is_no_file_of_readings_is_refused(desk: TestClient, body: bytes) -> None:
    assert desk.post(PAGE, files={"file": ("x.csv", body)}).status_code == 422


def test_decimals_finer_than_usual_are_kept_whole() -> None:
    sheet = read_sheet(b"tijd,warmte kWh\n2025-03-01 00:00,5347.61445783133\n")
    mapping = csv_guess.read_mapping(csv_guess.guess(sheet) | {"meter": "H1"}, sheet)
    assert mapping["columns"][0]["exponent"] < 0
    with pytest.raises(BadInput):
        csv_guess.read_mapping({}, sheet)


def test_a_member_and_an_auditor_take_no_files(desk: TestClient) -> None:
    for role in ("member", "auditor", "treasurer"):
        assert sign_in(desk, role).get(PAGE).status_code == 403
