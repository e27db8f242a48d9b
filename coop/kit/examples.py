"""Examples of bodies and answers in the contract, made from their shapes: no example is written where it could be told.

A field's own example comes first, then one value of what it names (a constant, a list of values), then what the house
calls so (``words``: values by ``Shape.field``, by the field's name, or by its end, ``_id``), then what follows from its
type. A text of which none of these says anything lacks an example, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Json = dict[str, Any]
Words = Mapping[str, Sequence[Any]]

_OF_FORMAT: Final = {"date": "2027-01-01", "date-time": "2027-01-01T12:00:00Z", "time": "18:00:00"}
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
_NONE: Final = object()


class LacksExample(ValueError):
    """Nothing says what a field may hold."""


class Examples:
    """Makes examples of the shapes of a document."""

    def __init__(self, schemas: Mapping[str, Json], words: Words) -> None:
        self._schemas, self._words = schemas, words

    def of(self, schema: Json, *, sent: bool) -> Any:
        """A value of a shape; what is ``sent`` has the fields that it needs, what is answered has all.

        Raises:
            LacksExample: a text has none.
        """
        return self._of(schema, "", (), sent)

    def _of(self, schema: Json, at: str, inside: tuple[str, ...], sent: bool) -> Any:
        if (shown := next(_shown(schema), _NONE)) is not _NONE:
            return shown
        if (named := self._named(schema, at)) is not _NONE:
            return named
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name in inside:
                return _NONE
            return self._of(self._schemas[name], name, (*inside, name), sent)
        for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            if (value := self._of(choice, at, inside, sent)) not in (None, _NONE):
                return value
        if "anyOf" in schema or "oneOf" in schema:
            return None
        return self._of_type(schema, at, inside, sent)

    def _named(self, schema: Json, at: str) -> Any:
        name = at.rpartition(".")[2]
        for word in (at, name, f"_{name.rpartition('_')[2]}"):
            for value in self._words.get(word, ()):
                if _fits(value, schema):
                    return value
        return _NONE

    def _of_type(self, schema: Json, at: str, inside: tuple[str, ...], sent: bool) -> Any:
        match schema.get("type"):
            case "object":
                return self._of_object(schema, at, inside, sent)
            case "array":
                parts = schema.get("prefixItems") or [schema["items"]]
                values = [self._of(part, at, inside, sent) for part in parts]
                return [value for value in values if value is not _NONE]
            case "boolean":
                return False
            case "integer" | "number":
                return int(schema.get("minimum", min(1, schema.get("maximum", 1))))
            case "null":
                return None
        if schema.get("format") in _OF_FORMAT:
            return _OF_FORMAT[schema["format"]]
        raise LacksExample(at)

    def _of_object(self, schema: Json, at: str, inside: tuple[str, ...], sent: bool) -> Json:
        fields = schema.get("properties", {})
        needed = schema.get("required", ())
        wanted = [name for name in fields if not sent or name in needed] or list(fields)
        owner = at.partition(".")[0]
        made = {name: self._of(fields[name], f"{owner}.{name}", inside, sent) for name in wanted}
        if not fields and isinstance(schema.get("additionalProperties"), dict):
            key = self._of(schema.get("propertyNames", {"type": "string"}), f"{at}[]", inside, sent)
            made = {str(key): self._of(schema["additionalProperties"], at, inside, sent)}
        return {name: value for name, value in made.items() if value is not _NONE}


def _shown(schema: Json) -> Iterator[Any]:
    yield from schema.get("examples", ())[:1]
    if "example" in schema:
        yield schema["example"]
    if "const" in schema:
        yield schema["const"]
    yield from schema.get("enum", ())[:1]


def _fits(value: Any, schema: Json) -> bool:
    """True where a value has the type of a shape, and the form of a text."""
    if "$ref" in schema:
        return isinstance(value, dict)
    if "anyOf" in schema:
        return any(_fits(value, choice) for choice in schema["anyOf"])
    kind = _TYPES.get(schema.get("type", ""))
    if kind is None or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return False
    if isinstance(value, str):
        form = re.search(schema.get("pattern", ""), value) is not None
        return form and "format" not in schema and len(value) <= schema.get("maxLength", len(value))
    if isinstance(value, list):
        return "items" not in schema or all(_fits(each, schema["items"]) for each in value)
    return True
