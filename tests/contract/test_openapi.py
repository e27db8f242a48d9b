"""The OpenAPI document is whole: a foreign linter takes it, every operation has a plain name, lists have pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, validate
from starlette.testclient import TestClient

from coop.kit.examples import Examples, LacksExample
from coop.kit.settings import Settings
from coop.operator.pages import openapi_document
from coop.operator.runtime import build_app, local_bus, open_rooms
from tests.founding import found_installation
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.node import run_node

VERBS = (
    "add|adopt|ask|cast|change|close|confirm|convene|correct|count|create|decide|deliver|discard|dispute|drop|end|enter|exchange|explain|get|import|join|"
    "list|make|move|name|object|open|part|plan|preview|propose|reach|read|record|refuse|register|release|replay|report|retry|revoke|send|set|start|"
    "stop|switch|tell|undo|verify|withdraw|write"
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


def described(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Content type and content of what an operation takes and answers; files are no text and have no example."""
    answers = [answer for status, answer in operation["responses"].items() if status < "300"]
    for part in (operation.get("requestBody", {}), *answers):
        for media_type, content in part.get("content", {}).items():
            if content["schema"].get("format") != "binary":
                yield media_type, content


def test_each_body_and_each_answer_has_an_example(document: dict[str, Any]) -> None:
    """What lacks one is named with its field: give that ``examples`` in its shape, or a word in ``words.toml``."""
    lacking = {
        operation["operationId"]: (media_type, fields_lacking(content["schema"], document))
        for _, _, operation in operations(document)
        for media_type, content in described(operation)
        if not content.keys() & {"example", "examples"}
    }
    assert lacking == {}


def fields_lacking(schema: dict[str, Any], document: dict[str, Any]) -> str:
    try:
        Examples(document["components"]["schemas"], {}).of(schema, sent=False)
    except LacksExample as lacking:
        return str(lacking)
    return ""


def test_each_example_has_its_shape(document: dict[str, Any]) -> None:
    checked = 0
    for _, _, operation in operations(document):
        for media_type, content in described(operation):
            if "json" in media_type:
                whole = {**content["schema"], "components": document["components"]}
                for example in shown(content):
                    validate(example, whole, Draft202012Validator, format_checker=FormatChecker())
                    checked += 1
    assert checked > 150


def shown(content: dict[str, Any]) -> list[Any]:
    examples = [each["value"] for each in content.get("examples", {}).values()]
    return [*examples, *([content["example"]] if "example" in content else [])]


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


def bare_objects(part: Any, at: str = "") -> Iterator[str]:
    """Places of objects of which nothing is said, and of anything at all."""
    if isinstance(part, list):
        for number, each in enumerate(part):
            yield from bare_objects(each, f"{at}/{number}")
    elif isinstance(part, dict):
        says = part.keys() & {"properties", "anyOf", "oneOf", "allOf", "$ref"}
        if part.get("type") == "object" and not says and not isinstance(part.get("additionalProperties"), dict):
            yield at
        if at.endswith(("/schema", "/items", "/additionalProperties")) and not part:
            yield at
        for key, value in part.items():
            if key not in ("example", "examples"):
                yield from bare_objects(value, f"{at}/{key}")


def test_no_shape_is_a_mere_object(document: dict[str, Any]) -> None:
    assert list(bare_objects(document)) == []
    assert list(bare_objects({"schema": {"type": "array", "items": {"type": "object"}}})) == ["/schema/items"]
