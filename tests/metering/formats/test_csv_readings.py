"""Readings from CSV files, with a column mapping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.metering.intake.formats.csv_readings import CsvMapping, CsvReadings, decode_csv
from coop.metering.model import Quality, Quantity, to_units
from coop.values import BadInput

NOW = datetime(2026, 12, 1, tzinfo=UTC)
STAND = {"column": "heat", "quantity": "heat", "unit": "kWh", "exponent": 0}
INTERVAL = {"column": "use", "quantity": "electricity_import", "unit": "kWh", "kind": "interval", "step_s": 3600}


def mapping(*columns: dict[str, Any], **changes: Any) -> CsvMapping:
    return CsvMapping.parse({"time_column": "time", "meter": "H1", "columns": list(columns) or [STAND]} | changes)


def read(text: str, how: CsvMapping | None = None) -> CsvReadings:
    return decode_csv(text.encode(), how or mapping(), received_at=NOW)


def refused(text: str | bytes, how: CsvMapping | None = None) -> list[str]:
    body = text.encode() if isinstance(text, str) else text
    with pytest.raises(BadInput) as caught:
        decode_csv(body, how or mapping(), received_at=NOW)
    return [str(problem) for problem in caught.value.problems]


DAYS = INTERVAL | {"step_s": 86_400}


@pytest.mark.parametrize(
    ("column", "text", "starts"),
    [
        (INTERVAL, "2025-03-01 01:00,1\n2025-03-01 02:00,2", ["2025-03-01T00:00+00:00"]),
        (INTERVAL | {"time_is": "end"}, "2025-03-01 01:00,1\n2025-03-01 02:00,2", ["2025-02-28T23:00+00:00"]),
        (DAYS, "2025-03-29,1\n2025-03-30,2\n2025-03-31,3", ["2025-03-28T23:00+00:00"]),
        (DAYS | {"time_is": "end"}, "2025-03-30,1\n2025-03-31,2\n2025-04-01,3", ["2025-03-28T23:00+00:00"]),
        (DAYS, "2025-10-26,1\n2025-10-28,3", ["2025-10-25T22:00+00:00", "2025-10-27T23:00+00:00"]),
    ],
)
def test_the_time_of_a_line_is_the_start_of_its_interval_or_its_end(
    column: dict[str, Any], text: str, starts: list[str]
) -> None:
    series = read(f"time,use\n{text}\n", mapping(column)).series
    assert [one.start.isoformat(timespec="minutes") for one in series] == starts


def test_a_stand_has_a_time_that_is_its_own() -> None:
    with pytest.raises(BadInput, match="a stand is read at its time"):
        mapping(STAND | {"time_is": "end"})


def test_the_real_heat_meter_goes_through_exactly(shared_data: Callable[[str], Path]) -> None:
    body = shared_data("heat_meter_dk_660_hourly.csv").read_bytes()
    how = CsvMapping.parse(
        {
            "time_column": "time_rounded",
            "meter_column": "meter_id",
            "columns": [
                {"column": "energy_heat_kwh", "quantity": "heat", "unit": "kWh", "exponent": -6},
                {"column": "volume_flow_m3", "quantity": "volume", "unit": "m3", "exponent": -9},
            ],
        }
    )
    found = decode_csv(body, how, received_at=NOW)
    assert len(found.stands) == 2 * 26_256
    assert found.exponents == {("660", Quantity.HEAT): -6, ("660", Quantity.VOLUME): -9}
    heat = [stand for stand in found.stands if stand.quantity is Quantity.HEAT]
    assert (heat[0].at, heat[0].value) == (datetime(2018, 1, 2, 23, tzinfo=UTC), Decimal("5347.61445783133"))
    assert (heat[-1].at, heat[-1].value) == (datetime(2020, 12, 31, 22, tzinfo=UTC), Decimal("56974.8571428571"))
    units = [to_units(stand.value, stand.unit, stand.quantity, -6) for stand in (heat[0], heat[-1])]
    assert units == [19251412048192788, 205109485714285560]


def test_civil_times_pass_the_autumn_hour_twice_in_order() -> None:
    hours = ["01:00", "02:00", "02:00", "03:00"]
    found = read("time,heat\n" + "".join(f"2026-10-25 {hour},{i}\n" for i, hour in enumerate(hours)))
    first = datetime(2026, 10, 24, 23, tzinfo=UTC)
    assert [stand.at for stand in found.stands] == [first + timedelta(hours=i) for i in range(4)]


def test_quarters_pass_the_autumn_hour_twice_in_order_for_each_meter() -> None:
    quarters = [f"2026-10-25 02:{minute:02d}" for minute in (0, 15, 30, 45)] * 2
    text = "time,id,heat\n" + "".join(f"{at},A,{i}\n{at},B,{i}\n" for i, at in enumerate(quarters))
    found = read(text, mapping(meter="", meter_column="id"))
    first = datetime(2026, 10, 25, tzinfo=UTC)
    for meter in "AB":
        assert [s.at for s in found.stands if s.meter == meter] == [first + timedelta(minutes=15 * i) for i in range(8)]


def test_the_spring_hour_does_not_exist() -> None:
    assert refused("time,heat\n2026-03-29 01:00,1\n2026-03-29 02:30,2\n2026-03-29 03:00,3\n") == [
        "line 3, time: 2026-03-29 02:30 does not exist in Europe/Amsterdam: the clock skips it in spring"
    ]


def test_times_with_an_offset_need_no_zone() -> None:
    found = read("time,heat\n2026-10-25T02:00:00+02:00,1\n2026-10-25T02:00:00+01:00,2\n2026-10-25T02:00:00Z,3\n")
    assert [stand.at.hour for stand in found.stands] == [0, 1, 2]


def test_dutch_notation_is_read() -> None:
    how = mapping(delimiter=";", decimal=",", time_format="%d-%m-%Y %H:%M")
    (stand,) = read('time;heat;remark\n01-02-2026 13:00;"12,5";"one; two"\n', how).stands
    assert (stand.at, stand.value) == (datetime(2026, 2, 1, 12, tzinfo=UTC), Decimal("12.5"))


def test_every_bad_line_is_named_at_once() -> None:
    text = """time,heat
2026-01-01T00:00Z,10
2026-01-01T01:00Z,ten
2026-01-01T02:00Z
2026-01-01T03:00Z,9
2026-01-01T02:00Z,11
2026-01-01T03:00Z,12
yesterday,13
2027-01-01T00:00Z,14
2026-01-01T04:00Z,-1
2026-01-01T05:00Z,1.0000001
2026-01-01T06:00Z,1e3
2026-01-01T07:00Z,15
"""
    assert refused(text) == [
        "line 3, heat: 'ten' is not a number with '.' before its decimals",
        "line 4, line: 1 cells where the header has 2",
        "line 5, heat: 9 kWh is below 10 kWh, where the register already stood",
        "line 6, time: 2026-01-01T02:00Z lies before the line above it of meter H1",
        "line 7, time: the same time again, with another value",
        "line 8, time: 'yesterday' is no time",
        "line 9, time: 2027-01-01T00:00:00Z is in the future: received 2026-12-01T00:00:00Z",
        "line 10, heat: -1 kWh is negative",
        "line 11, heat: 1.0000001 kWh is not a whole number of 10^0 J",
        "line 12, heat: '1e3' is not a number with '.' before its decimals",
    ]


def test_a_thousand_bad_lines_are_named_and_the_rest_counted() -> None:
    problems = refused("time,heat\n" + "x,1\n" * 1234)
    assert (len(problems), problems[-2], problems[-1]) == (
        1001,
        "line 1001, time: 'x' is no time",
        "and 234 more bad lines",
    )


def test_a_file_that_is_no_table_of_readings_is_refused() -> None:
    assert refused("") == ["line 1: the file is empty"]
    assert refused("time,heat\n") == ["line 1: no line after the header"]
    assert refused("when,what\n1,2\n") == [
        "line 1, time: no such column; the file has when, what",
        "line 1, heat: no such column; the file has when, what",
    ]
    assert refused("time,heat,heat\n1,2,3\n") == [
        "line 1, heat: more than one such column; the file has time, heat, heat"
    ]
    assert refused(b"time,heat\n2026-01-01,\xff\n") == ["line 2: not UTF-8 text"]
    assert refused('time,heat\n2026-01-01,"1\n') == ["line 2, line: is not whole: unexpected end of data"]


def test_a_line_that_repeats_itself_is_passed_over() -> None:
    found = read("time,heat\n2026-01-01T00:00Z,10\n2026-01-01T00:00Z,10\n2026-01-01T01:00Z,11\n")
    assert [stand.value for stand in found.stands] == [10, 11]


def test_an_empty_cell_is_no_reading() -> None:
    found = read("time,heat\n2026-01-01T00:00Z,10\n2026-01-01T01:00Z,\n2026-01-01T02:00Z,11\n")
    assert [stand.line for stand in found.stands] == [2, 4]


def test_intervals_become_unbroken_series_in_whole_base_units() -> None:
    text = "time,use\n2026-01-01T00:00Z,0.25\n2026-01-01T01:00Z,1\n2026-01-01T03:00Z,2.001\n"
    first, second = read(text, mapping(INTERVAL)).series
    assert (first.unit, first.step_s, first.line, second.line) == ("Wh", 3600, 2, 4)
    assert (first.start, first.values.tolist()) == (datetime(2026, 1, 1, tzinfo=UTC), [250, 1000])
    assert (second.start, second.values.tolist()) == (datetime(2026, 1, 1, 3, tzinfo=UTC), [2001])
    assert first.quality.tolist() == [Quality.MEASURED] * 2


def test_intervals_off_their_step_are_refused() -> None:
    assert refused("time,use\n2026-01-01T00:30Z,1\n", mapping(INTERVAL)) == [
        "line 2, use: 2026-01-01T00:30:00+00:00 does not lie on a step of 3600 s"
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"meter_column": "id"}, "mapping: give either meter or meter_column"),
        ({"meter": ""}, "mapping: give either meter or meter_column"),
        ({"columns": []}, "mapping: no column of values"),
        ({"columns": [STAND, STAND]}, "mapping: two columns for one quantity: one register can have only one"),
        (
            {"columns": [STAND | {"step_s": 900}]},
            "columns[0]: an interval column has a step_s, a stand column has none",
        ),
        ({"columns": [INTERVAL | {"step_s": 700}]}, "columns[0]: step_s 700 does not divide a day"),
        ({"columns": [INTERVAL | {"exponent": 0}]}, "columns[0]: an interval column is kept in whole base units"),
        ({"columns": [STAND | {"unit": "m3"}]}, "columns[0]: m3 is not a unit of heat"),
        ({"columns": [STAND | {"quantity": "gas"}]}, "columns[0].quantity: is none of"),
        ({"timezone": "Mars/Olympus"}, "mapping: 'Mars/Olympus' is no time zone"),
        ({"timezone": "../etc"}, "mapping: '../etc' is no time zone"),
        ({"delimiter": ".", "decimal": "."}, "mapping: this delimiter cannot be told from the rest of a line"),
        ({"colour": 1}, "colour: is not known here"),
    ],
)
def test_a_bad_mapping_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        mapping(**changes)
    assert str(caught.value.problems[0]).startswith(reason)


@given(st.binary())
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    with pytest.raises(BadInput):
        decode_csv(body, mapping(), received_at=NOW)


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=5))
def test_no_cells_crash_the_reader(rows: list[list[str]]) -> None:
    with pytest.raises(BadInput):
        read("time,heat\n" + "\n".join(",".join(row) for row in rows) + "\n0,x")


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50))
def test_every_register_comes_out_as_it_went_in(values: list[int]) -> None:
    registers = [Decimal(value).scaleb(-6) for value in sorted(values)]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    lines = [f"{(start + timedelta(hours=i)).isoformat()},{value:f}" for i, value in enumerate(registers)]
    how = mapping(STAND | {"exponent": -6})
    assert [stand.value for stand in read("time,heat\n" + "\n".join(lines), how).stands] == registers
