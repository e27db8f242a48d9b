"""The batch door: many deliveries in one request and one transaction, for head-ends and collectors that gather them.

A batch is durable when it is answered, and comes again whole when it was not. What is bad in it is parked by itself, as
with a single delivery; a batch that cannot be read is refused with the place of each mistake.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.kit.http import GuardedRoute, body_max, writing
from coop.metering.access import ACCESS
from coop.metering.amounts import receipt_of
from coop.metering.handlers.receive import decode_delivery, receive_all
from coop.metering.model import Delivery
from coop.values import BadInput, Problem

BATCH_MAX = 64 * 1024 * 1024
"""Largest batch [bytes]."""

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/api/v1", tags=["metering"])
may = ACCESS.may


class DeliveryIn(BaseModel):
    """One delivery of a batch; ``body`` is base64 of the bytes as they came. Without ``received_at``, received now."""

    model_config = ConfigDict(extra="forbid")

    format: str
    gateway: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
    received_at: datetime | None = None
    body: str


class BatchIn(BaseModel):
    """Deliveries in the order in which they came."""

    model_config = ConfigDict(extra="forbid")

    deliveries: list[DeliveryIn] = Field(min_length=1, max_length=5000)


class BatchAnswer(BaseModel):
    """Outcome of a batch: counts, and every problem with the place of its delivery in the batch."""

    deliveries: int
    duplicates: int
    values: int
    problems: list[dict[str, Any]]


@routes.post("/deliveries/batch")
@may("import-readings")
@body_max(BATCH_MAX)
def deliver_many(request: Request, batch: BatchIn) -> BatchAnswer:
    """Take many deliveries in one transaction; what is bad in them is parked and named."""
    now = request.state.database.clock.now()
    deliveries = [_decode(one, place, now) for place, one in enumerate(batch.deliveries)]
    with writing(request) as tx:
        receipts = receive_all(tx, deliveries)
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


def _decode(one: DeliveryIn, place: int, now: datetime) -> Delivery:
    received_at = receipt_of(one.received_at, now, f"deliveries[{place}].received_at")
    try:
        body = base64.b64decode(one.body, validate=True)
    except ValueError as error:  # of which binascii.Error is one, and what is said of text outside ASCII another
        raise BadInput([Problem(f"is not base64: {error}", f"deliveries[{place}].body")]) from error
    return decode_delivery(one.format, body, gateway=one.gateway, received_at=received_at)
