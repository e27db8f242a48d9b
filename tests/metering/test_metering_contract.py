"""The contract of metering: what its document says is what its doors take."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from coop import metering
from coop.kit import sections
from coop.kit.database import Database
from coop.metering.intake.api import examples
from coop.metering.intake.formats import FORMATS
from coop.metering.periods.close import close_period
from coop.metering.register.api import METERS_CSV
from coop.metering.service import METERING
from tests.desk import open_desk, sign_in
from tests.metering.homes import adopt_key, at, set_clock, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march
from tests.metering.test_metering_http import telegram
from tests.web.contract import (
    document_of,
    lists_without_pages,
    operations_of,
    silent_fields,
    unknown_codes,
    untyped_answers,
    walk_pages,
)

API = "/metering/api/v1"
EXAMPLES = [("p1", examples.P1, 3), ("mbus", examples.MBUS, 2), ("head-end", examples.HEAD_END, 2)]
METERS = [("E0001", "electricity"), ("KWG50001", "heat"), ("KAM06855817", "heat")]


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    set_clock(one_database, at("2025-04-03T00:00"))
    with open_desk(METERING, one_database, tmp_path) as client:
        meters = [{"serial": serial, "kind": kind, "installed_on": "2025-01-01"} for serial, kind in METERS]
        sign_in(client, "operator").post(f"{API}/meters", json=meters).raise_for_status()
        yield client


@pytest.mark.parametrize(
    ("format", "body", "values"),
    EXAMPLES,
)
def test_the_example_of_each_format_is_taken_by_its_door(desk: TestClient, format: str, body: str, values: int) -> None:
    receipt = desk.post(f"{API}/deliveries", params={"format": format}, content=body.encode()).json()
    assert (receipt["values"], receipt["problems"]) == (values, [])
    packed = {"format": format, "gateway": "head-end-1", "body": base64.b64encode(body.encode()).decode()}
    batch = desk.post(f"{API}/deliveries/batch", json={"deliveries": [packed]}).json()
    assert batch == {"deliveries": 1, "duplicates": 1, "values": 0, "problems": []}


def test_the_example_files_are_imported(desk: TestClient) -> None:
    query = {"mapping": examples.CSV_MAPPING}
    receipt = desk.post(f"{API}/csv", params=query, content=examples.CSV.encode()).json()
    assert (receipt["values"], receipt["problems"]) == (2, [])
    meters = METERS_CSV.replace("KWG50001", "KWG50002").encode()
    assert desk.post(f"{API}/meters/file", content=meters).json() == {"registered": 1}


def test_the_document_names_the_formats_and_shows_one_of_each() -> None:
    document = document_of(METERING.routers)
    operation = document["paths"][f"{API}/deliveries"]["post"]
    assert document["components"]["schemas"]["Format"]["enum"] == list(FORMATS)
    content = operation["requestBody"]["content"]
    shown = {name for described in content.values() for name in described.get("examples", {})}
    assert shown == {"p1", "mbus", "head-end"}
    series = content["application/json"]["schema"]["properties"]["series"]["items"]
    assert series["properties"]["step_s"]["minimum"] == 60


def test_every_answer_of_metering_has_a_shape_and_every_field_says_what_it_holds() -> None:
    document = document_of(METERING.routers)
    assert untyped_answers(document) == []
    assert silent_fields(document) == []


def test_the_problems_that_an_operation_of_metering_calls_its_own_can_happen() -> None:
    document = document_of(METERING.routers)
    assert unknown_codes(document, Path(metering.__file__).parent) == []
    assert "Problems of its own: " in str(document)


def test_every_list_of_metering_has_pages() -> None:
    assert lists_without_pages(document_of(METERING.routers)) == []


def test_every_operation_of_metering_has_a_name_of_its_own() -> None:
    routes = [route for router in METERING.routers for route in router.routes if isinstance(route, APIRoute)]
    names = [route.name for route in routes if route.include_in_schema]
    assert len(set(names)) == len(names) == len(list(operations_of(document_of(METERING.routers))))
    assert all("_" in name for name in names)


@pytest.fixture
def filled(desk: TestClient, one_database: Database) -> TestClient:
    """A board's desk over three closed months, and three telegrams of which one is parked whole."""
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
    for group in ("garage", "school"):
        body = {"group_id": group, "producers": ["S1"], "connections": ["101"]}
        desk.post(f"{API}/groups", json=body).raise_for_status()
    for unknown in ("NONE1", "NONE2", "NONE3"):
        refused = desk.post(f"{API}/deliveries", params={"format": "p1"}, content=telegram(unknown))
        assert refused.status_code == 422
    return sign_in(desk, "board")


@pytest.mark.parametrize("address", ["meters", "groups", "readings", "allocations", "parked", "deliveries", "periods"])
def test_pages_of_a_list_are_the_list(filled: TestClient, address: str) -> None:
    whole = filled.get(f"{API}/{address}").json()
    pages = walk_pages(filled, f"{API}/{address}", limit=2)
    assert [row for page in pages for row in page] == whole
    assert len(pages) == -(-len(whole) // 2)
    assert len(whole) > 2 or address == "periods"


def test_a_delivery_is_listed_with_who_brought_it_and_what_became_of_it(filled: TestClient) -> None:
    newest = filled.get(f"{API}/deliveries", params={"limit": 1}).json()[0]
    told = {name: newest[name] for name in ("format", "gateway", "actor", "channel", "values_taken", "problems")}
    assert told == {
        "format": "p1",
        "gateway": "upload",
        "actor": "account:account-1",
        "channel": "api",
        "values_taken": 0,
        "problems": 1,
    }


def test_the_state_is_the_same_whether_it_is_read_in_one_page_or_in_many(
    filled: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = filled.get(f"{API}/state").json()
    monkeypatch.setattr(sections, "PAGE_ROWS", 1)
    assert filled.get(f"{API}/state").json() == whole
    assert whole["allocations"] == filled.get(f"{API}/allocations").json()
    assert len(whole["periods"]) == 1
