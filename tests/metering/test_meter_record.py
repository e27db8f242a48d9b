"""One meter's page and record: what it said, why each value stands, what is missing and why, and who may see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.intake.parking import list_telegrams, replay_telegram
from coop.metering.model import Meter, MeterKind, Quality
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period
from coop.metering.provenance.records import Record, list_statements, read_record
from coop.metering.readings.standing import Standing
from coop.metering.register import store as register
from coop.metering.register.commands import find_meter, register_meters
from coop.metering.service import METERING
from coop.values import Period, midnight
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.metering.homes import INSTALLED, NOW, at, deliver, gj, let_gateway_in, occupy, quarters, set_clock, writing
from tests.metering.test_closing import MARCH, heat_of_march
from tests.metering.test_meter_pages import plain, read
from tests.metering.test_metering_http import API

DAYS = [midnight(MARCH.start + timedelta(days=i)) for i in range(32)]


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        client.headers.update({"accept": "text/html"})
        yield sign_in(client, "board")


def record_of(database: Database, serial: str, period: Period = MARCH, known_at: str | None = None) -> Record:
    with database.read(COMMUNITY) as tx:
        [one] = register.registers_of(tx, [serial]).values()
        return read_record(tx, find_meter(tx, serial), one, period, at(known_at) if known_at else None)


def standings(database: Database, serial: str, known_at: str | None = None) -> list[tuple[str, str, str]]:
    record = record_of(database, serial, known_at=known_at)
    with database.read(COMMUNITY) as tx:
        told = list_statements(tx, record, MARCH, at(known_at) if known_at else None)
    return [(f"{one.at:%m-%dT%H}", f"{one.value.scaleb(-9).normalize()}", one.standing.value) for one in told]


def test_each_value_says_why_it_stands_and_what_else_was_said(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, gj("H1", DAYS[3], "5"), received_at=at("2025-03-05T00:00"))
        deliver(tx, gj("H1", DAYS[3], "5"), gj("H1", DAYS[4], "5.5"), received_at=at("2025-03-06T00:00"))
        deliver(tx, gj("H1", DAYS[3], "4"), received_at=at("2025-03-04T00:00"))
        deliver(tx, gj("H1", DAYS[5], "6", Quality.CUSTOMER), received_at=at("2025-03-08T00:00"))
    assert standings(database, "H1") == [
        ("03-03T23", "5", Standing.REPEATS),
        ("03-03T23", "5", Standing.STANDS),
        ("03-03T23", "4", Standing.OUTRANKED),
        ("03-04T23", "5.5", Standing.STANDS),
        ("03-05T23", "6", Standing.STANDS),
    ]


def test_a_record_marks_what_dipped_and_what_came_after_closing(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        told = {8: "11.7", 9: "11.8", 10: "12", 11: "11", 12: "12.1", 13: "12.2"}
        deliver(tx, *(gj("H1", DAYS[i], value) for i, value in told.items()))
        close_period(tx, MARCH)
    set_clock(database, NOW + timedelta(hours=1))
    with writing(database) as tx:
        deliver(tx, gj("H1", DAYS[20], "13"))
    record = record_of(database, "H1")
    assert [one.why for one in record.judged.asides] == ["dip"]
    late = {day.day: day.late for day in record.days if day.late}
    assert late == {date(2025, 3, 21): 1}
    assert sum(day.aside for day in record.days) == 1


def test_what_was_parked_and_taken_in_after_closing_is_late_by_the_day_and_by_the_value(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        deliver(tx, gj("H9", MARCH.start_at, "1"), gj("H9", DAYS[5], "3"))
        close_period(tx, MARCH)
    set_clock(database, NOW + timedelta(hours=1))
    with writing(database) as tx:
        register_meters(tx, [Meter("H9", MeterKind.HEAT, None, INSTALLED)])
        [letter] = list_telegrams(tx)
        replay_telegram(tx, letter.id)
    record = record_of(database, "H9")
    assert {day.day: day.late for day in record.days if day.count} == {date(2025, 3, 1): 1, date(2025, 3, 6): 1}
    with database.read(COMMUNITY) as tx:
        assert [one.is_late for one in list_statements(tx, record, MARCH)] == [True, True]


def test_the_first_quarter_hour_after_a_closed_month_is_not_late(database: Database) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
    set_clock(database, NOW + timedelta(hours=1))
    with writing(database) as tx:
        deliver(tx, quarters("E1", MARCH.end_at - timedelta(minutes=15), [10, 10]))
    april = Period.month(2025, 4)
    record = record_of(database, "E1", april)
    assert not record.values.is_late.any()
    with database.read(COMMUNITY) as tx:
        assert [one.is_late for one in list_statements(tx, record, april)] == [False]
    assert record_of(database, "E1").values.is_late.tolist() == [True]


def test_gaps_of_intervals_and_of_daily_readings_are_found_where_they_are(database: Database) -> None:
    with writing(database) as tx:
        start = midnight(date(2025, 3, 1))
        deliver(tx, quarters("E1", start, [10] * 96))
        deliver(tx, quarters("E1", start + timedelta(hours=30), [10] * 8))
        deliver(tx, *(gj("H1", day, str(5 + i)) for i, day in enumerate(DAYS) if i not in (7, 8)))
    power, heat = record_of(database, "E1"), record_of(database, "H1")
    begin = int(start.timestamp())
    assert power.gaps == ((begin + 86_400, begin + 108_000), (begin + 115_200, int(MARCH.end_at.timestamp())))
    assert heat.gaps == ((int(DAYS[7].timestamp()), int(DAYS[9].timestamp())),)
    assert [day.missing_s for day in power.days[:3]] == [0, 21_600 + 86_400 - 28_800, 86_400]
    assert power.days[0].energy == Decimal(960)


def test_a_record_as_known_on_a_day_is_the_record_of_that_day(database: Database) -> None:
    set_clock(database, at("2025-04-02T00:00"))
    with writing(database) as tx:
        deliver(tx, gj("H1", DAYS[3], "5"), gj("H1", DAYS[5], "6"))
    before = standings(database, "H1"), record_of(database, "H1").days
    set_clock(database, at("2025-04-05T00:00"))
    with writing(database) as tx:
        deliver(tx, gj("H1", DAYS[3], "5.1"), gj("H1", DAYS[6], "7"))
    assert standings(database, "H1") != before[0]
    assert (
        standings(database, "H1", "2025-04-03T00:00"),
        record_of(database, "H1", known_at="2025-04-03T00:00").days,
    ) == before


def test_each_gap_says_why_it_is_there(desk: TestClient, one_database: Database) -> None:
    let_gateway_in(one_database, "gw", "H1")
    with writing(one_database) as tx:
        deliver(tx, *(gj("H1", day, str(5 + i)) for i, day in enumerate(DAYS[:10])), received_at=DAYS[10])
        deliver(tx, gj("H2", DAYS[20], "5"), received_at=DAYS[20])
        deliver(tx, *(gj("H1", day, str(30 + i)) for i, day in enumerate(DAYS[25:])), received_at=DAYS[31])
        deliver(tx, gj("H3", DAYS[1], "5"), gj("Q9", DAYS[1], "5"), received_at=DAYS[2])
    page = read(desk, "/metering/meters/H1?period=2025-03")
    assert "gateway gw was heard 2 times and said nothing of it" in page


def test_the_page_shows_who_said_a_value_and_what_rests_on_it(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
    page = read(desk, "/metering/meters/H1?period=2025-03")
    assert "gw, P1 telegram" in page
    assert "March 2025 is closed." in page
    rests = desk.get("/metering/meters/H1?period=2025-03").text.partition('<section id="rests">')[2]
    assert "/metering/readings/" in rests


def test_a_member_sees_the_own_meter_on_the_own_days_and_no_other(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
    sign_in(desk, "member", member_id="M1")
    assert "Day by day" in read(desk, "/metering/meters/H1?period=2025-03")
    assert desk.get("/metering/meters/H2?period=2025-03").status_code == 403
    assert desk.get("/metering/meters/S1").status_code == 403
    assert desk.get("/metering/meters/H1?period=2023-03").status_code == 403
    for name in ("statements", "recorded-days", "gaps"):
        assert desk.get(f"/metering/exports/{name}.csv?meter=H2&period=2025-03").status_code == 403
        assert desk.get(f"/metering/exports/{name}.xlsx?meter=H1&period=2025-03").status_code == 200


def test_a_member_does_not_see_what_a_meter_said_before_they_lived_there(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C1", "M1", date(2024, 1, 1), date(2025, 3, 16))
        occupy(tx, "C1", "M9", date(2025, 3, 16))
        deliver(tx, *(gj("H1", day, str(5 + i)) for i, day in enumerate(DAYS)))
    sign_in(desk, "member", member_id="M9")
    page = read(desk, "/metering/meters/H1?period=2025-03")
    assert "35" in desk.get("/metering/exports/statements.csv?meter=H1&period=2025-03").text
    days = desk.get("/metering/exports/recorded-days.csv?meter=H1&period=2025-03").text
    assert "2025-03-16" in days
    assert "2025-03-15" not in days
    assert "15 Mar" not in page


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_on_which_nothing_happens_is_named(desk: TestClient, day: str) -> None:
    for address in ("/metering/meters/H1", "/metering/exports/statements.json", f"{API}/meters/H1/statements"):
        answer = desk.get(address, params={"meter": "H1", "day": day, "lang": "en"})
        assert answer.status_code == 422
        assert "outside 1900 to 2199" in answer.text


def test_files_of_a_meter_with_any_serial_are_those_of_the_instant_that_was_asked(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        register_meters(tx, [Meter("A&B", MeterKind.HEAT, None, INSTALLED)])
        deliver(tx, gj("A&B", DAYS[3], "5"))
    asked = {"period": "2025-03", "known_at": "2027-01-10T00:00:00+01:00"}
    page = desk.get("/metering/meters/A%26B", params=asked).text
    [address] = {unescape(each) for each in re.findall(r'"(/metering/exports/recorded-days\.csv[^"]+)"', page)}
    assert desk.get(address).status_code == 200


def test_a_page_as_known_in_the_future_is_refused(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
    asked = {"lang": "en", "period": "2025-03", "known_at": "2199-01-01"}
    answer = desk.get("/metering/meters/H1", params=asked)
    assert answer.status_code == 422
    assert "lies in the future" in plain(answer.text)


def test_months_measurements_and_parked_messages_lead_to_the_meter(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        deliver(tx, gj("H2", at("2023-12-01T00:00"), "5"), gj("H2", DAYS[1], "10.1"))
    page = desk.get("/metering/periods/2025-04").text
    assert "/metering/meters/H1?period=2025-04" in page
    assert "/metering/meters/H2" in desk.get("/metering/data").text
    with writing(one_database) as tx:
        close_period(tx, MARCH)
        told = [one for one in periods.list_measurements(tx) if one.member_id == "M1"]
    assert "/metering/meters/H1?period=2025-03" in desk.get(f"/metering/readings/{told[0].id}").text


def test_the_api_tells_a_record_and_what_was_said_of_a_day(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", DAYS[3], "5"), gj("H1", DAYS[5], "6"))
    told = desk.get(f"{API}/meters/H1/record", params={"period": "2025-03"}).json()
    assert (told["of_register"]["quantity"], told["unit"]) == ("heat", "J")
    assert [day["day"] for day in told["days"] if day["count"]] == ["2025-03-04", "2025-03-06"]
    assert [gap["start"] for gap in told["gaps"]] == [
        "2025-02-28T23:00:00Z",
        "2025-03-04T23:00:00Z",
        "2025-03-06T23:00:00Z",
    ]
    [value] = desk.get(f"{API}/meters/H1/statements", params={"day": "2025-03-04"}).json()
    assert (value["value"], value["standing"], value["sender"], value["format"]) == ("5000000000", "stands", "gw", "p1")
    desk.headers["accept"] = "application/json"
    future = desk.get(f"{API}/meters/H1/record", params={"period": "2025-03", "known_at": "2199-01-01"})
    assert (future.status_code, future.json()["problems"][0]["field"]) == (422, "known_at")
