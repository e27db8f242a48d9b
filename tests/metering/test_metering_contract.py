"""The contract of metering: what its document says is what its doors take."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.api import examples
from coop.metering.formats import FORMATS
from coop.metering.service import METERING
from tests.desk import open_desk, sign_in
from tests.metering.homes import at, set_clock
from tests.web.contract import document_of, operations_of, silent_fields, untyped_answers

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
    meters = examples.METERS_CSV.replace("KWG50001", "KWG50002").encode()
    assert desk.post(f"{API}/meters/csv", content=meters).json() == {"registered": 1}


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


def test_every_operation_of_metering_has_a_name_of_its_own() -> None:
    routes = [route for router in METERING.routers for route in router.routes if isinstance(route, APIRoute)]
    names = [route.name for route in routes if route.include_in_schema]
    assert len(set(names)) == len(names) == len(list(operations_of(document_of(METERING.routers))))
    assert all("_" in name for name in names)
