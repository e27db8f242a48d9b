"""Changes of what somebody has read: a change that names an ETag is carried out only if the thing still has it.

What a POST changes is shown by the nearest GET at or above its address that answers one thing: ``POST
/accounts/{id}/close`` names the ETag of ``GET /accounts/{id}``. Told from the addresses, it is the same for every
operation. A list is no thing: its tag is that of a page.
Source: RFC 9110, 13.1.1 (If-Match).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import signature
from typing import Any, Protocol, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from coop.kit.tags import Changed, matches, tag_of
from coop.kit.tx import Tx


class Shown(Protocol):
    """An operation of the contract that shows a thing."""

    path_format: str
    endpoint: Callable[..., Any]

    def render(self, result: Any) -> Response:
        """The answer with what its endpoint returned."""


def pair_changes(routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The GET that shows what each POST of the contract changes, by the address of the POST."""
    every = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    routes = [route for route in every if route.include_in_schema]
    shows = {route.path: route for route in routes if route.methods == {"GET"} and _is_thing(route.response_model)}
    above = {route.path: find_above(route.path, shows) for route in routes if route.methods == {"POST"}}
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


def require_unchanged(request: Request, tx: Tx, thing: Shown) -> None:
    """Refuse a change of a thing that is no longer as it was read. Whoever else names a tag of it waits meanwhile.

    Raises:
        Changed: somebody else was first.
    """
    tx.lock(f"if-match {thing.path_format} {sorted(request.path_params.items())}")
    words = {"request": request, **request.path_params}
    taken = {name: words[name] for name in signature(thing.endpoint).parameters if name in words}
    now = bytes(thing.render(thing.endpoint(**taken)).body)
    if not matches(request.headers["if-match"], tag_of(now)):
        raise Changed


def _is_thing(model: Any) -> bool:
    return isinstance(model, type) and get_origin(model) is None
