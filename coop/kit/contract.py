"""The document of everything that programs may ask: OpenAPI, told from the routes themselves.

What every operation has in common is derived and never written by hand: who may call it (its entry of the access
table), the problems that it can answer, the headers of lists, repeats and versions. An operation is named by its
endpoint, a verb and a noun, once over all services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from coop.kit import repeats
from coop.kit.access import ANYBODY, SIGNED_IN, scopes_of
from coop.kit.examples import Examples, LacksExample, Words
from coop.kit.http import GuardedRoute
from coop.kit.problems import MEDIA_TYPE, ProblemDocument
from coop.kit.session import COOKIE
from coop.kit.things import pair_changes

SCHEMES: Final = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The cookie of somebody who signed in on the pages; it lasts twelve hours.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token for a program: `Authorization: Bearer ...`. It opens what its scopes name.",
    },
}

MEANINGS: Final[Mapping[int, str]] = {
    400: "The body cannot be read: it is cut off, or no UTF-8.",
    401: "Nobody is signed in, or the token opens nothing.",
    403: "The account or the token has no access to this.",
    404: "There is no such thing, or it is not yours to know of.",
    409: "It may not happen as things stand; `code` and `detail` say why. Nothing was changed.",
    412: "It was changed since it was read with the ETag that If-Match names.",
    413: "The body is larger than this takes.",
    414: "The address is longer than 48 KiB.",
    415: "The body is of a content type that this does not take.",
    422: "Something in the request is wrong; `problems` names every part at once.",
    429: "Too many requests; Retry-After says when to come again.",
    431: "Too many headers, or too large ones.",
    500: "A failure on our side. Nothing was half done.",
    503: "This does not work at the moment. Nothing was half done; try again later.",
}

_KEY: Final = {
    "name": repeats.HEADER,
    "in": "header",
    "required": False,
    "description": "Sent again with the same key, the request is carried out once and has the same answer, for 7 days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+( *[!-~])*$"},
    "example": "6f1c2a34-9b0e-4a8e-8a59-0c3a57c00b11",
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what the program has already; 304 when nothing changed.",
    "schema": {"type": "string"},
}
_IF_MATCH: Final = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}
_HEADERS: Final = {
    "API-Version": {"description": "Version of this contract.", "schema": {"type": "string"}, "example": "1"},
    "ETag": {"description": "Tag of exactly this answer.", "schema": {"type": "string"}},
    "Link": {
        "description": 'The page behind this one (`rel="next"`, missing on the last) and the first (RFC 8288).',
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the answer of the first time.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Content-Language": {
        "description": "Language of the sentences: the one that Accept-Language asks for, or English.",
        "schema": {"type": "string"},
        "example": "en",
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "Deprecation": {
        "description": "Since when no program should be written for this: `@` and seconds since 1970 (RFC 9745).",
        "schema": {"type": "string"},
    },
    "Sunset": {"description": "When this may be gone (RFC 8594).", "schema": {"type": "string"}},
}

_OF_SUNSET: Final = ("Deprecation", "Sunset")


def describe(
    title: str,
    version: str,
    routers: Sequence[APIRouter],
    tags: Mapping[str, str],
    server: str,
    info: Mapping[str, Any],
    words: Words | None = None,
) -> dict[str, Any]:
    """OpenAPI 3.1 of the documented routes of ``routers``; ``tags`` say what each group is about, and ``words`` what
    fields hold for example.

    Raises:
        ValueError: two operations have the same name.
    """
    routes = list(_documented(routers))
    _refuse_doubles(routes)
    things = pair_changes(routers)
    document = get_openapi(
        title=title,
        version=version,
        routes=[route for router in routers for route in router.routes],
        tags=[{"name": name, "description": text} for name, text in tags.items()],
        servers=[{"url": server, "description": "This installation"}],
        **info,
    )
    for route in routes:
        for method in route.methods or ():
            _complete(document["paths"][route.path_format][method.lower()], route, method, things.get(route.path))
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name in [name for name in schemas if name.endswith(("-Input", "-Output"))]:
        schemas[name]["title"] = name.replace("-", "")  # sent and answered, it is two shapes: generators need two names
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": {**problem, "title": "Problem"}}
    components["securitySchemes"] = SCHEMES
    components["responses"] = {_name_of(status): _problem_response(status) for status in MEANINGS}
    ends = any(route.sunset for route in routes)
    components["headers"] = {name: said for name, said in _HEADERS.items() if ends or name not in _OF_SUNSET}
    if words is not None:
        _show(document, Examples(schemas, words))
    return document


def _show(document: dict[str, Any], examples: Examples) -> None:
    """Add to each body and answer that has no example one that is made from its shape, where that can be done."""
    for methods in document["paths"].values():
        for operation in methods.values():
            sent = [operation.get("requestBody", {})]
            answered = [answer for status, answer in operation["responses"].items() if status < "300"]
            for part in (*sent, *answered):
                for content in part.get("content", {}).values():
                    if not content.keys() & {"example", "examples"}:
                        with suppress(LacksExample):
                            content["example"] = examples.of(content["schema"], sent=part in sent)


def _documented(routers: Sequence[APIRouter]) -> Iterator[GuardedRoute]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, GuardedRoute) and route.include_in_schema:
                yield route


def _refuse_doubles(routes: Sequence[GuardedRoute]) -> None:
    names: dict[str, str] = {}
    for route in routes:
        if route.name in names:
            raise ValueError(f"{route.path} and {names[route.name]} are both called {route.name}")
        names[route.name] = route.path


def _complete(operation: dict[str, Any], route: GuardedRoute, method: str, thing: GuardedRoute | None) -> None:
    """Add to an operation what follows from its route, and from the one that shows the thing that it changes."""
    operation["operationId"] = route.name
    needed = route.access.table[route.action]
    scopes = list(scopes_of(needed))
    operation["security"] = [] if needed == ANYBODY else [{"session": []}, *([{"token": scopes}] if scopes else [])]
    if needed not in (ANYBODY, SIGNED_IN):
        operation["description"] = f"{operation.get('description', '')}\n\nOpens for: {', '.join(sorted(needed))}."
    if codes := getattr(route.endpoint, "codes", ()):
        named = ", ".join(f"`{code}`" for code in codes)
        operation["description"] = f"{operation.get('description', '')}\n\nProblems of its own: {named}."
    if route.sunset is not None:
        operation["deprecated"] = True
        operation["description"] = f"{operation.get('description', '')}\n\nMay be gone from {route.sunset.on} on."
    parameters = operation.setdefault("parameters", [])
    if method == "GET":
        parameters.append(_IF_NONE_MATCH)
    elif takes_key(route):
        parameters.append(_KEY)
        if thing is not None:
            parameters.append(
                _IF_MATCH | {"description": f"Change it only if it still has this ETag, of `GET {thing.path_format}`."}
            )
    if not parameters:
        del operation["parameters"]
    answers = operation["responses"]
    answers.pop("422", None)
    for status, answer in answers.items():
        if status < "300":
            answer["headers"] = {
                **answer.get("headers", {}),
                **{name: {"$ref": f"#/components/headers/{name}"} for name in _headers_of(operation, route, method)},
            }
    if method == "GET":
        answers["304"] = {"description": "Nothing changed since the answer with this ETag."}
    for status in statuses(route, method, operation):
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{_name_of(status)}"})


def _headers_of(operation: Mapping[str, Any], route: GuardedRoute, method: str) -> Iterator[str]:
    yield "API-Version"
    if route.sunset is not None:
        yield from route.sunset.headers()
    if method == "GET":
        yield "ETag"
    elif takes_key(route):
        yield repeats.REPEATED
    if {"limit", "after"} <= {parameter["name"] for parameter in operation.get("parameters", ())}:
        yield "Link"


def takes_key(route: GuardedRoute) -> bool:
    """True when a route keeps its answer for a request that comes again."""
    signed_in = route.access.table[route.action] != ANYBODY
    return signed_in and route.is_repeatable and getattr(route.endpoint, "needs_key", True)


def statuses(route: GuardedRoute, method: str, operation: Mapping[str, Any]) -> Iterator[int]:
    """Statuses of the problems that a route can answer."""
    has_body = "requestBody" in operation
    if has_body:
        yield from (400, 413, 415)
    if route.access.table[route.action] != ANYBODY:
        yield from (401, 403)
    yield from (404, 409)
    if any(parameter["name"].lower() == "if-match" for parameter in operation.get("parameters", ())):
        yield 412
    if has_body or "parameters" in operation:
        yield from (414, 422)
    yield from (429, 431, 500, 503)


def _name_of(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "").replace("-", "")


def _problem_response(status: int) -> dict[str, Any]:
    headers = ["API-Version", "Content-Language", *(["Retry-After"] if status in (429, 503) else [])]
    return {
        "description": MEANINGS[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
