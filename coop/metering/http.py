"""The JSON API of metering, under ``/metering/api``: deliveries, files, meters, groups, gateways, periods, readings.

Handlers run in threads, and a body is decoded before the transaction opens.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from coop.kit import clock
from coop.kit.auth import NotSignedIn, Session, require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering import queries
from coop.metering.amounts import amount, instant_of
from coop.metering.handlers import close, parking, verify
from coop.metering.handlers.receive import decode_delivery, preview, receive, undo_import
from coop.metering.handlers.register import exchange_meter, register_gateway, register_meters, set_group, token_hash
from coop.metering.meters_csv import read_meters
from coop.metering.model import Meter, MeterKind, Quantity, Receipt
from coop.metering.storage import register
from coop.metering.storage.periods import Closed
from coop.metering.storage.register import Group
from coop.values import BadInput, CoopError, Period, Problem

LARGEST_BODY = 64 * 1024 * 1024
"""A year of quarter-hours of a hundred meters in one batch is half of this."""

KEEPERS = ("board", "operator")
READERS = ("board", "treasurer", "auditor", "operator")


class MeterIn(BaseModel):
    """A meter to register. Dates are civil dates (from midnight) or instants; maxima are texts such as "10000 GJ"."""

    model_config = ConfigDict(extra="forbid")

    serial: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")]
    kind: MeterKind
    connection_id: str | None = None
    installed_on: str
    removed_on: str | None = None
    maxima: dict[Quantity, str] = {}


class ExchangeIn(BaseModel):
    """A meter exchange with the stands at both sides, as texts such as "12.34 GJ"."""

    model_config = ConfigDict(extra="forbid")

    new_serial: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")]
    at: datetime
    end_stands: dict[Quantity, str]
    start_stands: dict[Quantity, str]
    maxima: dict[Quantity, str] = {}
    received_at: datetime | None = None


class GroupIn(BaseModel):
    """A sharing group: serials of the producing meters, and the connections that share, or "all"."""

    model_config = ConfigDict(extra="forbid")

    group_id: Annotated[str, Field(min_length=1, max_length=100)]
    producers: list[str]
    connections: list[str] | str


class GatewayIn(BaseModel):
    """A gateway and the token that it will show."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S+$")]
    token: str


class CloseIn(BaseModel):
    """When a period is closed, and whether estimates are accepted where readings are missing."""

    model_config = ConfigDict(extra="forbid")

    closed_at: datetime | None = None
    accept_estimates: bool = False
    dry_run: bool = False


def router(database: Database, settings: Settings) -> APIRouter:
    """All routes of the API."""
    api = APIRouter(prefix="/metering/api", tags=["metering"])

    def sender(request: Request) -> tuple[str, str | None]:
        """(community, gateway) of who delivers: a gateway by its token, or a keeper who is signed in."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            with database.read() as connection:
                known = register.gateway_of(connection, token_hash(token.strip()))
            if known is None:
                raise NotSignedIn
            return known
        return require(request, *KEEPERS).community, None

    @api.post("/deliveries")
    async def deliver(
        request: Request, format: str, gateway: str = "", received_at: datetime | None = None
    ) -> Response:
        """Take a delivery: 200 with the receipt, 422 with the problems when nothing in it was good."""
        body = await _body(request)

        def work() -> Response:
            community, name = sender(request)
            at = _utc(received_at)
            delivery = decode_delivery(format, body, gateway=name or gateway or "upload", received_at=at)
            with database.write() as connection:
                receipt = receive(connection, community, delivery)
            return _answer(receipt)

        return await run_in_threadpool(work)

    @api.post("/csv")
    async def import_csv(
        request: Request, mapping: str, received_at: datetime | None = None, dry_run: bool = False
    ) -> Response:
        """Import a CSV file, whole or not at all. ``mapping`` is JSON; a dry run says what would happen."""
        session = require(request, *KEEPERS)
        body = await _body(request)

        def work() -> Response:
            at = _utc(received_at)
            told = _json(mapping)
            delivery = decode_delivery("csv", body, gateway=session.account_id, received_at=at, mapping=told)
            with database.write() as connection:
                receipt = (preview if dry_run else receive)(connection, session.community, delivery)
            return _answer(receipt)

        return await run_in_threadpool(work)

    @api.post("/imports/{delivery_id}/undo")
    def undo(request: Request, delivery_id: str, received_at: datetime | None = None) -> Response:
        """Take an imported file back."""
        session = require(request, *KEEPERS)
        with database.write() as connection:
            return _answer(undo_import(connection, session.community, delivery_id, _utc(received_at)))

    @api.post("/meters")
    def add_meters(request: Request, meters: list[MeterIn]) -> dict[str, int]:
        """Register meters, all or none."""
        session = require(request, *KEEPERS)
        with database.write() as connection:
            return {"registered": register_meters(connection, session.community, [_meter(one) for one in meters])}

    @api.post("/meters/csv")
    async def add_meters_csv(request: Request) -> dict[str, int]:
        """Register meters from a CSV file with a column for each field, all or none."""
        session = require(request, *KEEPERS)
        meters = read_meters(await _body(request))

        def work() -> dict[str, int]:
            with database.write() as connection:
                return {"registered": register_meters(connection, session.community, meters)}

        return await run_in_threadpool(work)

    @api.get("/meters")
    def meters(request: Request) -> list[dict[str, Any]]:
        """All meters."""
        session = require(request, *READERS)
        with database.read() as connection:
            return [queries.meter_json(one) for one in register.all_meters(connection, session.community)]

    @api.post("/meters/{serial}/exchange")
    def exchange(request: Request, serial: str, told: ExchangeIn) -> Response:
        """Exchange a meter for a new one, with the end and the start stand."""
        session = require(request, *KEEPERS)
        at = told.at.astimezone(UTC)
        with database.write() as connection:
            was = register.meters_of(connection, session.community, [serial]).get(serial)
            if was is None:
                raise CoopError("unknown-meter", f"meter {serial} is not registered")
            maxima = _amounts(told.maxima, "maxima")
            new = Meter(told.new_serial, was.kind, was.connection_id, at, None, maxima)
            stands = (_amounts(told.end_stands, "end_stands"), _amounts(told.start_stands, "start_stands"))
            received_at = _utc(told.received_at)
            return _answer(exchange_meter(connection, session.community, serial, new, at, *stands, received_at))

    @api.post("/groups")
    def add_group(request: Request, told: GroupIn) -> dict[str, str]:
        """Set a sharing group."""
        session = require(request, *KEEPERS)
        if isinstance(told.connections, str) and told.connections != "all":
            raise BadInput([Problem('is a list of connections or "all"', "connections")])
        shared = None if isinstance(told.connections, str) else tuple(told.connections)
        with database.write() as connection:
            set_group(connection, session.community, Group(told.group_id, tuple(told.producers), shared))
        return {"group_id": told.group_id}

    @api.post("/gateways")
    def add_gateway(request: Request, told: GatewayIn) -> dict[str, str]:
        """Let a gateway in by its token."""
        session = require(request, *KEEPERS)
        with database.write() as connection:
            register_gateway(connection, session.community, told.name, told.token)
        return {"name": told.name}

    @api.get("/parked")
    def parked(request: Request) -> list[dict[str, Any]]:
        """Telegrams that were refused and wait for somebody."""
        session = require(request, *READERS)
        with database.read() as connection:
            return [queries.letter_json(row) for row in parking.parked_telegrams(connection, session.community)]

    @api.post("/parked/{letter_id}/replay")
    def replay(request: Request, letter_id: str) -> dict[str, int]:
        """Try a parked telegram again."""
        session = require(request, *KEEPERS)
        with database.write() as connection:
            return {"values": parking.replay_telegram(connection, session.community, letter_id).values}

    @api.post("/parked/{letter_id}/discard")
    def discard(request: Request, letter_id: str) -> dict[str, str]:
        """Close a parked telegram without taking it in."""
        session = require(request, *KEEPERS)
        with database.write() as connection:
            parking.discard_telegram(connection, session.community, letter_id)
        return {"discarded": letter_id}

    @api.post("/periods/{period:path}/close")
    def close_one(request: Request, period: str, told: Annotated[CloseIn, Body()]) -> dict[str, Any]:
        """Close a period, or with ``dry_run`` say what it would come to."""
        session = require(request, "board", "treasurer", "operator")
        wanted = Period.parse(period)
        if told.dry_run:
            with database.read() as connection:
                return queries.results_json(close.compute_period(connection, session.community, wanted))
        with database.write() as connection:
            return _closed(
                close.close_period(
                    connection,
                    session.community,
                    wanted,
                    _utc(told.closed_at),
                    accept_estimates=told.accept_estimates,
                )
            )

    @api.post("/periods/{period:path}/correct")
    def correct_one(request: Request, period: str, told: Annotated[CloseIn, Body()]) -> dict[str, Any]:
        """Compute a closed period again and tell what changed."""
        session = require(request, "board", "treasurer", "operator")
        with database.write() as connection:
            return _closed(
                close.correct_period(connection, session.community, Period.parse(period), _utc(told.closed_at))
            )

    @api.get("/periods")
    def list_periods(request: Request) -> list[dict[str, Any]]:
        """Closed periods in their newest revision, with how many late values touched them since."""
        session = require(request, *READERS)
        with database.read() as connection:
            return queries.periods_json(connection, session.community)

    @api.get("/completeness")
    def completeness(request: Request, period: str) -> dict[str, Any]:
        """Readings per meter and day in a period."""
        session = require(request, *READERS)
        with database.read() as connection:
            return queries.completeness(connection, session.community, Period.parse(period)).to_json()

    @api.get("/readings")
    def own_readings(request: Request) -> list[dict[str, Any]]:
        """Measurements of the member who is signed in; of everybody for those who keep the books."""
        session = require(request)
        with database.read() as connection:
            return queries.measurements_json(connection, session.community, _whose(session))

    @api.get("/allocations")
    def own_allocations(request: Request) -> list[dict[str, Any]]:
        """Allocations of the member who is signed in; of everybody for those who keep the books."""
        session = require(request)
        with database.read() as connection:
            return queries.allocations_json(connection, session.community, _whose(session))

    @api.get("/allocations/{run_id}/{connection_id}/why")
    def why(request: Request, run_id: str, connection_id: str, at: datetime) -> dict[str, Any]:
        """Why a connection got what it got in one quarter-hour."""
        session = require(request)
        with database.read() as connection:
            queries.require_own(connection, session, run_id, connection_id, at.astimezone(UTC))
            found = verify.explain_allocation(connection, session.community, run_id, connection_id, at.astimezone(UTC))
        return queries.quarter_json(found)

    @api.get("/state")
    def state(request: Request) -> dict[str, Any]:
        """Every measurement, allocation and period as told, in one order and without a clock: to compare two runs."""
        session = require(request, *READERS)
        with database.read() as connection:
            return queries.state(connection, session.community)

    return api


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise BadInput([Problem(f"is larger than {LARGEST_BODY} bytes", "body")], "too-large")
        parts.append(part)
    return b"".join(parts)


def _answer(receipt: Receipt) -> Response:
    body = asdict(receipt)
    if not receipt.accepted:
        body |= {"code": "nothing-good", "message": "; ".join(str(problem) for problem in receipt.problems)}
    return JSONResponse(body, 200 if receipt.accepted else 422)


def _closed(one: Closed) -> dict[str, Any]:
    return queries.closed_json(one)


def _utc(at: datetime | None) -> datetime:
    if at is None:
        return clock.now()
    if at.tzinfo is None:
        raise BadInput([Problem("an instant needs its time zone", "received_at")])
    return at.astimezone(UTC)


def _whose(session: Session) -> str | None:
    if session.has(*READERS):
        return None
    if session.member_id is None:
        raise NotSignedIn
    return session.member_id


def _json(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError as error:
        raise BadInput([Problem(f"is not JSON: {error}", "mapping")], "bad-mapping") from error
    if not isinstance(told, dict):
        raise BadInput([Problem("is not a JSON object", "mapping")], "bad-mapping")
    return told


def _meter(told: MeterIn) -> Meter:
    return Meter(
        told.serial,
        told.kind,
        told.connection_id,
        instant_of(told.installed_on, "installed_on"),
        instant_of(told.removed_on, "removed_on") if told.removed_on else None,
        _amounts(told.maxima, "maxima"),
    )


def _amounts(told: dict[Quantity, str], field: str) -> dict[Quantity, Decimal]:
    return {quantity: amount(text, quantity, field) for quantity, text in told.items()}
