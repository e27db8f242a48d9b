"""Bodies that a document shows: from the examples of a whole, of a field, or from the shape where those are missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORMATS = {"date": "2030-01-01", "date-time": "2030-01-01T12:00:00Z"}


def example_of(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """A value of the shape: what the document shows of it, and of each field that it needs."""
    if "$ref" in schema:
        return example_of(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    for shown in (schema.get("examples"), schema.get("enum")):
        if shown:
            return shown[0]
    for word in ("example", "const"):
        if word in schema:
            return schema[word]
    for choices in (schema.get("oneOf"), schema.get("anyOf")):
        if choices:
            return example_of(choices[0], document)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: example_of(fields[name], document) for name in schema.get("required", ())}
        case "array":
            return [example_of(schema["items"], document) for _ in range(schema.get("minItems", 0))]
        case "boolean":
            return True
        case "integer" | "number":
            return int(schema.get("minimum", 1))
    return FORMATS.get(schema.get("format", ""), "x")


def is_shown(described: Mapping[str, Any], document: Mapping[str, Any], inside: tuple[str, ...] = ()) -> bool:
    """True where the document has an example of what it describes, as a whole or of a part of it."""
    if described.get("examples") or "example" in described:
        return True
    reference = described.get("$ref", "").rsplit("/", 1)[-1]
    if reference:
        schemas = document["components"]["schemas"]
        return reference not in inside and is_shown(schemas[reference], document, (*inside, reference))
    parts = [*described.get("properties", {}).values(), *described.get("anyOf", []), *described.get("oneOf", [])]
    parts += [described[word] for word in ("schema", "items", "additionalProperties") if word in described]
    return any(isinstance(part, dict) and is_shown(part, document, inside) for part in parts)
