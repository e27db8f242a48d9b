"""The machine-readable documents of the installation: OpenAPI of the HTTP doors, AsyncAPI of the facts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from coop.kit.service import Service
from coop.kit.settings import Settings
from coop.web.shell import render


def asyncapi(services: Sequence[Service]) -> dict[str, Any]:
    """AsyncAPI 3.0 of every topic: who tells which fact on it, and its schema.

    The real subscribers take raw bytes, so that one unreadable fact never stops its neighbours; this broker is never
    connected and exists to describe the typed contract.
    """
    broker = KafkaBroker(
        description="Facts travel as CloudEvents 1.0 in JSON; the schema is that of the data attribute.",
        specification_url="kafka:9092",
    )
    for service in services:
        for event in service.tells:
            listeners = ", ".join(other.name for other in services if event in other.hears) or "nobody here"
            broker.publisher(
                event.topic(),
                title=event.TYPE,
                description=f"{event.__doc__} Told by {service.name}; heard by {listeners}.",
                schema=event,
            )
    document = AsyncAPI(broker, title="coop", version="1", license={"name": "EUPL-1.2"}).to_specification()
    made: dict[str, Any] = document.to_jsonable()
    return made


def router(services: Sequence[Service], settings: Settings) -> APIRouter:
    """Routes ``/asyncapi.json`` and ``/documents``; ``/openapi.json`` comes from the application itself."""
    routes = APIRouter(include_in_schema=False)
    cached = cache(lambda: asyncapi(services))

    @routes.get("/asyncapi.json")
    def asyncapi_document() -> dict[str, Any]:
        return cached()

    @routes.get("/documents")
    def documents(request: Request) -> Response:
        facts = [(event, service.name) for service in services for event in service.tells]
        return render(request, "documents.html", facts=facts, routes=_paths(request))

    return routes


def _paths(request: Request) -> list[tuple[str, str, str]]:
    """Method, path and first sentence of every documented HTTP door."""
    found = []
    for path, methods in request.app.openapi()["paths"].items():
        for method, details in methods.items():
            found.append(
                (
                    method.upper(),
                    path,
                    (details.get("description") or details["summary"]).split("\n")[0].replace("``", ""),
                )
            )
    return found
