"""The JSON API of metering, under ``/metering/api/v1``: deliveries, files, meters, groups, gateways, periods, readings.

Handlers run in threads, and a body is decoded before the transaction opens.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from coop.kit.http import GuardedRoute, RawBody, body_max, reading, session_of, writing
from coop.kit.problems import problem_answer
from coop.metering import queries
from coop.metering.access import ACCESS
from coop.metering.amounts import amount, instant_of, read_period, receipt_of, utc
from coop.metering.handlers import parking
from coop.metering.handlers.close import close_period, correct_period
from coop.metering.handlers.receive import decode_delivery, preview, receive, undo_import
from coop.metering.handlers.register import exchange_meter, register_gateway, register_meters, set_group
from coop.metering.handlers.results import compute_period
from coop.metering.handlers.verify import explain_allocation
from coop.metering.meters_csv import read_meters
from coop.metering.model import Meter, MeterKind, Quantity, Receipt
from coop.values import BadInput, Problem

DELIVERY_MAX = 64 * 1024 * 1024
"""Largest delivery [bytes]: a year of quarter-hours of a hundred meters in one batch is half of this."""

REGISTER_MAX = 8 * 1024 * 1024
"""Largest list of meters [bytes]: ten thousand meters are a fourth of this."""

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/api/v1", tags=["metering"])
may = ACCESS.may

Serial = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s\x00]+$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]


class MeterIn(BaseModel):
    """A meter to register. Dates are civil dates (from midnight) or instants; maxima are texts such as "10000 GJ"."""

    model_config = ConfigDict(extra="forbid")

    serial: Serial
    kind: MeterKind
    connection_id: Name | None = None
    installed_on: str
    removed_on: str | None = None
    maxima: dict[Quantity, str] = {}


class ExchangeIn(BaseModel):
    """A meter exchange with the stands at both sides, as texts such as "12.34 GJ"."""

    model_config = ConfigDict(extra="forbid")

    new_serial: Serial
    at: datetime
    end_stands: dict[Quantity, str]
    start_stands: dict[Quantity, str]
    maxima: dict[Quantity, str] = {}


class GroupIn(BaseModel):
    """A sharing group: serials of the producing meters, and the connections that share, or "all"."""

    model_config = ConfigDict(extra="forbid")

    group_id: Name
    producers: list[Serial]
    connections: list[Name] | str


class GatewayIn(BaseModel):
    """A gateway and the token that it will show."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s\x00]+$")]
    token: str


class CloseIn(BaseModel):
    """A closing: estimates may be accepted where readings are missing, and it may be only looked at."""

    model_config = ConfigDict(extra="forbid")

    accept_estimates: bool = False
    dry_run: bool = False


class CorrectIn(BaseModel):
    """Nothing needs to be said of a correction."""

    model_config = ConfigDict(extra="forbid")


@routes.post("/deliveries")
@may("deliver")
@body_max(DELIVERY_MAX)
def deliver(request: Request, body: RawBody, format: str, gateway: Name = "upload") -> Response:
    """Take a delivery: 200 with the receipt, 422 with the problems when nothing in it was good.

    It is received now. A gateway delivers under its own name; ``gateway`` names the source of what somebody else
    uploads.
    """
    session = session_of(request)
    sender = session.name if session.kind == "gateway" else gateway
    received_at = request.state.database.clock.now()
    delivery = decode_delivery(format, body, gateway=sender, received_at=received_at)
    with writing(request) as tx:
        return _answer(receive(tx, delivery))


@routes.post("/csv")
@may("import-readings")
@body_max(DELIVERY_MAX)
def import_csv(
    request: Request, body: RawBody, mapping: str, received_at: datetime | None = None, dry_run: bool = False
) -> Response:
    """Import a CSV file, whole or not at all. ``mapping`` is JSON; a dry run says what would happen."""
    at = receipt_of(received_at, request.state.database.clock.now())
    sender = session_of(request).account_id
    delivery = decode_delivery("csv", body, gateway=sender, received_at=at, mapping=_read_json(mapping))
    with writing(request) as tx:
        return _answer((preview if dry_run else receive)(tx, delivery))


@routes.post("/imports/{delivery_id}/undo")
@may("import-readings")
def undo(request: Request, delivery_id: str) -> Response:
    """Take an imported file back."""
    with writing(request) as tx:
        return _answer(undo_import(tx, delivery_id))


@routes.post("/meters")
@may("keep-register")
@body_max(REGISTER_MAX)
def add_meters(request: Request, meters: list[MeterIn]) -> dict[str, int]:
    """Register meters, all or none."""
    with writing(request) as tx:
        return {"registered": register_meters(tx, [_read_meter(one) for one in meters])}


@routes.post("/meters/csv")
@may("keep-register")
@body_max(REGISTER_MAX)
def add_meters_csv(request: Request, body: RawBody) -> dict[str, int]:
    """Register meters from a CSV file with a column for each field, all or none."""
    meters = read_meters(body)
    with writing(request) as tx:
        return {"registered": register_meters(tx, meters)}


@routes.get("/meters")
@may("see-register")
def list_meters(request: Request) -> list[dict[str, Any]]:
    """All meters."""
    with reading(request) as tx:
        return queries.list_meters(tx)


@routes.post("/meters/{serial}/exchange")
@may("keep-register")
def exchange(request: Request, serial: str, exchanged: ExchangeIn) -> Response:
    """Exchange a meter for a new one, with the end and the start stand."""
    with writing(request) as tx:
        receipt = exchange_meter(
            tx,
            serial,
            exchanged.new_serial,
            utc(exchanged.at, "at"),
            _read_amounts(exchanged.end_stands, "end_stands"),
            _read_amounts(exchanged.start_stands, "start_stands"),
            _read_amounts(exchanged.maxima, "maxima"),
        )
    return _answer(receipt)


@routes.post("/groups")
@may("keep-register")
def add_group(request: Request, group: GroupIn) -> dict[str, str]:
    """Set a sharing group."""
    if isinstance(group.connections, str) and group.connections != "all":
        raise BadInput([Problem('is a list of connections or "all"', "connections")])
    connections = None if isinstance(group.connections, str) else tuple(group.connections)
    with writing(request) as tx:
        set_group(tx, group.group_id, group.producers, connections)
    return {"group_id": group.group_id}


@routes.post("/gateways")
@may("keep-register")
def add_gateway(request: Request, gateway: GatewayIn) -> dict[str, str]:
    """Let a gateway in by its token."""
    with writing(request) as tx:
        register_gateway(tx, gateway.name, gateway.token)
    return {"name": gateway.name}


@routes.get("/parked")
@may("see-parked")
def list_parked(request: Request) -> list[dict[str, Any]]:
    """Telegrams that were refused and wait for somebody."""
    with reading(request) as tx:
        return [queries.letter_json(letter) for letter in parking.list_telegrams(tx)]


@routes.post("/parked/{letter_id}/replay")
@may("settle-parked")
def replay(request: Request, letter_id: str) -> dict[str, int]:
    """Try a parked telegram again."""
    with writing(request) as tx:
        return {"values": parking.replay_telegram(tx, letter_id).values}


@routes.post("/parked/{letter_id}/discard")
@may("settle-parked")
def discard(request: Request, letter_id: str) -> dict[str, str]:
    """Close a parked telegram without taking it in."""
    with writing(request) as tx:
        parking.discard_telegram(tx, letter_id)
    return {"discarded": letter_id}


@routes.post("/periods/{period:path}/close")
@may("close-period")
def close(request: Request, period: str, closing: Annotated[CloseIn, Body()]) -> dict[str, Any]:
    """Close a period, or with ``dry_run`` say what it would come to."""
    wanted = read_period(period)
    if closing.dry_run:
        with reading(request) as tx:
            return queries.results_json(compute_period(tx, wanted))
    with writing(request) as tx:
        return queries.closed_json(close_period(tx, wanted, accept_estimates=closing.accept_estimates))


@routes.post("/periods/{period:path}/correct")
@may("close-period")
def correct(request: Request, period: str, _correction: Annotated[CorrectIn, Body()]) -> dict[str, Any]:
    """Compute a closed period again and tell what changed."""
    wanted = read_period(period)
    with writing(request) as tx:
        return queries.closed_json(correct_period(tx, wanted))


@routes.get("/periods")
@may("see-data")
def list_periods(request: Request) -> list[dict[str, Any]]:
    """Closed periods in their newest revision, with how many late values touched them since."""
    with reading(request) as tx:
        return queries.periods_json(tx)


@routes.get("/completeness")
@may("see-data")
def completeness(request: Request, period: str) -> dict[str, Any]:
    """Readings per meter and day in a period."""
    wanted = read_period(period)
    with reading(request) as tx:
        return queries.completeness(tx, wanted).to_json()


@routes.get("/readings")
@may("see-energy")
def list_measurements(request: Request) -> list[dict[str, Any]]:
    """Measurements of the member who is signed in; of everybody for those who keep the books."""
    member_id = queries.whose(session_of(request))
    with reading(request) as tx:
        return queries.measurements_json(tx, member_id)


@routes.get("/allocations")
@may("see-energy")
def list_allocations(request: Request) -> list[dict[str, Any]]:
    """Allocations of the member who is signed in; of everybody for those who keep the books."""
    member_id = queries.whose(session_of(request))
    with reading(request) as tx:
        return queries.allocations_json(tx, member_id)


@routes.get("/allocations/{run_id}/{connection_id}/why")
@may("see-energy")
def explain(request: Request, run_id: str, connection_id: str, at: datetime) -> dict[str, Any]:
    """Explain what a connection got in one quarter-hour."""
    instant = utc(at, "at")
    with reading(request) as tx:
        queries.require_own(tx, session_of(request), run_id, connection_id, instant)
        return queries.quarter_json(explain_allocation(tx, run_id, connection_id, instant))


@routes.get("/state")
@may("see-data")
def state(request: Request) -> dict[str, Any]:
    """Every measurement, allocation and period as told, in one order and without a clock: to compare two runs."""
    with reading(request) as tx:
        return queries.state(tx)


def _answer(receipt: Receipt) -> Response:
    if not receipt.accepted:
        return problem_answer(BadInput(receipt.problems, "nothing-good"), asdict(receipt))
    return JSONResponse(asdict(receipt))


def _read_json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput([Problem(f"is not JSON: {error}", "mapping")], "bad-mapping") from error
    if not isinstance(read, dict):
        raise BadInput([Problem("is not a JSON object", "mapping")], "bad-mapping")
    return read


def _read_meter(meter: MeterIn) -> Meter:
    return Meter(
        meter.serial,
        meter.kind,
        meter.connection_id,
        instant_of(meter.installed_on, "installed_on"),
        instant_of(meter.removed_on, "removed_on") if meter.removed_on else None,
        _read_amounts(meter.maxima, "maxima"),
    )


def _read_amounts(texts: dict[Quantity, str], field: str) -> dict[Quantity, Decimal]:
    return {quantity: amount(text, quantity, field) for quantity, text in texts.items()}
