"""When something was received, who brought it and for whom: the server's word, never the sender's."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.demo.cooperative import PROFILE
from coop.kit.database import Database
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.metering.intake.parking import list_telegrams
from coop.metering.service import METERING
from coop.metering.tables import delivery
from tests.desk import COMMUNITY, open_desk, sign_in
from tests.founding import hear_of_founding
from tests.metering.homes import at, latest_values, let_gateway_in, set_clock, writing
from tests.metering.test_metering_http import API, NOW, batch

BEARER: dict[str, str] = {}
"""Headers of the gateway ``he-1``; the fixture fills them in."""
MAPPING = {"time_column": "t", "meter": "H1", "columns": [{"column": "e", "quantity": "heat", "unit": "GJ"}]}
FILE = b"t,e\n2025-03-01T00:00Z,1.5\n2025-03-02T00:00Z,1.75\n"


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    set_clock(one_database, NOW)
    with open_desk(METERING, one_database, tmp_path) as client:
        BEARER.update(let_gateway_in(one_database, "he-1", "E1"))
        yield client


def deliver(desk: TestClient, body: bytes, **claims: str) -> None:
    desk.cookies.clear()
    query = {"format": "head-end", **claims}
    desk.post(f"{API}/deliveries", params=query, content=body, headers=BEARER).raise_for_status()


def test_a_gateway_cannot_say_when_it_was_received_and_the_later_value_stands(
    desk: TestClient, one_database: Database
) -> None:
    deliver(desk, batch(values=[9, 9, 9]), received_at="2099-01-01T00:00:00Z", gateway="another")
    set_clock(one_database, NOW + timedelta(hours=1))
    deliver(desk, batch(values=[100, 100, 100]))
    values = latest_values(one_database)["E1", "electricity_import", "interval"].values()
    assert [value for value, _ in values] == [100, 100, 100]
    token_id = BEARER["authorization"].split("_")[1]
    with one_database.read(COMMUNITY) as tx:
        kept = tx.execute(select(delivery).where(delivery.c.community == tx.community)).all()
    assert {(row.received_at, row.gateway, row.actor, row.channel) for row in kept} == {
        (NOW, "he-1", f"program:{token_id}", "api"),
        (NOW + timedelta(hours=1), "he-1", f"program:{token_id}", "api"),
    }


@pytest.mark.parametrize("quality", [2, 4], ids=["read by a customer", "corrected"])
def test_one_person_of_the_board_corrects_nothing_through_the_door_of_telegrams(
    desk: TestClient, one_database: Database, quality: int
) -> None:
    """A correction takes two people; a telegram that says it is one goes round the second."""
    body = json.loads(batch(values=[9, 9, 9]))
    body["series"][0]["quality"] = [quality] * 3
    whole = json.dumps(body).encode()
    board = sign_in(desk, "board")
    alone = board.post(f"{API}/deliveries", params={"format": "head-end"}, content=whole)
    assert alone.status_code == 422, alone.text
    bundle = {"deliveries": [{"format": "head-end", "body": base64.b64encode(whole).decode(), "gateway": "he-1"}]}
    board.post(f"{API}/deliveries/batch", json=bundle)
    assert latest_values(one_database) == {}
    for parked in board.get(f"{API}/parked").json():
        assert board.post(f"{API}/parked/{parked['id']}/replay").status_code == 422
    assert latest_values(one_database) == {}


def test_a_gateway_may_deliver_and_nothing_else(desk: TestClient) -> None:
    desk.cookies.clear()
    answers = [
        desk.post(f"{API}/csv", params={"mapping": json.dumps(MAPPING)}, content=FILE, headers=BEARER),
        desk.get(f"{API}/readings", headers=BEARER),
        desk.get(f"{API}/meters", headers=BEARER),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert desk.get("/metering/plant", headers=BEARER).status_code == 401, "pages are for people"


def import_batch(desk: TestClient, body: str, received_at: str | None) -> tuple[int, list[dict[str, str]]]:
    one = {"format": "head-end", "gateway": "he-2", "body": body, "received_at": received_at}
    good = {"format": "head-end", "gateway": "he-2", "body": base64.b64encode(batch()).decode()}
    answer = desk.post(f"{API}/deliveries/batch", json={"deliveries": [good, one]})
    return answer.status_code, answer.json().get("problems", [])


def test_a_keeper_claims_a_receipt_in_the_past_and_ours_is_kept_beside_it(
    desk: TestClient, one_database: Database
) -> None:
    sign_in(desk, "operator")
    claimed = at("2025-04-01T06:00")
    body = base64.b64encode(batch(meter="E2")).decode()
    assert import_batch(desk, body, claimed.isoformat()) == (200, [])
    desk.post(
        f"{API}/csv",
        params={"mapping": json.dumps(MAPPING), "received_at": claimed.isoformat()},
        content=FILE,
    ).raise_for_status()
    with one_database.read(COMMUNITY) as tx:
        kept = tx.execute(select(delivery).where(delivery.c.community == tx.community)).all()
    assert sorted((row.format, row.received_at, row.recorded_at) for row in kept) == [
        ("csv", claimed, NOW),
        ("head-end", claimed, NOW),
        ("head-end", NOW, NOW),
    ]


BAD_RECEIPTS = [
    ("2099-01-01T00:00:00Z", "lies in the future"),
    ("2025-04-02T00:00:01Z", "lies in the future"),
    ("9999-12-31T23:59:59Z", "outside 1900 to 2199"),
    ("0001-01-01T00:00:00+14:00", "outside 1900 to 2199"),
    ("2025-04-01T00:00:00", "needs its time zone"),
]


@pytest.mark.parametrize(("claim", "reason"), BAD_RECEIPTS)
def test_a_receipt_that_cannot_be_is_refused_by_its_field_and_nothing_is_taken(
    desk: TestClient, one_database: Database, claim: str, reason: str
) -> None:
    sign_in(desk, "board")
    status, problems = import_batch(desk, base64.b64encode(batch(meter="E2")).decode(), claim)
    assert (status, problems[0]["field"]) == (422, "deliveries[1].received_at")
    assert reason in problems[0]["reason"]
    query = {"mapping": json.dumps(MAPPING), "received_at": claim}
    answer = desk.post(f"{API}/csv", params=query, content=FILE)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "received_at")
    assert latest_values(one_database) == {}


@pytest.mark.parametrize("body", ["é", "====", "no base64!", "\N{SLIGHTLY SMILING FACE}"])
def test_a_body_that_is_no_base64_is_refused_by_its_field(desk: TestClient, body: str) -> None:
    sign_in(desk, "board")
    status, problems = import_batch(desk, body, None)
    assert (status, problems[0]["field"]) == (422, "deliveries[1].body")


@pytest.mark.parametrize("unit", ["\ud800", "GJ\udfff"])
def test_half_a_character_in_a_mapping_is_refused(desk: TestClient, unit: str) -> None:
    sign_in(desk, "board")
    mapping = {**MAPPING, "columns": [{"column": "e", "quantity": "heat", "unit": unit}]}
    answer = desk.post(f"{API}/csv", params={"mapping": json.dumps(mapping)}, content=FILE)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "mapping")


@pytest.mark.parametrize(
    ("method", "address", "field"),
    [
        ("get", f"{API}/completeness?period=0001-01-01/9999-12-31", "period"),
        ("get", f"{API}/completeness?period=2015-01-01/2025-01-01", "period"),
        ("get", f"{API}/completeness?period=2025-07199254748993", "period"),
        ("get", "/metering/data?period=0001-01", "period"),
        ("post", f"{API}/periods/9999-12/close", "period"),
        ("get", f"{API}/allocations/r/C1/why?at=9999-12-31T23:59:59-12:00", "at"),
        ("get", f"{API}/allocations/r/C1/why?at=2025-01-01T00:00:00", "at"),
        ("get", "/metering/allocations/r/C1?at=9999-12-31T23:59:59-12:00", "at"),
    ],
)
def test_what_no_calendar_holds_is_refused_by_its_field(
    desk: TestClient, method: str, address: str, field: str
) -> None:
    sign_in(desk, "board")
    answer = desk.get(address) if method == "get" else desk.post(address, json={})
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, field)


def test_an_exchange_or_a_meter_beyond_the_calendar_is_refused(desk: TestClient) -> None:
    sign_in(desk, "board")
    stands = {"end_stands": {"heat": "1 GJ"}, "start_stands": {"heat": "0 GJ"}}
    exchanged = {"new_serial": "H1B", "at": "0001-01-01T00:00:00+14:00", **stands}
    refused = desk.post(f"{API}/meters/H1/exchange", json=exchanged)
    assert (refused.status_code, refused.json()["problems"][0]["field"]) == (422, "at")
    for installed_on in ("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00"):
        refused = desk.post(f"{API}/meters", json=[{"serial": "N1", "kind": "heat", "installed_on": installed_on}])
        assert (refused.status_code, refused.json()["problems"][0]["field"]) == (422, "installed_on")


def test_a_raw_message_cannot_say_when_it_was_received(one_database: Database, tmp_path: Path) -> None:
    set_clock(one_database, NOW)
    room = Room(METERING, one_database, Settings(data_dir=tmp_path))
    (door,) = METERING.topics(room).values()
    door.receive(
        [
            (
                {"community": COMMUNITY, "format": "head-end", "gateway": "he", "received-at": "2099-01-01T00:00:00Z"},
                batch(),
            )
        ]
    )
    with one_database.read(COMMUNITY) as tx:
        kept = tx.execute(select(delivery).where(delivery.c.community == tx.community)).one()
    assert (kept.received_at, kept.channel) == (NOW, "kafka")


def test_another_co_operatives_parked_telegrams_are_neither_seen_nor_settled(
    desk: TestClient, one_database: Database, tmp_path: Path
) -> None:
    room = Room(METERING, one_database, Settings(data_dir=tmp_path))
    (door,) = METERING.topics(room).values()
    with writing(one_database, "zuid") as tx:
        hear_of_founding(tx, replace(PROFILE, hosts=("zuid.example",)))
    door.receive([({"format": "sms", "gateway": "gw-zuid", "community": "zuid"}, b"a home in ZUID")])
    with writing(one_database, "zuid") as tx:
        [letter] = list_telegrams(tx)
    sign_in(desk, "board")
    assert desk.get(f"{API}/parked").json() == []
    assert "ZUID" not in desk.get("/metering/data").text
    for act in ("replay", "discard"):
        assert desk.post(f"{API}/parked/{letter.id}/{act}").status_code == 409
    with open_desk(METERING, one_database, tmp_path, community="zuid") as zuid:
        [seen] = sign_in(zuid, "board", community="zuid").get(f"{API}/parked").json()
    assert (seen["kind"], seen["source"], seen["body"]) == ("unrouted", "gw-zuid/sms", "a home in ZUID")
