"""Examples are made from shapes: what a field says of itself, what the house calls so, what its type allows."""

from __future__ import annotations

from typing import Any

import pytest

from coop.kit.examples import Examples, LacksExample

TEXT = {"type": "string"}
SCHEMAS: dict[str, dict[str, Any]] = {
    "Person": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": TEXT,
            "born_on": {"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]},
            "parents": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
        },
    },
    "Odd": {"type": "object", "properties": {"whatever": TEXT}},
}
PERSON = {"$ref": "#/components/schemas/Person"}
WORDS: dict[str, list[Any]] = {
    "name": ["A. de Vries"],
    "Street.name": ["Keizersgracht"],
    "_id": ["4b22cfa9"],
    "value": [12, "12.5"],
}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "string", "examples": ["own"]}, "own"),
        ({"const": "fixed"}, "fixed"),
        ({"type": "string", "enum": ["first", "second"]}, "first"),
        ({"type": "object", "properties": {"member_id": TEXT}}, {"member_id": "4b22cfa9"}),
        ({"type": "object", "properties": {"value": TEXT}}, {"value": "12.5"}),
        ({"type": "object", "properties": {"value": {"type": "integer"}}}, {"value": 12}),
        ({"type": "object", "properties": {"value": {"type": "boolean"}}}, {"value": False}),
        ({"type": "integer", "minimum": 7}, 7),
        ({"type": "array", "items": {"type": "integer", "maximum": 0}}, [0]),
        ({"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": {"const": "k"}}, {"k": 1}),
    ],
)
def test_what_is_said_of_a_shape_is_shown(schema: dict[str, Any], made: Any) -> None:
    assert Examples(SCHEMAS, WORDS).of(schema, sent=False) == made


def test_an_answer_has_all_fields_and_a_body_those_that_it_needs() -> None:
    examples = Examples(SCHEMAS, WORDS)
    assert examples.of(PERSON, sent=False) == {"name": "A. de Vries", "born_on": "2027-01-01", "parents": []}
    assert examples.of(PERSON, sent=True) == {"name": "A. de Vries"}


def test_a_word_of_one_shape_comes_before_that_of_all() -> None:
    street = {"Street": {"type": "object", "properties": {"name": TEXT}}}
    assert Examples(street, WORDS).of({"$ref": "#/components/schemas/Street"}, sent=False) == {"name": "Keizersgracht"}


def test_a_text_of_which_nothing_is_said_is_named() -> None:
    with pytest.raises(LacksExample, match=r"Odd\.whatever"):
        Examples(SCHEMAS, WORDS).of({"$ref": "#/components/schemas/Odd"}, sent=False)
