"""What the contract promised holds: the documents of today break nothing of the ones that were frozen."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract import freeze
from tests.contract.promise import broken_asyncapi, broken_openapi, promised
from tests.contract.shapes import Json, Shape, breaks

SMALL: Json = {
    "paths": {
        "/bills": {
            "get": {
                "operationId": "list_bills",
                "security": [{"session": []}, {"token": ["read:bills"]}],
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 500, "default": 100}}
                ],
                "responses": {
                    "200": {
                        "headers": {"Link": {}},
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Bill"}}
                            }
                        },
                    }
                },
            },
            "post": {
                "operationId": "make_bill",
                "security": [{"session": []}],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BillIn"}}},
                },
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
            },
        },
        "/livez": {"get": {"operationId": "get_life", "security": [], "responses": {"200": {}}}},
    },
    "components": {
        "schemas": {
            "Bill": {
                "type": "object",
                "required": ["number", "state"],
                "properties": {
                    "number": {"type": "string", "maxLength": 20},
                    "state": {"type": "string", "enum": ["issued", "paid"]},
                    "paid_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                    "cents": {"type": "integer"},
                    "of": {"$ref": "#/components/schemas/Bill"},
                },
            },
            "BillIn": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": ["heat", "power"]},
                    "reason": {"type": "string", "maxLength": 500, "default": ""},
                    "factor": {"anyOf": [{"type": "string"}, {"type": "number"}]},
                },
            },
        }
    },
}

LISTED, MADE = "GET /bills", "POST /bills"


def change(document: Json, path: str, value: Any) -> None:
    """Set a part of a document, named by its keys with slashes between; None takes it away."""
    *steps, last = path.replace("~", "/bills").split("|")
    part: Any = document
    for step in steps:
        part = part[int(step) if isinstance(part, list) else step]
    if value is None:
        del part[last]
    elif isinstance(part.get(last) if isinstance(part, dict) else None, list) and isinstance(value, str):
        part[last].append(value)
    else:
        part[last] = value


BILL, BILL_IN = "components|schemas|Bill", "components|schemas|BillIn"
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("paths|~", None, f"{LISTED}: the operation is gone"),
        ("paths|~|post", None, f"{MADE}: the operation is gone"),
        ("paths|~|get|operationId", "get_bills", f"{LISTED}: it was called list_bills and is called get_bills"),
        ("paths|~|get|security|1|token", ["write:bills"], f"{LISTED}: the scope read:bills opens it no longer"),
        (
            "paths|~|get|security|1|token",
            ["read:bills", "read:feed"],
            f"{LISTED}: the scope read:feed opens it, for which nobody gave out a token",
        ),
        ("paths|~|get|security", [{"token": ["read:bills"]}], f"{LISTED}: session opens it no longer"),
        ("paths|~|get|security", [], f"{LISTED}: it is open to everybody, and was not"),
        ("paths|~|post|security", [{"session": []}, {"token": []}], f"{MADE}: token opens it, and did not"),
        ("paths|/livez|get|security", [{"session": []}], "GET /livez: it was open to everybody"),
        ("paths|~|get|parameters", [], f"{LISTED} query limit: the parameter is gone"),
        ("paths|~|get|parameters|0|required", True, f"{LISTED} query limit: must be sent, and needed not"),
        (
            "paths|~|post|parameters",
            [{"name": "day", "in": "query", "required": True, "schema": TEXT}],
            f"{MADE} query day: must be sent, and there was none",
        ),
        ("paths|~|get|parameters|0|schema|maximum", 100, f"{LISTED} query limit: maximum was 500 and is 100"),
        ("paths|~|get|parameters|0|schema|default", 50, f"{LISTED} query limit: the default was 100 and is 50"),
        ("paths|~|post|requestBody|required", True, f"{MADE} body: must be sent, and needed not"),
        (
            "paths|~|post|requestBody|content",
            {"text/csv": {}},
            f"{MADE} body: the content type application/json is gone",
        ),
        ("paths|~|get|responses", {"201": {}}, f"{LISTED} 200: the answer is gone"),
        ("paths|~|get|responses|200|headers|Link", None, f"{LISTED} 200: the header Link is gone"),
        (f"{BILL}|properties|cents", None, f"{LISTED} 200[].cents: the field is gone"),
        (f"{BILL}|properties|cents", TEXT, f"{LISTED} 200[].cents: the type was integer and is string"),
        (f"{BILL}|properties|cents|type", "number", f"{LISTED} 200[].cents: the type was integer and is number"),
        (f"{BILL}|required", ["number"], f"{LISTED} 200[].state: may be missing, and never was"),
        (f"{BILL}|properties|state|enum", ["issued"], f"{LISTED} 200[].state: the value 'paid' is gone"),
        (
            f"{BILL}|properties|state|enum",
            "lost",
            f"{LISTED} 200[].state: the value 'lost' is answered, which programs do not know",
        ),
        (f"{BILL}|properties|state|enum", None, f"{LISTED} 200[].state: any value is answered, and it was one of "),
        (
            f"{BILL}|properties|paid_on|anyOf|0|format",
            "date-time",
            f"{LISTED} 200[].paid_on: format was date and is date-time",
        ),
        (f"{BILL}|properties|number|maxLength", None, f"{LISTED} 200[].number: maxLength was 20 and is any"),
        (
            f"{BILL}|properties|number",
            {"anyOf": [{"type": "string", "maxLength": 20}, {"type": "null"}]},
            f"{LISTED} 200[].number: the type was string and is null",
        ),
        (f"{BILL_IN}|properties|reason", None, f"{MADE} body.reason: the field is gone"),
        (f"{BILL_IN}|required", "reason", f"{MADE} body.reason: must be sent, and needed not"),
        (f"{BILL_IN}|properties|kind|enum", ["heat"], f"{MADE} body.kind: the value 'power' is gone"),
        (f"{BILL_IN}|properties|reason|maxLength", 100, f"{MADE} body.reason: maxLength was 500 and is 100"),
        (f"{BILL_IN}|properties|reason|pattern", "^x", f"{MADE} body.reason: pattern was any and is ^x"),
        (f"{BILL_IN}|properties|reason|enum", ["x"], f"{MADE} body.reason: only ['x'] are taken"),
        (f"{BILL_IN}|properties|factor", TEXT, f"{MADE} body.factor: the type was number and is string"),
    ],
)
def test_a_break_is_named(path: str, value: Any, said: str) -> None:
    broken = copy.deepcopy(SMALL)
    change(broken, path, value)
    assert any(each.startswith(said) for each in broken_openapi(SMALL, broken)), broken_openapi(SMALL, broken)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("paths|/index", {"get": {"operationId": "get_index", "responses": {"200": {}}}}),
        ("paths|~|post|parameters", [{"name": "dry_run", "in": "query", "schema": {"type": "boolean"}}]),
        ("paths|~|get|parameters|0|schema|maximum", 1000),
        ("paths|~|post|requestBody|content|text/csv", {"schema": TEXT}),
        ("paths|~|get|responses|409", {"description": "a new refusal"}),
        ("paths|~|get|responses|200|headers|ETag", {}),
        (f"{BILL}|properties|asked_cents", {"type": "integer"}),
        (f"{BILL}|required", "cents"),
        (f"{BILL}|properties|paid_on", {"type": "string", "format": "date"}),
        (f"{BILL}|properties|number|maxLength", 10),
        (f"{BILL_IN}|properties|note", TEXT),
        (f"{BILL_IN}|required", []),
        (f"{BILL_IN}|properties|kind|enum", "cold"),
        (f"{BILL_IN}|properties|reason|maxLength", None),
    ],
)
def test_an_addition_breaks_nothing(path: str, value: Any) -> None:
    added = copy.deepcopy(SMALL)
    change(added, path, value)
    assert added != SMALL
    assert broken_openapi(SMALL, added) == []


def test_a_shape_that_holds_itself_is_compared_once() -> None:
    shape = Shape({"$ref": "#/components/schemas/Bill"}, SMALL)
    assert breaks(shape, shape, "answered", "bill") == []


def test_a_map_of_a_new_kind_may_join_those_of_several_kinds_and_nothing_else() -> None:
    kinds = [{"type": "object", "properties": {name: TEXT}} for name in ("ratio", "share")]
    old = Shape({"anyOf": kinds}, {})
    third = {"type": "object", "properties": {"rate": TEXT}}
    assert breaks(old, Shape({"anyOf": [*kinds, third]}, {}), "answered", "value") == []
    assert breaks(old, Shape({"anyOf": [kinds[0], third]}, {}), "answered", "value") == [
        "value.share: the field is gone"
    ]
    assert breaks(old, Shape({"anyOf": [*kinds, {"type": "null"}]}, {}), "answered", "value") == [
        "value: the type null is new"
    ]


def without_field(document: Json) -> str:
    del document["components"]["schemas"]["MemberAdmitted"]["properties"]["kind"]
    return "coop.members.members members.member-admitted.v1 payload.data.kind: the field is gone"


def without_message(document: Json) -> str:
    del document["channels"]["coop.members.members"]["messages"]["members.member-left.v1"]
    return "coop.members.members members.member-left.v1: the message is gone"


def without_channel(document: Json) -> str:
    del document["channels"]["coop.members.members"]
    return "coop.members.members: the channel is gone"


def elsewhere(document: Json) -> str:
    document["channels"]["coop.members.members"]["address"] = "coop.people"
    return "coop.members.members: its address was coop.members.members and is coop.people"


def one_header_more(document: Json) -> str:
    document["components"]["messages"]["kafka-mbus"]["headers"]["required"].append("signature")
    return "coop.metering.telegrams kafka-mbus headers.signature: must be sent, and needed not"


@pytest.mark.parametrize("plant", [without_field, without_message, without_channel, elsewhere, one_header_more])
def test_a_break_of_what_travels_is_named(plant: Callable[[Json], str]) -> None:
    frozen = json.loads(freeze.ASYNCAPI.read_text())
    broken = copy.deepcopy(frozen)
    said = plant(broken)
    assert said in broken_asyncapi(frozen, broken)


def test_a_fact_with_a_new_field_breaks_nothing() -> None:
    frozen = json.loads(freeze.ASYNCAPI.read_text())
    added = copy.deepcopy(frozen)
    added["components"]["schemas"]["MemberAdmitted"]["properties"]["note"] = {"type": "string", "default": ""}
    assert broken_asyncapi(frozen, added) == []


def test_words_are_no_promise_and_a_field_that_is_called_title_is() -> None:
    document = {"title": "Bill", "properties": {"title": {"type": "string", "description": "What it is called."}}}
    assert promised(document) == {"properties": {"title": {"type": "string"}}}


def test_nothing_that_was_promised_is_broken() -> None:
    """Where this fails, programs fail: keep what was there, or make a next version. See CONTRIBUTING.md."""
    assert freeze.broken() == []
