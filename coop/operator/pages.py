"""The pages that belong to no service: home, documents for programs, and who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from coop.kit.http import GuardedRoute
from coop.kit.problems import kind_of
from coop.kit.service import Card, Line, Pages, Section
from coop.operator import exports, health, operations, outbound, troubles
from coop.operator.access import ACCESS
from coop.operator.asyncapi import asyncapi
from coop.operator.documents import openapi
from coop.operator.matrix import matrix, roles_of, scopes_of_rooms
from coop.operator.services import SERVICES
from coop.web.language import N_
from coop.web.shell import cards_for, render, steps_for, waiting_for

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get("/")
@may("see-home")
def home(request: Request) -> Response:
    return render(
        request,
        "operator/home.html",
        cards=cards_for(request),
        steps=steps_for(request),
        waiting=waiting_for(request),
    )


@routes.get("/openapi.json")
@may("see-documents")
def openapi_document() -> dict[str, Any]:
    return _openapi()


@cache
def _openapi() -> dict[str, Any]:
    return openapi([router for room in (*SERVICES, OPERATOR) for router in room.routers])


@routes.get("/problems/{code}")
@may("see-documents")
def problem_page(request: Request, code: Annotated[str, Path(pattern=r"^[a-z0-9-]{1,60}$")]) -> Response:
    return render(request, "operator/problem.html", code=code, kind=kind_of(code))


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
    return render(request, "operator/documents.html", facts=facts, operations=list_operations(_openapi()))


@dataclass(frozen=True)
class Operation:
    """An operation that programs may ask for, as the page lists it: ``text`` is its first sentence."""

    group: str
    name: str
    method: str
    path: str
    text: str


def list_operations(document: dict[str, Any]) -> list[Operation]:
    """Every operation of the document, in the order of its groups."""
    groups = [tag["name"] for tag in document["tags"]]
    operations = [
        Operation(
            details["tags"][0],
            details["operationId"],
            method.upper(),
            path,
            (details.get("description") or details["summary"]).split("\n")[0].replace("`", ""),
        )
        for path, methods in document["paths"].items()
        for method, details in methods.items()
    ]
    return sorted(operations, key=lambda operation: (groups.index(operation.group), operation.path))


@routes.get("/access")
@may("see-access")
def access_page(request: Request, role: str = "") -> Response:
    rooms = request.app.state.pages
    return render(
        request,
        "operator/access.html",
        roles=roles_of(rooms),
        scopes=scopes_of_rooms(rooms),
        role=role,
        tables=matrix(rooms, role),
    )


OPERATOR = Pages(
    name="operator",
    label=N_("Operations"),
    access=ACCESS,
    motto=N_("Every euro on a bill can be walked back to a meter reading and to a vote."),
    routers=(health.routes, routes, operations.routes, outbound.routes, troubles.routes, exports.routes),
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
    waiting=tuple(
        Line("/operations", f"/{service.name}/cards/troubles", service.label, "work-dead-letters", rank=90)
        for service in SERVICES
    ),
)
