"""The machine-readable documents: what programs may ask (OpenAPI), and the facts that services tell (AsyncAPI)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from coop.kit.contract import describe
from coop.kit.release import VERSION
from coop.kit.service import Service

TAGS = {
    "members": "Members, connections, contracts, and who may sign in.",
    "metering": "Meters, deliveries of readings, periods that are closed, and the shares of each member.",
    "billing": "Tariffs, notices, runs of bills, and the bills.",
    "governance": "Statutes, meetings, ballots, decisions, programmes and tranches.",
    "feed": "What was decided and reached, as CloudEvents and as Atom.",
    "operations": "How the installation does: jobs, dead letters, and messages on their way out.",
}


def openapi(routers: Sequence[APIRouter]) -> dict[str, Any]:
    """OpenAPI 3.1 of all services; every process of an installation gives the same."""
    return describe(
        "coop",
        VERSION,
        routers,
        TAGS,
        "/",
        {
            "description": "The back office of energy co-operatives, for programs. Amounts are whole cents, decimals"
            " and quantities are text, periods are half-open, instants are UTC. The integrator's guide says more.",
            "license_info": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            "contact": {"name": "The operator of this installation"},
        },
    )


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
            listeners = ", ".join(other.name for other in services if event in other.handlers) or "nobody here"
            broker.publisher(
                event.topic(),
                title=event.TYPE,
                description=f"{event.__doc__} Told by {service.name}; heard by {listeners}.",
                schema=event,
            )
    document = AsyncAPI(broker, title="coop", version="1", license={"name": "EUPL-1.2"}).to_specification()
    made: dict[str, Any] = document.to_jsonable()
    return made
