"""Deliveries: telegrams of gateways, batches of collectors, files of people; and what came in."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from coop.kit.answers import Answer, Body
from coop.kit.http import RawBody, body_max, reading, refuses, session_of, writing
from coop.kit.paging import Paged
from coop.kit.problems import problem_answer
from coop.kit.session import NotAllowed, Session
from coop.kit.tokens import Program
from coop.metering.amounts import receipt_of
from coop.metering.fields import DeliveryId, Name, make_router, may
from coop.metering.intake import doubts, receive
from coop.metering.intake.api import examples
from coop.metering.intake.api.receipts import ProblemOut, ReceiptOut
from coop.metering.intake.gateways import CarrierMandate, GatewayMandate
from coop.metering.model import Delivery
from coop.metering.readings import arrivals
from coop.metering.receipt import Receipt
from coop.values import BadInput, Problem, say

DELIVERY_MAX = 64 * 1024 * 1024
"""Largest delivery or batch [bytes]: a year of quarter-hours of a hundred meters in one batch is half of this."""

routes = make_router()


class Format(StrEnum):
    """Formats of telegrams."""

    P1 = "p1"
    MBUS = "mbus"
    HEAD_END = "head-end"


Mapping = Annotated[
    str,
    Query(
        max_length=10_000,
        description="Meaning of the columns, as JSON: `time_column`; `meter` or `meter_column`; `columns`, each with "
        "`column`, `quantity`, `unit`, and `kind` (`stand` or `interval`, then with `step_s`, and `time_is` `end` "
        "where the time of a line ends its interval); and where they differ "
        "from `,` `.` `Europe/Amsterdam` and ISO 8601: `delimiter`, `decimal`, `timezone`, `time_format`.",
        examples=[examples.CSV_MAPPING],
        json_schema_extra={"contentMediaType": "application/json"},
    ),
]
ClaimedReceipt = Annotated[
    datetime | None,
    Field(description="When it was received, with its time zone, if not now; never in the future."),
]


class DeliveryOut(Answer):
    """A delivery that came in, without its body."""

    id: DeliveryId
    format: Annotated[str, Field(examples=["p1"])]
    """Format of its body."""
    gateway: Annotated[str, Field(examples=["head-end-1"])]
    """Source that it came from."""
    received_at: datetime
    """Instant at which it was received: claimed for what was imported, else the server's."""
    recorded_at: datetime
    """Instant at which the server kept it."""
    actor: Annotated[str, Field(examples=["gateway:head-end-1"])]
    """Kind and id of who handed it over."""
    channel: Annotated[str, Field(examples=["api"])]
    """Way in which it came."""
    size_bytes: Annotated[int, Field(examples=[412])]
    """Size of its body [bytes]."""
    values_taken: Annotated[int, Field(examples=[96])]
    """Readings that were taken."""
    observations: Annotated[int, Field(examples=[1])]
    """Versions of a register's day that these made."""
    problems: Annotated[int, Field(examples=[0])]
    """Number of problems in it."""
    undoes: str | None
    """Import that it took back; null for all others."""


class DeliveryIn(Body):
    """One delivery of a batch."""

    format: Annotated[str, Field(examples=list(Format), max_length=20)]
    """Format of its body, one of those of `POST /deliveries`."""
    gateway: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$", examples=["head-end-1"])] = ""
    """Name of the gateway that it came from; a gateway delivers under its own name, and may leave it out."""
    received_at: ClaimedReceipt = None
    body: Annotated[str, Field(examples=[base64.b64encode(examples.HEAD_END.encode()).decode()])]
    """Base64 of the bytes as they came."""


class BatchIn(Body):
    """Deliveries in the order in which they came."""

    deliveries: list[DeliveryIn] = Field(min_length=1, max_length=5000)


class BatchProblemOut(ProblemOut):
    """One thing that was wrong in a batch."""

    delivery: int
    """Place of its delivery in the batch, from 0."""


class BatchOut(Answer):
    """Outcome of a batch."""

    deliveries: Annotated[int, Field(examples=[24])]
    """Deliveries that were taken."""
    duplicates: Annotated[int, Field(examples=[0])]
    """Those among them that were here before."""
    values: Annotated[int, Field(examples=[2304])]
    """Readings that were taken."""
    problems: list[BatchProblemOut]
    """What was not taken; it is parked, and the rest went in."""


@routes.post(
    "/deliveries",
    response_model=ReceiptOut,
    openapi_extra={"requestBody": examples.TELEGRAM_BODY},
)
@may("deliver")
@body_max(DELIVERY_MAX)
@refuses("nothing-good", "readings-detached")
def deliver_telegrams(request: Request, body: RawBody, format: Format, gateway: Name = "upload") -> Response:
    """Take a delivery in one format, as the device said it: one telegram or many.

    What is good in it goes in, what is not is named and parked. Where nothing in it was good, the problem
    `nothing-good` (422) carries the receipt as well. It is received now. A gateway delivers
    under its own name, and readings of its own meters alone; `gateway` names the source of what somebody else uploads.
    The same body again changes nothing.
    """
    mandate = _mandate_of(session_of(request))
    sender = mandate.gateway if mandate else gateway
    received_at = request.state.database.clock.now()
    decoded = receive.decode_delivery(format.value, body, gateway=sender, received_at=received_at)
    delivery = replace(decoded, mandate=mandate or CarrierMandate())
    with writing(request) as tx:
        return _answer(request, receive.receive(tx, delivery))


@routes.get("/deliveries")
@may("see-data")
def list_deliveries(request: Request, page: Paged) -> list[DeliveryOut]:
    """Deliveries that came in, by any door, newest first."""
    with reading(request) as tx:
        kept = page.close(arrivals.list_deliveries(tx, page.window), lambda row: (row.number,))
    return [DeliveryOut.model_validate(delivery) for delivery in kept]


@routes.post("/deliveries/batch")
@may("deliver")
@body_max(DELIVERY_MAX)
@refuses("bad-input", "unknown-format", "readings-detached")
def deliver_batch(request: Request, batch: BatchIn) -> BatchOut:
    """Take many deliveries in one transaction, for head-ends and collectors that gather them.

    A batch is durable when it is answered, and comes again whole when it was not. What is bad in it is parked by
    itself, as with a single delivery; a batch that cannot be read is refused with the place of each mistake. When they
    were received is the server's to say; only people who import what came in earlier may claim it.
    """
    now, mandate = request.state.database.clock.now(), _mandate_of(session_of(request))
    deliveries = [_decode(delivery, place, now, mandate) for place, delivery in enumerate(batch.deliveries)]
    with writing(request) as tx:
        receipts = receive.receive_all(tx, deliveries)
    return BatchOut(
        deliveries=len(receipts),
        duplicates=sum(receipt.duplicate for receipt in receipts),
        values=sum(receipt.values for receipt in receipts),
        problems=_problems(receipts),
    )


@routes.post("/csv", response_model=ReceiptOut, openapi_extra={"requestBody": examples.CSV_BODY})
@may("import-readings")
@body_max(DELIVERY_MAX)
@refuses("bad-mapping", "bad-file", "doubtful-file", "bad-input", "readings-detached")
def import_readings(
    request: Request,
    body: RawBody,
    mapping: Mapping,
    received_at: ClaimedReceipt = None,
    dry_run: bool = False,
    reason: Annotated[
        str, Query(max_length=doubts.REASON_MAX, description="Why it is right, where something is doubted.")
    ] = "",
) -> Response:
    """Import readings from a CSV file, whole or not at all; a dry run says what would happen, and what is doubted.

    A file of which something is doubted (a fall, a jump, other use than before, electricity of a solar meter at night,
    swapped columns, another time than the register's) is refused as `doubtful-file` until a `reason` comes along.
    """
    at = receipt_of(received_at, request.state.database.clock.now())
    sender = session_of(request).account_id
    delivery = receive.decode_delivery(receive.CSV, body, gateway=sender, received_at=at, mapping=_read_json(mapping))
    with writing(request) as tx:
        if not dry_run:
            return _answer(request, receive.receive(tx, doubts.confirm(tx, delivery, reason)))
        found = tuple(doubts.find_doubts(tx, delivery))
        return _answer(request, replace(receive.preview(tx, delivery), doubts=found))


@routes.post("/imports/{delivery_id}/undo")
@may("import-readings")
@refuses("no-such-import", "readings-detached")
def undo_readings(request: Request, delivery_id: str) -> ReceiptOut:
    """Take an imported file back; what came later and from elsewhere stays."""
    with writing(request) as tx:
        return ReceiptOut.model_validate(receive.undo_import(tx, delivery_id))


def _answer(request: Request, receipt: Receipt) -> Response:
    if not receipt.accepted:
        return problem_answer(request, BadInput(receipt.problems, "nothing-good"), asdict(receipt))
    return JSONResponse(asdict(receipt))


def _problems(receipts: Sequence[Receipt]) -> list[BatchProblemOut]:
    return [
        BatchProblemOut(delivery=place, reason=problem.reason, field=problem.field, line=problem.line)
        for place, receipt in enumerate(receipts)
        for problem in receipt.problems
    ]


def _mandate_of(session: Session) -> GatewayMandate | None:
    """The right of a gateway to speak; None for a person, who speaks of every meter."""
    if session.kind == "account":
        return None
    if not isinstance(session, Program) or session.gateway is None:
        raise NotAllowed(say("this program is no gateway"))
    return GatewayMandate(session.gateway, session.meters, devices=session.device_meters)


def _decode(delivery: DeliveryIn, place: int, now: datetime, mandate: GatewayMandate | None) -> Delivery:
    if mandate and delivery.received_at is not None:
        raise BadInput([Problem(say("is not a gateway's to say"), f"deliveries[{place}].received_at")])
    if mandate and delivery.gateway not in ("", mandate.gateway):
        raise BadInput(
            [
                Problem(
                    say("is not %(gateway)s, whose token came along", gateway=mandate.gateway),
                    f"deliveries[{place}].gateway",
                )
            ]
        )
    sender = mandate.gateway if mandate else delivery.gateway or "upload"
    received_at = receipt_of(delivery.received_at, now, f"deliveries[{place}].received_at")
    try:
        body = base64.b64decode(delivery.body, validate=True)
    except ValueError as error:  # of which binascii.Error is one, and what is said of text outside ASCII another
        raise BadInput(
            [Problem(say("is not base64: %(error)s", error=str(error)), f"deliveries[{place}].body")]
        ) from error
    decoded = receive.decode_delivery(delivery.format, body, gateway=sender, received_at=received_at)
    return replace(decoded, mandate=mandate or CarrierMandate())


def _read_json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput([Problem(say("is not JSON: %(error)s", error=str(error)), "mapping")], "bad-mapping") from error
    if not isinstance(read, dict):
        raise BadInput([Problem(say("is not a JSON object"), "mapping")], "bad-mapping")
    return read
