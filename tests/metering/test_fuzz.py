"""Bad input of every kind at the doors: nothing fails, nothing wraps, nobody else's meter is written."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from coop.kit.database import Database
from coop.metering.intake.formats import FORMATS
from coop.metering.intake.formats.p1 import crc16
from coop.metering.intake.parking import list_telegrams
from tests.metering.fuzz import EXPECTED, Doors, Thrown, play
from tests.metering.homes import COMMUNITY, LATER, latest_values

SEEDS = 1500


@pytest.fixture
def doors(one_database: Database, tmp_path: Path) -> Doors:
    return Doors(one_database, tmp_path)


def head_end(**changes: Any) -> bytes:
    column = {
        "meter": "E1",
        "quantity": "electricity_import",
        "unit": "Wh",
        "start": "2025-03-10T00:00:00Z",
        "step_s": 900,
    }
    return json.dumps(
        {"head_end": "h", "sent_at": "2025-03-10T00:00:00Z", "series": [column | {"values": [5]} | changes]}
    ).encode()


def test_thousands_of_damaged_and_invented_deliveries_break_no_door_and_write_no_others_meter(doors: Doors) -> None:
    assert play(doors, range(SEEDS)) == SEEDS
    assert (doors.list_bugs(), doors.list_wrong()) == ([], [])
    assert doors.outcomes["values taken"] > SEEDS / 4, "the fuzz has to reach what lies behind the decoders"
    assert all(doors.answered[status] > SEEDS / 30 for status in EXPECTED), "and both answers of the API"


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "heat", "meter": "H1", "unit": "GJ", "step_s": 3600, "values": [18446744074]},
        {"quantity": "heat", "meter": "H1", "unit": "GJ", "values": [9300000000]},
        {"unit": "MWh", "values": [9_223_372_036_855]},
        {"values": [2**63 - 1]},
        {"values": [2**64 + 5]},
        {"values": [-(2**63)]},
    ],
)
def test_an_energy_that_does_not_fit_is_refused_and_never_wraps(doors: Doors, changes: dict[str, Any]) -> None:
    doors.throw(Thrown("head-end", head_end(**changes)))
    assert not any(latest_values(doors.database).values())
    with doors.database.read(COMMUNITY) as tx:
        assert [letter.code in ("impossible-value", "unreadable") for letter in list_telegrams(tx)] == [True]


@pytest.mark.parametrize(
    "start", ["1970-01-01T00:00:00Z", "1999-12-31T23:45:00Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00Z"]
)
def test_a_series_of_another_century_is_parked_by_itself_and_its_neighbour_goes_in(doors: Doors, start: str) -> None:
    document = json.loads(head_end(start=start))
    document["series"] += json.loads(head_end(values=[7]))["series"]
    doors.throw(Thrown("head-end", json.dumps(document).encode()))
    [values] = latest_values(doors.database).values()
    assert [value for value, _ in values.values()] == [7]
    with doors.database.read(COMMUNITY) as tx:
        [letter] = list_telegrams(tx)
    assert "outside the years 2000 to 2099" in letter.reason


@pytest.mark.parametrize("start", ["9999-12-31T23:30:00Z", "0001-01-01T00:00:00Z"])
def test_an_instant_that_no_calendar_in_amsterdam_holds_is_named_in_the_answer(doors: Doors, start: str) -> None:
    answer = doors.post_body("head-end", head_end(start=start))
    assert (answer.status_code, "outside the years 2000 to 2099" in answer.text) == (422, True)


LONG = 10_000_000


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("head-end", head_end(meter="E" * LONG)),
        ("head-end", head_end(start="2" * LONG)),
        ("head-end", head_end(unit="\x00" * LONG)),
        ("p1", b"/" + b"1" * LONG + b"!0000\r\n"),
        ("p1", b"/KWG\r\n0-0:96.1.1(" + b"45" * (LONG // 2) + b")\r\n!0000\r\n"),
        ("p1", b"/" * LONG),
        ("mbus", b"68" * (LONG // 2)),
        ("mbus", b"2026-01-01T00:00:00Z " + b"F" * LONG),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_field_of_ten_megabytes_costs_a_few_times_its_size_and_a_short_reason(format: str, body: bytes) -> None:
    FORMATS[format](body, received_at=LATER)  # what is loaded once, such as a compiler, is no cost of the field
    tracemalloc.start()
    try:
        decoded = FORMATS[format](body, received_at=LATER)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not decoded.stands
    assert decoded.problems
    assert max(len(problem.reason) for problem in decoded.problems) < 500
    assert peak < 16 * len(body)


def test_a_long_field_in_a_telegram_with_a_true_checksum_is_named_in_a_short_reason(doors: Doors) -> None:

    text = b"/KWG5\\X\r\n\r\n0-0:1.0.0(" + b"9" * 1_000_000 + b")\r\n1-0:1.8.1(" + b"1" * 1_000_000 + b"*kWh)\r\n!"
    doors.throw(Thrown("p1", text + b"%04X\r\n" % crc16(text)))
    with doors.database.read(COMMUNITY) as tx:
        letters = list_telegrams(tx)
    assert letters
    assert max(len(letter.reason) for letter in letters) < 500
