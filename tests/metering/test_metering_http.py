"""The API of metering, as gateways, members and the board use it."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from coop.kit.database import Database
from coop.metering.intake.formats.p1 import crc16
from coop.metering.periods.close import close_period
from coop.metering.register import api as register
from coop.metering.service import METERING
from tests.desk import open_desk, sign_in
from tests.metering.homes import adopt_key, at, latest_values, let_gateway_in, set_clock, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march

API = "/metering/api/v1"
NOW = at("2025-04-02T00:00")


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    set_clock(one_database, NOW)
    with open_desk(METERING, one_database, tmp_path) as client:
        yield client


def batch(**changes: Any) -> bytes:
    series = {
        "meter": "E1",
        "quantity": "electricity_import",
        "unit": "Wh",
        "start": "2025-03-31T22:00:00Z",
        "step_s": 900,
        "values": [1, 2, 3],
    }
    return json.dumps({"head_end": "h", "sent_at": "2025-04-01T00:00:00Z", "series": [series | changes]}).encode()


def telegram(meter: str = "H1", value: str = "0012.34", day: str = "250331000000S") -> bytes:
    lines = [
        "/KWG5\\HEAT-0001",
        "",
        f"0-0:1.0.0({day})",
        "0-1:24.1.0(004)",
        f"0-1:96.1.0({meter.encode().hex()})",
        f"0-1:24.2.1({day})({value}*GJ)",
        "!",
    ]
    text = "\r\n".join(lines).encode()
    return text + f"{crc16(text):04X}\r\n".encode()


def test_a_gateway_delivers_by_its_token_and_a_repeat_is_silent(desk: TestClient, one_database: Database) -> None:
    bearer = let_gateway_in(one_database, "he-1", "E1")
    answers = [
        desk.post(f"{API}/deliveries", params={"format": "head-end"}, content=batch(), headers=bearer) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["duplicate"] for answer in answers] == [False, True]
    assert answers[0].json()["values"] == 3
    assert len(latest_values(one_database)["E1", "electricity_import", "interval"]) == 3


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer no-such-token"}])
def test_nobody_delivers_without_a_token_or_a_sign_in(desk: TestClient, headers: dict[str, str]) -> None:
    answer = desk.post(f"{API}/deliveries", params={"format": "p1"}, content=telegram(), headers=headers)
    assert answer.status_code == 401


def test_a_member_may_not_deliver_or_close(desk: TestClient) -> None:
    sign_in(desk, "member", member_id="M1")
    assert desk.post(f"{API}/deliveries", params={"format": "p1"}, content=b"").status_code == 403
    assert desk.post(f"{API}/periods/2025-03/close", json={}).status_code == 403
    assert desk.get(f"{API}/state").status_code == 403


BAD = [
    ("p1", telegram()[:-6] + b"0000\r\n", 422, "checksum", "its bytes give"),
    ("p1", telegram()[:40], 422, "telegram", "cut off"),
    ("p1", telegram("H9"), 422, "H9 heat", "not registered"),
    ("p1", telegram(day="270331000000S"), 422, "H1", "after it was received"),
    ("head-end", b'{"head_end": "h", "ser', 422, "body", "not JSON"),
    ("head-end", batch(values=[1, -5]), 422, "series[0].values[1]", "negative"),
    ("head-end", batch(values=[70_000]), 422, "E1 electricity taken", "more than the meter can count"),
    ("head-end", batch(start="2025-04-02T00:00:00Z"), 422, "E1 electricity taken", "after it was received"),
    ("mbus", b"681D1D680801721758", 422, "length", "announced"),
    ("sms", b"hello", 422, "format", "is none of 'p1', 'mbus', 'head-end'"),
]


@pytest.mark.parametrize(("format", "body", "status", "field", "reason"), BAD)
def test_bad_input_is_answered_with_field_and_reason_and_kept(
    desk: TestClient, format: str, body: bytes, status: int, field: str, reason: str
) -> None:
    sign_in(desk, "operator")
    answer = desk.post(f"{API}/deliveries", params={"format": format}, content=body)
    assert answer.status_code == status
    problems = answer.json()["problems"]
    if status == 422:
        assert any(field in problem["field"] and reason in problem["reason"] for problem in problems)
    if format != "sms" and problems:
        assert desk.get(f"{API}/parked").json()


def test_good_telegrams_beside_a_bad_one_go_in(desk: TestClient, one_database: Database) -> None:
    sign_in(desk, "operator")
    body = telegram() + telegram()[:50] + b"\r\n" + telegram("H2")
    answer = desk.post(f"{API}/deliveries", params={"format": "p1"}, content=body)
    assert (answer.status_code, answer.json()["values"], len(answer.json()["problems"])) == (200, 2, 1)
    assert answer.json()["problems"][0]["line"] == 8
    [letter] = desk.get(f"{API}/parked").json()
    assert letter["code"] == "unreadable"
    refused = desk.post(f"{API}/parked/{letter['id']}/replay")
    assert refused.status_code == 422
    desk.post(f"{API}/parked/{letter['id']}/discard").raise_for_status()
    assert desk.get(f"{API}/parked").json() == []
    assert desk.post(f"{API}/parked/{letter['id']}/discard").status_code == 409


def test_a_body_that_is_too_large_is_refused(desk: TestClient) -> None:
    answer = sign_in(desk, "operator").post(f"{API}/meters/file", content=b"x" * (register.REGISTER_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_csv_file_is_looked_at_imported_and_undone(desk: TestClient, one_database: Database) -> None:
    sign_in(desk, "board")
    mapping = {"time_column": "t", "meter": "H1", "columns": [{"column": "e", "quantity": "heat", "unit": "GJ"}]}
    body = b"t,e\n2025-03-01T00:00Z,1.5\n2025-03-02T00:00Z,1.75\n"
    query = {"mapping": json.dumps(mapping)}
    look = desk.post(f"{API}/csv", params={**query, "dry_run": "true"}, content=body)
    assert (look.status_code, look.json()["values"], latest_values(one_database)) == (200, 2, {})
    done = desk.post(f"{API}/csv", params=query, content=body).json()
    assert len(latest_values(one_database)["H1", "heat", "stand"]) == 2
    desk.post(f"{API}/imports/{done['delivery_id']}/undo").raise_for_status()
    assert latest_values(one_database) == {}
    assert desk.post(f"{API}/imports/nothing/undo").status_code == 409


def test_a_csv_file_with_the_wrong_columns_or_lines_is_refused_whole(desk: TestClient, one_database: Database) -> None:
    sign_in(desk, "board")
    mapping = {"time_column": "t", "meter": "H1", "columns": [{"column": "e", "quantity": "heat", "unit": "GJ"}]}
    query = {"mapping": json.dumps(mapping)}
    columns = desk.post(f"{API}/csv", params=query, content=b"when,what\n2025-03-01T00:00Z,1\n")
    assert [problem["field"] for problem in columns.json()["problems"]] == ["t", "e"]
    lines = desk.post(f"{API}/csv", params=query, content=b"t,e\n2025-03-01T00:00Z,1\nlater,2\n2025-03-03T00:00Z,x\n")
    assert [problem["line"] for problem in lines.json()["problems"]] == [3, 4]
    unreadable = desk.post(f"{API}/csv", params={**query, "mapping": "{"}, content=b"t,e\n")
    assert unreadable.json()["problems"][0]["field"] == "mapping"
    assert latest_values(one_database) == {}


def test_meters_are_registered_listed_and_exchanged(desk: TestClient) -> None:
    sign_in(desk, "board")
    meters = [
        {
            "serial": "N1",
            "kind": "heat",
            "connection": "103",
            "installed_on": "2025-01-01",
            "maxima": {"heat": "10000 GJ"},
        }
    ]
    assert desk.post(f"{API}/meters", json=meters).json() == {"registered": 1}
    assert desk.post(f"{API}/meters", json=meters).json() == {"registered": 0}
    file = b"serial,kind,connection,installed_on,removed_on,maxima\nN2,solar,,2025-01-01,,\n"
    assert desk.post(f"{API}/meters/file", content=file).json() == {"registered": 1}
    told = {
        "new_serial": "N3",
        "at": "2025-03-01T10:00:00+01:00",
        "end_stands": {"heat": "12.34 GJ"},
        "start_stands": {"heat": "0 GJ"},
    }
    assert desk.post(f"{API}/meters/N1/exchange", json=told).json()["is_done"]
    listed = {meter["serial"]: meter for meter in desk.get(f"{API}/meters").json()}
    assert listed["N1"]["removed_at"] == listed["N3"]["installed_at"] == "2025-03-01T09:00:00Z"
    assert listed["N1"]["maxima"] == {"heat": "10000000000000"}
    assert desk.post(f"{API}/meters/none/exchange", json=told).status_code == 409


def test_a_meter_file_names_every_bad_line(desk: TestClient) -> None:
    sign_in(desk, "board")
    head = b"serial,kind,connection,installed_on,removed_on,maxima\n"
    body = head + b"N1,gas,,2025-01-01,,\nN2,heat,,yesterday,,\nN3,heat,,2025-01-01,,heat=many\nN4,heat\n"
    problems = desk.post(f"{API}/meters/file", content=body).json()["problems"]
    assert [(problem["line"], problem["field"]) for problem in problems] == [
        (2, "kind"),
        (3, "installed_on"),
        (4, "maxima"),
        (5, "installed_on"),
    ]


def test_a_group_needs_registered_producers(desk: TestClient) -> None:
    sign_in(desk, "board")
    answer = desk.post(f"{API}/groups", json={"group_id": "g", "producers": ["S1", "S9"], "connections": "all"})
    (problem,) = answer.json()["problems"]
    assert (problem["reason"], problem["field"]) == ("meter S9 is not registered", "producers")
    assert (problem["template"], problem["parameters"]) == ("meter %(serial)s is not registered", {"serial": "S9"})
    good = desk.post(f"{API}/groups", json={"group_id": "g", "producers": ["S1"], "connections": ["101"]})
    assert good.json() == {"group_id": "g", "producers": ["S1"], "connections": ["101"], "statements": 2}
    assert desk.get(f"{API}/groups").json()[0] == good.json()


def test_a_period_is_looked_at_closed_and_corrected(desk: TestClient, one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
    sign_in(desk, "board")
    look = desk.post(f"{API}/periods/2025-03/close", json={"dry_run": True}).json()
    assert (look["lacking"], look["measured_count"], look["allocated_count"]) == ([], 3, 3)
    assert desk.get(f"{API}/periods").json() == []
    closed = desk.post(f"{API}/periods/2025-03/close", json={}).json()
    assert closed == desk.post(f"{API}/periods/2025-03/close", json={}).json()
    assert desk.post(f"{API}/periods/2025-03/correct", json={}).json() == closed
    assert desk.post(f"{API}/periods/2025-02/correct", json={}).status_code == 409
    assert desk.post(f"{API}/periods/maart/close", json={}).status_code == 422
    [listed] = desk.get(f"{API}/periods").json()
    assert (listed["period"], listed["late_values"]) == ("2025-03", 0)
    complete = desk.get(f"{API}/completeness", params={"period": "2025-03"}).json()
    assert len(complete["days"]) == 31
    state = desk.get(f"{API}/state").json()
    assert (len(state["measurements"]), len(state["allocations"]), "closed_at" in str(state)) == (3, 3, False)


def test_a_member_sees_their_own_readings_and_asks_why(
    desk: TestClient, one_database: Database, tmp_path: Path
) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        run_id = close_period(tx, MARCH).run_id
    sign_in(desk, "member", member_id="M1")
    assert {one["member_id"] for one in desk.get(f"{API}/readings").json()} == {"M1"}
    [own] = desk.get(f"{API}/allocations").json()
    assert own["allocated_wh"] == 2972 * 3200
    moment = {"at": "2025-03-10T10:00:00Z"}
    why = desk.get(f"{API}/allocations/{run_id}/C1/why", params=moment).json()
    assert (why["production"], why["use"], why["allocated"]) == (6_000_000, 4_000_000, 3_200_000)
    assert why["givers"] == [{"meter": "S1", "given": 3_200_000}]
    assert desk.get(f"{API}/allocations/{run_id}/C2/why", params=moment).status_code == 403
    assert desk.get(f"{API}/allocations/none/C1/why", params=moment).status_code == 404
    elsewhere = open_desk(METERING, one_database, tmp_path, community="elsewhere")
    sign_in(elsewhere, "member", member_id="M1", community="elsewhere")
    assert elsewhere.get(f"{API}/allocations/{run_id}/C1/why", params=moment).status_code == 404
    assert elsewhere.get(f"{API}/readings").json() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"serial": "N\x001"}, "serial"),
        ({"connection": "C" * 101}, "connection"),
        ({"serial": "N" * 65}, "serial"),
    ],
)
def test_a_meter_that_no_database_can_hold_is_refused_by_its_field(
    desk: TestClient, changes: dict[str, str], field: str
) -> None:
    sign_in(desk, "board")
    meter = {"serial": "N1", "kind": "heat", "connection": "103", "installed_on": "2025-01-01"} | changes
    refused = desk.post(f"{API}/meters", json=[meter])
    assert (refused.status_code, refused.json()["problems"][0]["field"]) == (422, f"0.{field}")
    columns = ["serial", "kind", "connection", "installed_on", "removed_on", "maxima"]
    file = ",".join(columns) + "\n" + ",".join(meter.get(column, "") for column in columns) + "\n"
    refused = desk.post(f"{API}/meters/file", content=file.encode())
    assert (refused.status_code, refused.json()["problems"][0]["field"]) == (422, field)


def test_a_members_energy_is_asked_of_the_database_for_that_member_alone(
    desk: TestClient, one_database: Database
) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
    asked: list[str] = []
    event.listen(one_database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    sign_in(desk, "member", member_id="M1")
    desk.get(f"{API}/readings").raise_for_status()
    desk.get(f"{API}/allocations").raise_for_status()
    desk.get("/metering/").raise_for_status()
    about_energy = [text for text in asked if "FROM measurement" in text or "FROM allocation" in text]
    assert len(about_energy) == 4
    assert all("member_id = ?" in text for text in about_energy)


def test_a_packed_delivery_is_unpacked_and_never_beyond_what_the_door_takes(
    desk: TestClient, one_database: Database
) -> None:
    sign_in(desk, "operator")
    body = batch()
    door, headers = (
        f"{API}/deliveries?format=head-end",
        {"content-encoding": "gzip", "content-type": "application/json"},
    )
    taken = desk.post(door, content=gzip.compress(body), headers=headers)
    assert taken.status_code == 200, taken.text
    assert taken.json()["values"] == 3
    assert desk.post(door, content=body, headers={"content-type": "application/json"}).json()["duplicate"]
    # A hundred times as much as the door takes, in a fraction of what it takes.
    bomb = gzip.compress(bytes(100 * 1024 * 1024))
    assert len(bomb) < 1024 * 1024
    tracemalloc.start()
    assert desk.post(door, content=bomb, headers=headers).json()["code"] == "too-large"
    assert tracemalloc.get_traced_memory()[1] < 2.5 * 64 * 1024 * 1024
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (b"not gzip", "gzip", "broken-body"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", "broken-body"),
        (gzip.compress(b"{}", mtime=0) + b"more", "gzip", "broken-body"),
        (b"{}", "br", "unsupported-encoding"),
    ],
)
def test_what_is_packed_badly_is_refused_with_the_reason(
    desk: TestClient, body: bytes, encoding: str, code: str
) -> None:
    sign_in(desk, "operator")
    headers = {"content-encoding": encoding, "content-type": "application/json"}
    assert desk.post(f"{API}/deliveries?format=head-end", content=body, headers=headers).json()["code"] == code
