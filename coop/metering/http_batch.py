"""The batch door: many deliveries in one request and one transaction, for head-ends and collectors that gather them.

A batch is durable when it is answered, and comes again whole when it was not. What is bad in it is parked by itself, as
with a single delivery; a batch that cannot be read is refused with the place of each mistake.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.kit.auth import require
from coop.kit.database import Database
from coop.metering.handlers.receive import decode_delivery, receive_many
from coop.values import BadInput, Problem


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
    """The one route of this door."""
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
                received_at=_utc(one.received_at, place),
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


def _bytes(text: str, place: int) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadInput([Problem(f"is not base64: {error}", f"deliveries[{place}].body")]) from error


def _utc(at: datetime, place: int) -> datetime:
    if at.tzinfo is None:
        raise BadInput([Problem("an instant needs its time zone", f"deliveries[{place}].received_at")])
    return at.astimezone(UTC)
