"""The register for programs: meters, and who shares with whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Body as BodyParam
from fastapi import Request
from pydantic import Field

from coop.kit.answers import Answer, Body, ExactDecimal
from coop.kit.http import RawBody, body_max, reading, refuses, writing
from coop.kit.paging import Paged
from coop.kit.things import changes
from coop.metering.amounts import instant_of, read_amounts
from coop.metering.fields import Amounts, DateOrInstant, GroupId, Name, Serial, make_router, may
from coop.metering.model import Meter, MeterKind, Quantity
from coop.metering.register import commands, connections, groups
from coop.metering.register import store as register
from coop.metering.register.groups import Group
from coop.metering.register.meters_file import read_meters
from coop.metering.register.model import MeterEntry

REGISTER_MAX = 8 * 1024 * 1024
"""Largest list of meters [bytes]: ten thousand meters are a fourth of this."""

METERS_CSV: Final = (
    "serial,kind,connection,installed_on,removed_on,maxima\nKWG50001,heat,101,2025-01-01,,heat=10000 GJ\n"
)

METERS_CSV_BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "A header with these names, in English or Dutch, then a meter a line; several maxima are parted by "
    "`;`. An xlsx of the same columns is taken too.",
    "content": {"text/csv": {"schema": {"type": "string"}, "example": METERS_CSV}},
}

routes = make_router()


class MeterIn(Body):
    """A meter to register."""

    serial: Serial
    kind: MeterKind
    """Purpose of the meter."""
    connection: Name | None = None
    """Number of the connection at which it hangs; none for a plant's meter."""
    installed_on: DateOrInstant
    """First day or instant from which it counts."""
    removed_on: DateOrInstant | None = None
    """Day or instant at which it was taken away."""
    maxima: Amounts = Field(default_factory=dict)
    """By quantity, the first value that the register cannot show, at which it starts again from zero."""


class PlaceOut(Answer):
    """A place where a meter hung, and how far its registers counted there."""

    connection_id: str | None
    """Id of the connection; none for a plant's meter."""
    connection: str | None
    """Number of that connection."""
    installed_at: datetime
    """Instant from which it hung there."""
    removed_at: datetime | None
    """Instant up to which; null while it hangs there."""
    maxima: dict[Quantity, ExactDecimal]
    """By quantity, the first value [base unit: J, Wh, l] that the register could not show."""


class MeterOut(Answer):
    """A meter of the register."""

    serial: Serial
    kind: MeterKind
    """Purpose of the meter."""
    connection_id: str | None
    """Id of the connection at which it hangs; none for a plant's meter."""
    connection: str | None
    """Number of that connection."""
    installed_at: datetime
    """Instant from which it counts."""
    removed_at: datetime | None
    """Instant at which it was taken away; null while it hangs."""
    maxima: dict[Quantity, ExactDecimal]
    """By quantity, the first value [base unit: J, Wh, l] that the register cannot show."""
    places: list[PlaceOut]
    """Every place where it hung, in the order of time; the last one is that above."""


class RegisteredOut(Answer):
    """Number of new things of what was sent."""

    registered: Annotated[int, Field(examples=[1])]
    """Meters that were not in the register yet."""


class SharingGroupIn(Body):
    """A sharing group: who produces and who shares."""

    group_id: Annotated[Name, Field(examples=["roof"])]
    """Id of the group; one that is there is set anew."""
    producers: Annotated[list[Serial], Field(examples=[["SOLAR-1"]])]
    """Serials of the meters that produce."""
    connections: Annotated[Literal["all"] | list[Name], Field(examples=["all", ["101", "102"]])]
    """Numbers of the connections that share, or all."""
    since: Annotated[date | None, Field(examples=["2026-01-01"])] = None
    """Day from which it is so; by default the first one that is not closed, for a new group the beginning."""
    reason: Annotated[str, Field(max_length=500)] = ""
    """Why it changes."""
    reopens: bool = False
    """Whether it is a decision about closed periods too: each that it reaches waits for a correction."""


class SharingGroupOut(Answer):
    """A sharing group as it is today, or on the day from which it was changed."""

    group_id: GroupId
    producers: list[str]
    """Serials of the meters that produce."""
    connections: list[str] | None
    """Numbers of the connections that share; null when all do."""
    statements: Annotated[int, Field(examples=[4])]
    """How often somebody said who joins or leaves, also for a day to come; a change adds to it."""


@routes.post("/meters")
@may("keep-register")
@body_max(REGISTER_MAX)
@refuses("bad-input", "bad-meters")
def register_meters(request: Request, meters: list[MeterIn]) -> RegisteredOut:
    """Register meters, all or none; one that is there already must be the same."""
    with writing(request) as tx:
        return RegisteredOut(registered=commands.admit_meters(tx, [_read_meter(meter) for meter in meters]))


@routes.post("/meters/file", openapi_extra={"requestBody": METERS_CSV_BODY})
@may("keep-register")
@body_max(REGISTER_MAX)
@refuses("bad-meters", "bad-file")
def import_meters(request: Request, body: RawBody) -> RegisteredOut:
    """Register meters from a CSV or xlsx file with a column for each field, all or none."""
    meters = read_meters(body)
    with writing(request) as tx:
        return RegisteredOut(registered=commands.admit_meters(tx, meters))


@routes.get("/meters")
@may("see-register")
def list_meters(request: Request, page: Paged) -> list[MeterOut]:
    """All meters, by serial."""
    with reading(request) as tx:
        meters = page.close(register.list_meters(tx, page.window), lambda meter: (meter.serial,))
        numbers = connections.list_numbers(tx)
    return [meter_out(meter, numbers) for meter in meters]


@routes.get("/meters/{serial}")
@may("see-register")
def get_meter(request: Request, serial: Serial) -> MeterOut:
    """One meter; its ETag is what a change of it names."""
    with reading(request) as tx:
        return meter_out(commands.find_meter(tx, serial), connections.list_numbers(tx))


@routes.get("/groups/{group_id}")
@may("see-register")
def get_sharing_group(request: Request, group_id: GroupId) -> SharingGroupOut:
    """One sharing group as it is today; its ETag is what a change of it names."""
    with reading(request) as tx:
        group = commands.find_roster(tx, group_id).on(tx.today)
        return _group_out(group, connections.list_numbers(tx), groups.count_statements(tx))


@routes.post("/groups")
@may("keep-register")
@refuses("bad-group", "unknown-connection", "reaches-closed")
@changes(get_sharing_group)
def set_sharing_group(request: Request, group: Annotated[SharingGroupIn, BodyParam()]) -> SharingGroupOut:
    """Say from which day which meters produce for a sharing group, and which connections share."""
    numbers = None if group.connections == "all" else group.connections
    how = (group.since, group.reason, group.reopens)
    with writing(request) as tx:
        kept = commands.set_group_by_numbers(tx, group.group_id, group.producers, numbers, *how)
        return _group_out(kept, connections.list_numbers(tx), groups.count_statements(tx))


@routes.get("/groups")
@may("see-register")
def list_sharing_groups(request: Request, page: Paged) -> list[SharingGroupOut]:
    """Sharing groups, by id."""
    with reading(request) as tx:
        listed = page.close(groups.list_groups(tx, page.window), lambda group: (group.group_id,))
        numbers, counts = connections.list_numbers(tx), groups.count_statements(tx)
    return [_group_out(group, numbers, counts) for group in listed]


def meter_out(meter: Meter, numbers: Mapping[str, str]) -> MeterOut:
    """A meter, by the number of its connection."""
    return MeterOut(
        serial=meter.serial,
        kind=meter.kind,
        connection_id=meter.connection_id,
        connection=numbers.get(meter.connection_id or ""),
        installed_at=meter.installed_at,
        removed_at=meter.removed_at,
        maxima=dict(meter.maxima),
        places=[PlaceOut(connection=numbers.get(place.connection_id or ""), **vars(place)) for place in meter.places],
    )


def _group_out(group: Group, numbers: Mapping[str, str], statements: Mapping[str, int]) -> SharingGroupOut:
    named = connections.name_sharers(group, numbers)
    return SharingGroupOut(statements=statements.get(group.group_id, 0), **vars(named))


def _read_meter(meter: MeterIn) -> MeterEntry:
    return MeterEntry(
        meter.serial,
        meter.kind,
        meter.connection or "",
        instant_of(meter.installed_on, "installed_on"),
        instant_of(meter.removed_on, "removed_on") if meter.removed_on else None,
        read_amounts(meter.maxima, "maxima"),
    )
