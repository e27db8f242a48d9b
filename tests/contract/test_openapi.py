"""The OpenAPI document is whole: a foreign linter takes it, every operation has a plain name, lists have pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import validate
from starlette.testclient import TestClient

from coop.kit.settings import Settings
from coop.operator.pages import openapi_document
from coop.operator.runtime import build_app, local_bus, open_rooms
from tests.contract.examples import is_shown
from tests.founding import found_installation
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.node import run_node

VERBS = (
    "add|adopt|cast|change|close|confirm|convene|correct|create|decide|deliver|discard|drop|end|enter|exchange|explain|get|import|join|"
    "list|make|name|object|open|part|plan|preview|propose|reach|read|record|register|release|replay|report|retry|revoke|send|set|start|"
    "switch|undo|verify|withdraw"
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as a program fetches it."""
    read: dict[str, Any] = json.loads(json.dumps(openapi_document()))
    return read


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def schema_of(operation: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, dict[str, Any]] = operation["responses"].get("200", {}).get("content", {})
    return next((described["schema"] for described in content.values()), {})


def lint(document: dict[str, Any], folder: Path) -> list[str]:
    """Problems of the foreign linter, as "rule: message"."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    try:
        said = run_node("lint_openapi.mjs", str(file))
    except ServerAbsent as reason:
        skip_or_fail(reason)
    return [f"{found['ruleId']}: {found['message']}" for found in json.loads(said)["problems"]]


def test_the_linter_has_nothing_against_the_document(document: dict[str, Any], tmp_path: Path) -> None:
    assert lint(document, tmp_path) == []


def test_the_linter_says_what_is_wrong(document: dict[str, Any], tmp_path: Path) -> None:
    broken = json.loads(json.dumps(document))
    del broken["paths"]["/billing/api/v1/bills"]["get"]["security"]
    broken["paths"]["/billing/api/v1/runs"]["post"]["operationId"] = "list_bills"
    found = "".join(lint(broken, tmp_path))
    assert "security-defined" in found
    assert "operation-operationId-unique" in found


def test_each_operation_has_one_plain_name(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(rf"({VERBS})(_[a-z]+)+", name)] == []


def test_each_operation_says_what_it_answers(document: dict[str, Any]) -> None:
    untyped = [
        f"{method} {path}"
        for path, method, operation in operations(document)
        if schema_of(operation) in ({}, {"type": "object"}) or not operation.get("description")
    ]
    assert untyped == []


def test_each_shape_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if "__" in name] == []
    titles = [schema["title"] for schema in schemas.values()]
    assert [title for title in titles if titles.count(title) > 1] == []


def test_each_body_is_shown(document: dict[str, Any]) -> None:
    unseen = [
        operation["operationId"]
        for _, _, operation in operations(document)
        if "requestBody" in operation
        if not any(is_shown(content, document) for content in operation["requestBody"]["content"].values())
    ]
    assert unseen == []


def test_each_body_that_is_shown_whole_has_its_shape(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        whole = document["components"]["schemas"].get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
        for example in whole.get("examples", []):
            validate(example, {**schema, "components": document["components"]})


def test_each_list_has_pages(document: dict[str, Any]) -> None:
    lists = [
        (path, operation)
        for path, method, operation in operations(document)
        if method == "get" and schema_of(operation).get("type") == "array" and "/api/" in path
    ]
    assert len(lists) > 5
    assert [path for path, operation in lists if "Link" not in operation["responses"]["200"]["headers"]] == []


def test_each_operation_names_its_problems_as_the_rfc_does(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert {"404", "429", "431", "500", "503"} <= set(operation["responses"]), (method, path)
        assert ("401" in operation["responses"]) == bool(operation["security"]), (method, path)
    for response in document["components"]["responses"].values():
        assert set(response["content"]) == {"application/problem+json"}


@pytest.mark.parametrize("name", ["members", "billing"])
def test_each_process_answers_the_document_of_all_services(name: str, document: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    found_installation(settings)
    rooms = open_rooms(settings, (name,))
    with TestClient(build_app(name, settings, rooms, local_bus(rooms), None, scheduled=False)) as client:
        assert client.get("/openapi.json").json() == document
        for code in ("period-closed", "bad-cursor"):
            page = client.get(f"/problems/{code}", headers={"accept": "text/html"})
            assert (page.status_code, code in page.text) == (200, True)
