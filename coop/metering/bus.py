"""Doors for many deliveries at once: a batch over HTTP, and the Kafka topic on which a head-end publishes by itself.

A batch is one transaction: it is durable when it is answered or acknowledged, and comes again whole when it was not.
What is bad in it is parked by itself, as with a single delivery.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.kit import clock
from coop.kit.auth import require
from coop.kit.database import Database
from coop.kit.kafka import RawHandler
from coop.kit.settings import Settings
from coop.metering.amounts import instant_of
from coop.metering.handlers.parking import park_unrouted
from coop.metering.handlers.receive import CSV, decode_delivery, receive, receive_many
from coop.metering.model import Delivery
from coop.values import BadInput, CoopError, Problem

TOPIC = "coop.metering.telegrams"
"""Raw telegrams: the body as it came, headers ``format``, ``gateway`` and ``received-at`` (ISO instant), and ``community``
where one installation serves several. Key them by gateway, so that one gateway's deliveries stay in order."""


class DeliveryIn(BaseModel):
    """One delivery of a batch; ``body`` is base64 of the bytes as they came."""

    model_config = ConfigDict(extra="forbid")

    format: str
    gateway: str
    received_at: datetime
    body: str


class BatchIn(BaseModel):
    """Deliveries in the order in which they came."""

    model_config = ConfigDict(extra="forbid")

    deliveries: list[DeliveryIn] = Field(min_length=1, max_length=5000)


class BatchAnswer(BaseModel):
    """What became of a batch: counts, and every problem with the place of its delivery in the batch."""

    deliveries: int
    duplicates: int
    values: int
    problems: list[dict[str, Any]]


def router(database: Database) -> APIRouter:
    """The batch door."""
    api = APIRouter(prefix="/metering/api", tags=["metering"])

    @api.post("/deliveries/batch")
    def deliver_many(request: Request, batch: BatchIn) -> BatchAnswer:
        """Take many deliveries in one transaction; what is bad in them is parked and named."""
        session = require(request, "board", "operator")
        decoded = [
            decode_delivery(
                one.format,
                _bytes(one.body, place),
                gateway=one.gateway,
                received_at=one.received_at.astimezone(UTC),
            )
            for place, one in enumerate(batch.deliveries)
        ]
        receipts = receive_many(database, session.community, decoded)
        return BatchAnswer(
            deliveries=len(receipts),
            duplicates=sum(receipt.duplicate for receipt in receipts),
            values=sum(receipt.values for receipt in receipts),
            problems=[
                {"delivery": place, "line": problem.line, "field": problem.field, "reason": problem.reason}
                for place, receipt in enumerate(receipts)
                for problem in receipt.problems
            ],
        )

    return api


def raw_topics(database: Database, settings: Settings) -> dict[str, RawHandler]:
    """The Kafka topics that metering reads itself, each with what takes its messages."""

    def take(messages: Sequence[tuple[Mapping[str, str], bytes]]) -> None:
        opened = [(headers, body, read_message(headers, body)) for headers, body in messages]
        with database.write() as connection:
            for headers, body, delivery in opened:
                community = headers.get("community", settings.community)
                if isinstance(delivery, Delivery):
                    receive(connection, community, delivery)
                else:
                    where = f"{headers.get('gateway', 'kafka')}/{headers.get('format', '')}"[:80]
                    park_unrouted(connection, community, where, body, delivery)

    return {TOPIC: take}


def read_message(headers: Mapping[str, str], body: bytes) -> Delivery | CoopError:
    """A raw message decoded, or why nothing can be made of it."""
    format, told = headers.get("format", ""), headers.get("received-at")
    try:
        received_at = instant_of(told, "received-at") if told else clock.now()
        if format == CSV:
            raise BadInput([Problem("a file is imported by somebody who sees what becomes of it", "format")])
        return decode_delivery(format, body, gateway=headers.get("gateway", "kafka"), received_at=received_at)
    except BadInput as refusal:
        return refusal


def _bytes(text: str, place: int) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadInput([Problem(f"is not base64: {error}", f"deliveries[{place}].body")]) from error
