"""Files that are whole and still look wrong: a wrong period, unit or column is named before anything is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pvlib
import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.intake import receive
from coop.metering.intake.doubts import confirm, find_doubts
from coop.metering.model import Delivery, Meter, MeterKind, Quantity, Series
from coop.metering.readings.arrivals import list_imports
from coop.metering.readings.sun import LATITUDE_DEG, LONGITUDE_DEG, sun_height
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from coop.values import BadInput
from tests.desk import open_desk, sign_in
from tests.metering.homes import INSTALLED, at, deliver, gj, occupy, quarters, writing
from tests.metering.test_meter_pages import plain
from tests.metering.test_reading_files import PAGE, filled_in, send, write

MARCH = at("2025-03-10T00:00")
HEAT = {"column": "GJ", "quantity": "heat", "unit": "GJ"}
IMPORT = {"column": "Wh", "quantity": "electricity_import", "unit": "Wh", "kind": "interval", "step_s": 900}
EXPORT = IMPORT | {"quantity": "electricity_export"}


def read(column: Mapping[str, object], rows: Sequence[tuple[str, datetime, object]]) -> Delivery:
    """A file of one column, as it is read."""
    lines = [
        f"Meter,At,{column['column']}",
        *(f"{meter},{moment:%Y-%m-%dT%H:%MZ},{value}" for meter, moment, value in rows),
    ]
    mapping = {"time_column": "At", "meter_column": "Meter", "columns": [column], "timezone": "UTC"}
    received_at = datetime(2027, 1, 11, tzinfo=UTC)
    return receive.decode_delivery(
        receive.CSV, "\n".join(lines).encode(), gateway="gw", received_at=received_at, mapping=mapping
    )


def found(database: Database, delivery: Delivery) -> list[tuple[int | None, str, str]]:
    with database.read("demo") as tx:
        return [(one.line, one.field, str(one.reason)) for one in find_doubts(tx, delivery)]


def uses(meter: str, start: datetime, values: Sequence[int]) -> list[tuple[str, datetime, object]]:
    return [(meter, start + timedelta(minutes=15 * i), value) for i, value in enumerate(values)]


def days_before(meter: str, wh: int, quantity: Quantity = Quantity.ELECTRICITY_IMPORT) -> Series:
    """Two days of equal quarter-hours, ten days before ``MARCH``."""
    return quarters(meter, MARCH - timedelta(days=10), [wh] * 192, quantity)


def test_readings_that_no_counting_leads_to_are_doubted_by_line_and_register(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH, "10.00"), gj("H1", MARCH + timedelta(days=10), "10.50"), gj("H2", MARCH, "3.00"))
    day = MARCH + timedelta(days=5)
    assert found(one_database, read(HEAT, [("H1", day, "10.20"), ("H2", day, "3.10")])) == []
    [low, high] = found(one_database, read(HEAT, [("H2", day, "2.90"), ("H1", day, "10.60")]))
    assert low[:2] == (2, "H2 heat")
    assert low[2] == "2.9 GJ is less than the 3 of 2025-03-10T00:00:00+00:00"
    assert high == (3, "H1 heat", "10.6 GJ is more than the 10.5 of 2025-03-20T00:00:00+00:00")
    [fast] = found(one_database, read(HEAT, [("H3", day, "1.00"), ("H3", day + timedelta(hours=1), "99.00")]))
    assert fast[0] == 3
    assert "more than the meter can have counted" in fast[2]


def test_a_file_of_another_year_is_doubted_where_the_register_has_a_past(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH, "10.00"))
    year_before = MARCH - timedelta(days=365)
    [(line, _, reason)] = found(one_database, read(HEAT, [("H1", year_before, "10.10")]))
    assert line == 2
    assert reason == "nothing is known of it within 35 days, and it was long ago: is the year right?"


def doubts_of(database: Database, *rows: tuple[str, datetime, object]) -> list[tuple[str, str]]:
    return [(field, reason) for _, field, reason in found(database, read(HEAT, rows))]


def test_the_year_of_a_register_that_was_never_heard_is_doubted_by_what_others_told_since(
    one_database: Database,
) -> None:
    year_before = MARCH - timedelta(days=365)
    assert doubts_of(one_database, ("H2", year_before, "1")) == [], "a co-operative may begin with its history"
    with writing(one_database) as tx:
        deliver(tx, gj("H1", year_before + timedelta(days=30), "10.00"))
    assert doubts_of(one_database, ("H2", year_before, "1")) == [], "others were heard at that time alone"
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH, "11.00"))
    [(field, reason)] = doubts_of(one_database, ("H2", year_before, "1"))
    assert field == "H2 heat"
    assert reason == "nothing of it was ever heard, while other meters were up to 2025-03-10: is the year right?"
    assert doubts_of(one_database, ("H2", MARCH, "1")) == [], "the right year"


def test_the_year_of_a_register_that_was_never_heard_is_doubted_by_who_held_its_connection(
    one_database: Database,
) -> None:
    with writing(one_database) as tx:
        register_meters(tx, [Meter("H9", MeterKind.HEAT, "C9", INSTALLED)])
        occupy(tx, "C9", "M9", MARCH.date(), date(2025, 9, 1))
    year = timedelta(days=365)
    for wrong in (MARCH - year, MARCH + year):
        [(_, reason)] = doubts_of(one_database, ("H9", wrong, "1"))
        assert reason == "nobody held its connection within 35 days of it: is the year right?"
    for right in (MARCH - timedelta(days=20), MARCH + timedelta(days=60), MARCH + timedelta(days=200)):
        assert doubts_of(one_database, ("H9", right, "1")) == []


def test_a_register_that_lies_a_year_from_all_others_of_its_file_is_doubted(one_database: Database) -> None:
    year = timedelta(days=365)
    rows = [("H1", MARCH, "1"), ("H2", MARCH, "2"), ("H3", MARCH - year, "3")]
    [(line, field, reason)] = found(one_database, read(HEAT, rows))
    assert (line, field) == (4, "H3 heat")
    assert reason == "its readings lie 365 days from all others in this file: is the year right?"
    assert doubts_of(one_database, rows[0], rows[2]) == [], "of two nobody knows which is wrong"
    spread = [*rows, ("H3", MARCH, "4")]
    assert doubts_of(one_database, *spread) == [], "a register that covers the year is none"


def test_a_register_is_held_beside_what_is_known_around_its_own_time(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH, "10.00"), gj("H2", MARCH, "10.00"))
    told = doubts_of(one_database, ("H1", MARCH + timedelta(days=1), "10.01"), ("H2", MARCH - timedelta(days=365), "9"))
    assert [field for field, _ in told] == ["H2 heat"], "that of another in the file does not count for it"


def test_columns_whose_values_fit_each_other_s_registers_are_named_as_swapped(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH, "80.00"), gj("H2", MARCH, "3.00"), days_before("E1", 60), days_before("E2", 900))
    day = MARCH + timedelta(days=1)
    stands = found(one_database, read(HEAT, [("H1", day, "3.02"), ("H2", day, "80.05")]))
    assert [(line, field) for line, field, _ in stands] == [(2, "H1 heat"), (3, "H2 heat")]
    assert all("are two columns swapped?" in reason for _, _, reason in stands)
    swapped = read(IMPORT, [*uses("E1", MARCH, [880] * 96), *uses("E2", MARCH, [55] * 96)])
    assert [field for _, field, _ in found(one_database, swapped)] == ["E1 electricity taken", "E2 electricity taken"]
    right = read(IMPORT, [*uses("E1", MARCH, [55] * 96), *uses("E2", MARCH, [880] * 96)])
    assert found(one_database, right) == []


def test_a_wrong_unit_or_other_values_for_known_times_are_doubted(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, days_before("E1", 60))
    [(_, _, unit)] = found(one_database, read(IMPORT, uses("E1", MARCH, [6000] * 96)))
    assert unit == "it is 100 times as much as around that time"
    start = MARCH - timedelta(days=10)
    [(line, _, other)] = found(one_database, read(IMPORT, uses("E1", start, [60] * 40 + [61] * 56)))
    assert (line, other) == (2, "56 of 96 values are others than those that are there already for these times")


def test_a_solar_meter_that_makes_electricity_at_night_is_doubted(one_database: Database) -> None:
    day = [0] * 24 + [100] * 48 + [0] * 24
    assert found(one_database, read(EXPORT, uses("S1", MARCH, day))) == []
    shifted = day[32:] + day[:32]
    [(line, field, reason)] = found(one_database, read(EXPORT, uses("S1", MARCH, shifted)))
    assert (line, field) == (2, "S1 electricity fed in")
    assert "at night" in reason
    with writing(one_database) as tx:
        register_meters(tx, [Meter("B1", MeterKind.ELECTRICITY, "C1", INSTALLED)])
    assert found(one_database, read(EXPORT, uses("B1", MARCH, shifted))) == [], "a battery gives back at night"


def test_the_height_of_the_sun_is_that_of_pvlib_in_every_hour_of_two_years() -> None:
    import pandas

    times = pandas.date_range("2025-01-01", "2027-01-01", freq="h", tz="UTC")
    theirs = pvlib.solarposition.get_solarposition(times, LATITUDE_DEG, LONGITUDE_DEG, method="nrel_numpy")
    ours = sun_height(times.as_unit("s").asi8)
    assert np.abs(ours - theirs["elevation"].to_numpy()).max() < 0.02


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", MARCH, "10.00"))
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update({"accept": "text/html"})
        yield sign_in(client, "board")


def test_a_doubtful_file_is_taken_with_a_reason_that_is_kept_and_not_without(
    desk: TestClient, one_database: Database
) -> None:
    body = write([("Meternummer", "Datum", "Warmte (GJ)"), ("H1", "12-03-2025 00:00", "9,00")])
    address, filled = send(desk, body), filled_in(body)
    dutch = plain(desk.post(f"{address}/look", params={"lang": "nl"}, data=filled).text)
    assert "Waarom klopt het toch?" in dutch
    assert "is minder dan" in dutch
    refused = plain(desk.post(f"{address}/take", params={"lang": "en"}, data=filled).text)
    assert "Something here is strange" in refused
    done = desk.post(f"{address}/take", data=filled | {"reason": "the meter was reset on the 11th"})
    assert done.url.path == PAGE
    with one_database.read("demo") as tx:
        [(taken, _)] = list_imports(tx)
        again = read(HEAT, [("H1", MARCH + timedelta(days=3), "8.50")])
        with pytest.raises(BadInput):
            confirm(tx, again, " ")
    assert desk.get(f"/metering/deliveries/{taken.id}").text.count("the meter was reset on the 11th") == 1


def test_a_program_reads_the_doubts_of_a_dry_run_and_is_refused_without_a_reason(desk: TestClient) -> None:
    mapping = {"time_column": "At", "meter_column": "Meter", "columns": [HEAT]}
    query = {"mapping": json.dumps(mapping)}
    desk.headers["accept"] = "application/json"
    body = b"Meter,At,GJ\nH1,2025-03-12T00:00,9.00\n"
    door = "/metering/api/v1/csv"
    dry = desk.post(door, params=query | {"dry_run": "true"}, content=body).json()
    assert [(one["line"], one["field"]) for one in dry["doubts"]] == [(2, "H1 heat")]
    refused = desk.post(door, params=query, content=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "doubtful-file")
    taken = desk.post(door, params=query | {"reason": "reset"}, content=body)
    assert taken.json()["values"] == 1
    assert desk.post(door, params=query, content=body).json()["duplicate"]
