"""The pages that belong to no service: home, documents for programs, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response

from coop.kit.access import ANYBODY, SIGNED_IN
from coop.kit.http import GuardedRoute
from coop.kit.service import Card, Pages, Section
from coop.operator import health, operations, outbound
from coop.operator.access import ACCESS
from coop.operator.documents import asyncapi
from coop.operator.services import SERVICES
from coop.web.language import N_
from coop.web.shell import home_page, render

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get("/")
@may("see-home")
def home(request: Request) -> Response:
    return home_page(request)


@routes.get("/asyncapi.json")
@may("see-documents")
def asyncapi_document() -> dict[str, Any]:
    return _asyncapi()


@cache
def _asyncapi() -> dict[str, Any]:
    return asyncapi(SERVICES)


@routes.get("/documents")
@may("see-documents")
def documents(request: Request) -> Response:
    facts = [(event, service.name) for service in SERVICES for event in service.tells]
    return render(request, "operator/documents.html", facts=facts, routes=_paths(request))


def _paths(request: Request) -> list[tuple[str, str, str]]:
    """Method, path and first sentence of every documented HTTP door."""
    return [
        (method.upper(), path, (details.get("description") or details["summary"]).split("\n")[0].replace("``", ""))
        for path, methods in request.app.openapi()["paths"].items()
        for method, details in methods.items()
    ]


@dataclass(frozen=True)
class Row:
    """An action of a room, and for each role of the matrix whether it opens."""

    action: str
    opens: tuple[bool, ...]
    anybody: bool


def matrix(rooms: Sequence[Pages]) -> tuple[list[str], list[tuple[Pages, list[Row]]]]:
    """All roles, and per room every action with the roles that it opens for."""
    roles = sorted({role for room in rooms for needed in room.access.table.values() for role in _named(needed)})
    tables = [
        (room, [_row(action, needed, roles) for action, needed in sorted(room.access.table.items())]) for room in rooms
    ]
    return roles, tables


def _named(needed: frozenset[str]) -> Iterator[str]:
    if needed not in (ANYBODY, SIGNED_IN):
        yield from needed


def _row(action: str, needed: frozenset[str], roles: Sequence[str]) -> Row:
    everybody = needed in (ANYBODY, SIGNED_IN)
    return Row(action, tuple(everybody or role in needed for role in roles), needed == ANYBODY)


@routes.get("/access")
@may("see-access")
def access_page(request: Request) -> Response:
    roles, tables = matrix(request.app.state.pages)
    return render(request, "operator/access.html", roles=roles, tables=tables)


OPERATOR = Pages(
    name="operator",
    label=N_("Operations"),
    access=ACCESS,
    routers=(health.routes, routes, operations.routes, outbound.routes),
    sections=(
        Section("/", N_("Home"), "see-home", rank=0),
        Section(
            "/operations",
            N_("Operations"),
            "see-operations",
            rank=90,
            holds=(
                "/documents",
                "/access",
                *(f"/{service.name}/{page}" for service in SERVICES for page in ("dead-letters", "outbound")),
            ),
        ),
    ),
    cards=(
        Card(
            "/operations",
            "",
            N_("Operations"),
            "see-operations",
            rank=90,
            lines=tuple(f"/{service.name}/cards/parked" for service in SERVICES),
        ),
    ),
)
