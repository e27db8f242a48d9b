"""Two versions of a JSON schema: what the newer one breaks for programs that were written by the older.

What is sent has to be taken still: every value of the older shape fits the newer. What is answered has to be
understood still: every value of the newer shape fits the older, and no field that was read is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Way = Literal["sent", "answered"]

LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
FORMS = ("pattern", "format", "contentMediaType", "contentEncoding")


@dataclass(frozen=True)
class Shape:
    """A schema, and the document in which its references lead somewhere."""

    schema: Json
    document: Json

    def of(self, schema: Json) -> Shape:
        """Another schema of the same document."""
        return Shape(schema, self.document)

    def follow(self) -> Shape:
        """The shape to which a reference leads."""
        schema = self.schema
        while "$ref" in schema:
            schema = resolve(self.document, schema["$ref"])
        return self.of(schema)

    def alternatives(self) -> list[Shape]:
        """The shapes of which a value has one, with the unions in a union laid open."""
        schema = self.follow().schema
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return [inner for choice in choices for inner in self.of(choice).alternatives()]
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return [self.of({**schema, "type": kind}) for kind in kinds]
        return [self.of(schema)]

    def values(self) -> list[Any] | None:
        """The values that are named one by one; None where any of the type will do."""
        if "const" in self.schema:
            return [self.schema["const"]]
        return self.schema.get("enum")


def resolve(document: Json, reference: str) -> Json:
    """The part of a document that ``#/...`` names."""
    part: Any = document
    for step in reference.removeprefix("#/").split("/"):
        part = part[step.replace("~1", "/").replace("~0", "~")]
    found: Json = part
    return found


def breaks(old: Shape, new: Shape, way: Way, at: str, inside: frozenset[tuple[int, int]] = frozenset()) -> list[str]:
    """Sentences on everything that no longer holds; ``inside`` are the pairs that are being compared already."""
    pair = (id(old.follow().schema), id(new.follow().schema))
    if pair in inside:
        return []
    inside |= {pair}
    found: list[str] = []
    if way == "sent" and "default" in old.schema and old.schema["default"] != new.schema.get("default"):
        found.append(f"{at}: the default was {old.schema['default']!r} and is {new.schema.get('default')!r}")
    olds, news = old.alternatives(), new.alternatives()
    if len(olds) == len(news) == 1:
        return [*found, *_of_one(olds[0], news[0], way, at, inside)]
    # Maps of several kinds may be joined by one of a new kind, as a choice or an event is; its name says what it is.
    is_open = way == "answered" and [_kind(shape) for shape in olds].count("object") > 1
    from_old = way == "sent" or is_open
    for one in olds if from_old else news:
        pairs = [(one, other) if from_old else (other, one) for other in (news if from_old else olds)]
        tried: list[list[str]] = [list(_of_one(was, now, way, at, inside)) for was, now in pairs]
        tried.sort(key=len)
        found += tried[0]
    if is_open:
        found += [f"{at}: the type {kind} is new" for kind in sorted({*map(_kind, news)} - {*map(_kind, olds)})]
    return found


def _of_one(old: Shape, new: Shape, way: Way, at: str, inside: frozenset[tuple[int, int]]) -> Iterator[str]:
    inner, outer = (old.schema, new.schema) if way == "sent" else (new.schema, old.schema)
    if not _is_kind(inner.get("type"), outer.get("type")):
        yield f"{at}: the type was {_kind(old)} and is {_kind(new)}"
        return
    yield from _of_values(old, new, way, at)
    yield from _of_bounds(inner, outer, old.schema, new.schema, at)
    yield from _of_fields(old, new, way, at, inside)
    yield from _of_parts(old, new, way, at, inside)


def _kind(shape: Shape) -> str:
    return str(shape.schema.get("type", "any"))


def _is_kind(inner: object, outer: object) -> bool:
    return outer is None or inner == outer or (inner, outer) == ("integer", "number")


def _of_values(old: Shape, new: Shape, way: Way, at: str) -> Iterator[str]:
    olds, news = old.values(), new.values()
    if olds is not None and news is not None:
        for value in olds:
            if value not in news:
                yield f"{at}: the value {value!r} is gone"
        for value in news:
            if value not in olds and way == "answered":
                yield f"{at}: the value {value!r} is answered, which programs do not know"
    elif olds is not None and way == "answered":
        yield f"{at}: any value is answered, and it was one of {olds}"
    elif news is not None and way == "sent":
        yield f"{at}: only {news} are taken"


def _of_bounds(
    inner: Mapping[str, Any], outer: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], at: str
) -> Iterator[str]:
    for word in (*LEAST, *MOST, *FORMS):
        wanted, given = outer.get(word), inner.get(word)
        if wanted is None or given == wanted:
            continue
        if word in LEAST and given is not None and given > wanted:
            continue
        if word in MOST and given is not None and given < wanted:
            continue
        if word in (*LEAST, *MOST, *FORMS[:1]) and inner.get("enum", [inner.get("const")]) != [None]:
            continue  # each of its values was compared by itself
        yield f"{at}: {word} was {old.get(word, 'any')} and is {new.get(word, 'any')}"


def _of_fields(old: Shape, new: Shape, way: Way, at: str, inside: frozenset[tuple[int, int]]) -> Iterator[str]:
    olds, news = old.schema.get("properties", {}), new.schema.get("properties", {})
    must_old, must_new = (set(shape.schema.get("required", ())) for shape in (old, new))
    for name, field in olds.items():
        if name in news:
            yield from breaks(old.of(field), new.of(news[name]), way, f"{at}.{name}", inside)
        else:
            yield f"{at}.{name}: the field is gone"
    if way == "sent":
        yield from (f"{at}.{name}: must be sent, and needed not" for name in sorted(must_new - must_old))
    else:
        yield from (f"{at}.{name}: may be missing, and never was" for name in sorted((must_old - must_new) & set(news)))


def _of_parts(old: Shape, new: Shape, way: Way, at: str, inside: frozenset[tuple[int, int]]) -> Iterator[str]:
    for word in ("items", "additionalProperties", "propertyNames"):
        inner, outer = (old, new) if way == "sent" else (new, old)
        wanted, given = outer.schema.get(word, True), inner.schema.get(word, True)
        if isinstance(wanted, dict) and isinstance(given, dict):
            yield from breaks(old.of(old.schema[word]), new.of(new.schema[word]), way, f"{at}[]", inside)
        elif wanted is not True and given != wanted and given is not False:
            yield f"{at}[]: {word} was {old.schema.get(word, 'any')} and is {new.schema.get(word, 'any')}"
    olds, news = old.schema.get("prefixItems", []), new.schema.get("prefixItems", [])
    if len(olds) != len(news):
        yield f"{at}: {len(news)} values in a row, and there were {len(olds)}"
    for place, (was, now) in enumerate(zip(olds, news, strict=False)):
        yield from breaks(old.of(was), new.of(now), way, f"{at}[{place}]", inside)
