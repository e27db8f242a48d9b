"""Changes of what somebody has read: a change that names an ETag is carried out only if the thing still has it.

What a POST changes is shown by the nearest GET at or above its address that answers one thing: ``POST
/accounts/{id}/close`` names the ETag of ``GET /accounts/{id}``. Told from the addresses, it is the same for every
operation. A list is no thing: its tag is that of a page. A POST to a list that sets one thing of it anew says so
(``changes``), and its body names which one.
Source: RFC 9110, 13.1.1 (If-Match).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from string import Formatter
from typing import Any, Protocol, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from coop.kit.tags import Changed, matches, tag_of
from coop.kit.tx import Tx


class Shown(Protocol):
    """An operation of the contract that shows a thing."""

    path_format: str
    endpoint: Callable[..., Any]

    def render(self, result: Any) -> Response:
        """The answer with what its endpoint returned."""


def changes(show: Callable[..., Any]) -> Callable[[Any], Any]:
    """Mark the endpoint of a POST with that of the GET that shows what it sets anew; the fields of its body that are
    called as the places of the GET's address say which thing that is."""

    def mark(endpoint: Any) -> Any:
        endpoint.changes = show.__name__
        return endpoint

    return mark


def pair_changes(routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The GET that shows what each POST of the contract changes, by the address of the POST."""
    every = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    routes = [route for route in every if route.include_in_schema]
    shows = {route.path: route for route in routes if route.methods == {"GET"} and _is_thing(route.response_model)}
    named = {route.name: path for path, route in shows.items()}
    above = {
        route.path: named.get(getattr(route.endpoint, "changes", "")) or find_above(route.path, shows)
        for route in routes
        if route.methods == {"POST"}
    }
    return {path: shows[thing] for path, thing in above.items() if thing is not None}


def find_above(path: str, shows: Iterable[str]) -> str | None:
    """The nearest address of a thing at or above a path.

    >>> find_above("/accounts/{id}/close", ["/accounts/{id}", "/community"])
    '/accounts/{id}'
    >>> find_above("/accounts", ["/accounts/{id}", "/community"])
    """
    above = [address for address in shows if path == address or path.startswith(f"{address}/")]
    return max(above, key=len, default=None)


def thing_of(request: Request, path: str) -> Shown | None:
    """The operation that shows what a POST at ``path`` changes, where the request names an ETag of it."""
    things: dict[str, Shown] = request.app.state.things
    return things.get(path) if "if-match" in request.headers else None


def require_unchanged(request: Request, tx: Tx, thing: Shown, given: Mapping[str, Any]) -> None:
    """Refuse a change of a thing that is no longer as it was read; ``given`` is what the endpoint of the change takes.
    Whoever else names a tag of it waits meanwhile.

    Raises:
        Changed: somebody else was first.
    """
    bodies = [value for value in given.values() if isinstance(value, BaseModel)]
    places = {name for _, name, _, _ in Formatter().parse(thing.path_format) if name}
    sent = {name: getattr(body, name) for body in bodies for name in places & type(body).model_fields.keys()}
    found = {name: {**sent, **request.path_params}[name] for name in places}
    tx.lock(f"if-match {thing.path_format} {sorted(found.items())}")
    words = {"request": request, **found}
    taken = {name: words[name] for name in signature(thing.endpoint).parameters if name in words}
    now = bytes(thing.render(thing.endpoint(**taken)).body)
    if not matches(request.headers["if-match"], tag_of(now)):
        raise Changed


def _is_thing(model: Any) -> bool:
    return isinstance(model, type) and get_origin(model) is None
