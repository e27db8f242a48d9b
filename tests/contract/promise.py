"""Two versions of the contract with programs: what the newer breaks of what the older promised.

Only what programs rest on is compared, and only it is frozen: names, addresses, scopes, shapes; no words, no examples.
Source: docs/decisions/0024-what-programs-may-count-on.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.contract.shapes import Json, Shape, Way, breaks, resolve

WORDS = frozenset({"title", "description", "summary", "example", "examples", "tags", "info", "servers", "externalDocs"})
NAMED = frozenset(
    {"properties", "schemas", "paths", "responses", "headers", "securitySchemes", "channels", "operations", "messages"}
)
"""Parts of a document whose keys are names: a field may be called ``title``."""


def promised(document: Json) -> Json:
    """What a document promises, without its words."""

    def keep(part: Any, *, is_named: bool) -> Any:
        if isinstance(part, list):
            return [keep(each, is_named=False) for each in part]
        if not isinstance(part, dict):
            return part
        return {
            key: keep(value, is_named=not is_named and key in NAMED)
            for key, value in part.items()
            if is_named or key not in WORDS
        }

    kept: Json = keep(document, is_named=False)
    return kept


def broken_openapi(old: Json, new: Json) -> list[str]:
    """Everything that a program written by an OpenAPI document may miss in a newer one."""
    found: list[str] = []
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            at = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                found.append(f"{at}: the operation is gone")
            else:
                found += _of_operation(Shape(operation, old), Shape(now, new), at)
    return list(dict.fromkeys(found))


def _of_operation(old: Shape, new: Shape, at: str) -> Iterator[str]:
    if old.schema["operationId"] != new.schema["operationId"]:
        yield f"{at}: it was called {old.schema['operationId']} and is called {new.schema['operationId']}"
    yield from _of_entry(old.schema.get("security", []), new.schema.get("security", []), at)
    yield from _of_parameters(old, new, at)
    yield from _of_body(old, new, at)
    yield from _of_answers(old, new, at)


def _of_entry(old: list[Json], new: list[Json], at: str) -> Iterator[str]:
    olds, news = ({name: set(scopes) for way in ways for name, scopes in way.items()} for ways in (old, new))
    if not olds and news:
        yield f"{at}: it was open to everybody"
    if olds and not news:
        yield f"{at}: it is open to everybody, and was not"
    for name, scopes in olds.items():
        now = news.get(name)
        if news and now is None:
            yield f"{at}: {name} opens it no longer"
        for scope in sorted(scopes - (now or scopes)):
            yield f"{at}: the scope {scope} opens it no longer"
        for scope in sorted((now or set()) - scopes):
            yield f"{at}: the scope {scope} opens it, for which nobody gave out a token"
    if olds:
        yield from (f"{at}: {name} opens it, and did not" for name in news if name not in olds)


def _of_parameters(old: Shape, new: Shape, at: str) -> Iterator[str]:
    olds, news = (
        {(each["in"], each["name"].lower()): each for each in shape.schema.get("parameters", ())}
        for shape in (old, new)
    )
    for key, parameter in olds.items():
        named = f"{at} {key[0]} {key[1]}"
        if key not in news:
            yield f"{named}: the parameter is gone"
            continue
        if news[key].get("required") and not parameter.get("required"):
            yield f"{named}: must be sent, and needed not"
        yield from breaks(old.of(parameter["schema"]), new.of(news[key]["schema"]), "sent", named)
    for key, parameter in news.items():
        if key not in olds and parameter.get("required"):
            yield f"{at} {key[0]} {key[1]}: must be sent, and there was none"


def _of_body(old: Shape, new: Shape, at: str) -> Iterator[str]:
    was, now = old.schema.get("requestBody"), new.schema.get("requestBody")
    if now and now.get("required") and not (was and was.get("required")):
        yield f"{at} body: must be sent, and needed not"
    if was:
        yield from _of_content(old.of(was), new.of(now or {}), "sent", f"{at} body")


def _of_answers(old: Shape, new: Shape, at: str) -> Iterator[str]:
    for status, answer in old.schema["responses"].items():
        now = new.schema["responses"].get(status)
        named = f"{at} {status}"
        if now is None:
            if status < "300":
                yield f"{named}: the answer is gone"
            continue
        was, now = old.of(answer).follow(), new.of(now).follow()
        for header in sorted(was.schema.get("headers", {}).keys() - now.schema.get("headers", {}).keys()):
            yield f"{named}: the header {header} is gone"
        yield from _of_content(was, now, "answered", named)
    for status in sorted(new.schema["responses"].keys() - old.schema["responses"].keys()):
        if status < "300":
            yield f"{at} {status}: a new answer, which programs do not know"


def _of_content(old: Shape, new: Shape, way: Way, at: str) -> Iterator[str]:
    for media_type, described in old.schema.get("content", {}).items():
        now = new.schema.get("content", {}).get(media_type)
        if now is None:
            yield f"{at}: the content type {media_type} is gone"
        elif "schema" in described:
            yield from breaks(old.of(described["schema"]), new.of(now.get("schema", {})), way, at)


def broken_asyncapi(old: Json, new: Json) -> list[str]:
    """Everything that a program written by an AsyncAPI document may miss in a newer one."""
    found: list[str] = []
    for name, channel in old["channels"].items():
        now = new["channels"].get(name)
        if now is None:
            found.append(f"{name}: the channel is gone")
            continue
        if channel["address"] != now["address"]:
            found.append(f"{name}: its address was {channel['address']} and is {now['address']}")
        way = _way_of(old, name)
        for message, reference in channel["messages"].items():
            at = f"{name} {message}"
            if message not in now["messages"]:
                found.append(f"{at}: the message is gone")
                continue
            was = Shape(reference, old).follow()
            found += _of_message(was, Shape(now["messages"][message], new).follow(), way, at)
    return list(dict.fromkeys(found))


def _way_of(document: Json, channel: str) -> Way:
    """Telegrams are sent to us; all else is what others read."""
    actions = {
        operation["action"]
        for operation in document["operations"].values()
        if resolve(document, operation["channel"]["$ref"]) is document["channels"][channel]
    }
    return "answered" if "send" in actions else "sent"


def _of_message(old: Shape, new: Shape, way: Way, at: str) -> Iterator[str]:
    if old.schema.get("contentType") != new.schema.get("contentType"):
        yield f"{at}: the content type was {old.schema.get('contentType')} and is {new.schema.get('contentType')}"
    for part in ("headers", "payload"):
        yield from breaks(old.of(old.schema.get(part, {})), new.of(new.schema.get(part, {})), way, f"{at} {part}")
