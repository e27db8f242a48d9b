"""The machine-readable document of the facts that services tell: AsyncAPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from coop.kit.service import Service


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
