"""The people, buildings and meters of the demonstration, after the WG area in Amsterdam
(docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu).

Everything here is invented: the square does not exist and every name says that it is a demonstration. Connection N is
first used by member N; who comes later has a letter behind the number. Nothing about connection N depends on how many
follow it, except that the people of connection 12 move to 11.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from coop.demo.gas import gas_years
from coop.demo.habits import kind_of
from coop.demo.meters import connection_meters, plant_meters, solar_meter
from coop.demo.model import (
    Building,
    Community,
    Connection,
    Contract,
    Member,
    MemberKind,
    Meter,
    Occupancy,
    Participant,
    Roof,
    SharingGroup,
)
from coop.demo.plan import DemoPlan, generator, sharing_group_id
from coop.values import derive_id, midnight

STREET = "Ketelhuisplein"

_HOMES = (2, 4, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74, 78, 82, 86, 90, 94, 98, 102, 144)
"""Connections per building: 28 buildings, 1,500 in all; small ones first, so that few homes have several roofs."""

_KIND_NL = {"tenant": "huurder", "owner": "eigenaar", "business": "bedrijf", "corporation": "corporatie"}
_CLAUSE = "2024-1"


def member_id(plan: DemoPlan, code: str) -> str:
    """Id of the member with this code, such as ``017`` or ``017b``."""
    return derive_id("demo", plan.seed, "member", code)


def connection_id(plan: DemoPlan, number: int) -> str:
    """Id of connection ``number``."""
    return derive_id("demo", plan.seed, "connection", number)


def _member(plan: DemoPlan, code: str, kind: MemberKind, house_number: str, joined: date, left: date | None) -> Member:
    local = "corporatie" if kind == "corporation" else f"lid{code}"
    name = "Demo-corporatie De Ketel" if kind == "corporation" else f"Demo-lid {code} ({_KIND_NL[kind]})"
    return Member(member_id(plan, code), code, kind, name, STREET, house_number, f"{local}@demo.example", joined, left)


def corporation(plan: DemoPlan) -> Member:
    """The housing corporation: it owns the tenants' homes, and uses them while they stand empty."""
    return _member(plan, "000", "corporation", "1", date(plan.year - 2, 3, 1), None)


def _occupants(plan: DemoPlan, number: int) -> tuple[list[tuple[str, date, date | None]], bool]:
    """(member code, from, to) of a connection in the order of time, and whether it leaves the network at the end."""
    year, draw = plan.year, generator(plan, "occupants", number)
    opened = date(year - 1, int(draw.integers(7, 10)), int(draw.integers(1, 29)))
    code, kind = f"{number:03d}", kind_of(plan, number)
    if number == 4:
        # Out in the middle of May, three empty weeks, and new people in the middle of June.
        spans = [(code, opened, date(year, 5, 16)), ("000", date(year, 5, 16), date(year, 6, 7))]
        return [*spans, (f"{code}b", date(year, 6, 7), None)], False
    if number == 6 or (number > 12 and draw.integers(100) < 3):
        return [(code, date(year, 4, 10) if number == 6 else date(year, int(draw.integers(2, 12)), 15), None)], False
    if number == 8:
        return [(code, opened, date(year, 10, 1))], True
    if number == 11 and plan.size >= 12:
        return [(code, opened, date(year, 8, 20)), ("012", date(year, 8, 20), None)], False
    if number == 12:
        return [(code, opened, date(year, 8, 20)), ("012b", date(year, 8, 20), None)], False
    if number > 12 and kind == "tenant" and draw.integers(100) < 6:
        moved = date(year, int(draw.integers(2, 12)), int(draw.integers(5, 26)))
        return [(code, opened, moved), (f"{code}b", moved, None)], False
    return [(code, opened, None)], False


def _building_of(number: int) -> tuple[int, int]:
    """Building and place in it of connection ``number``, both from 1."""
    place = number
    for building, homes in enumerate(_HOMES, 1):
        if place <= homes:
            return building, place
        place -= homes
    raise ValueError(f"there is no building for connection {number}")


def ean(number: int) -> str:
    """Invented EAN with a right check digit (GS1 modulo 10, weights 3 and 1 from the right).

    >>> ean(1)
    '871687000000000016'
    """
    digits = f"8716870{number:010d}"
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def _roof(plan: DemoPlan, building: int, homes: int) -> Roof:
    draw = generator(plan, "roof", building)
    tilt = int(draw.choice([10, 15, 30]))
    azimuth = int(draw.choice([90, 135, 180, 225, 270]))
    # Three to five panels of 0.4 kW for each connected home: less than they use over a year, more at noon in May.
    return Roof(400 * homes * int(draw.integers(3, 6)), tilt, azimuth, solar_meter(ean(9_000_000 + building)))


@lru_cache(maxsize=8)
def community(plan: DemoPlan) -> Community:
    """The co-operative that the plan describes."""
    owner = corporation(plan)
    members: dict[str, Member] = {owner.code: owner}
    connections: list[Connection] = []
    contracts: list[Contract] = []
    meters: list[Meter] = []
    for number in range(1, plan.size + 1):
        building, place = _building_of(number)
        house_number, kind = f"{building}-{place}", kind_of(plan, number)
        occupants, leaves = _occupants(plan, number)
        spans = tuple(Occupancy(member_id(plan, code), start, end) for code, start, end in occupants)
        owns_itself = kind in ("owner", "business")
        for (code, start, end), occupancy in zip(occupants, spans, strict=True):
            # Who moves house or stands in for an empty home is made elsewhere.
            if code.removesuffix("b") == f"{number:03d}":
                left = None if code == "012" else end
                members[code] = _member(plan, code, kind, house_number, start - timedelta(days=30), left)
            history = gas_years(plan, number, code) if code == f"{number:03d}" else ()
            contract = derive_id("demo", plan.seed, "contract", number, code)
            contracts.append(
                Contract(contract, occupancy.member_id, connection_id(plan, number), start, end, _CLAUSE, history)
            )
        connection = Connection(
            connection_id(plan, number),
            number,
            ean(number),
            building,
            "business" if kind == "business" else "dwelling",
            STREET,
            house_number,
            spans[0].member_id if owns_itself else owner.id,
            spans,
        )
        connections.append(connection)
        removed = midnight(spans[-1].end) if leaves and spans[-1].end else None
        meters += connection_meters(plan, connection, _opened(spans), removed)
    buildings = _buildings(plan)
    meters += [
        Meter(
            b.roof.meter, "solar", "head-end", "headend-zon", ("electricity_export",), _before(plan), building=b.number
        )
        for b in buildings
    ]
    meters += plant_meters(plan, _before(plan))
    return Community(
        derive_id("demo", plan.seed, "community"),
        "Demonstratie Warmtecoöperatie Ketelhuisplein U.A.",
        plan,
        buildings,
        tuple(members.values()),
        tuple(connections),
        tuple(contracts),
        tuple(meters),
        _sharing_group(plan, buildings, connections),
    )


def _before(plan: DemoPlan) -> datetime:
    return datetime(plan.year - 1, 6, 1, 8, tzinfo=UTC)


def _opened(spans: tuple[Occupancy, ...]) -> datetime:
    """The heat meter comes with the first contract; electricity was there before."""
    return midnight(spans[0].start)


def _buildings(plan: DemoPlan) -> tuple[Building, ...]:
    found, left = [], plan.size
    for number, homes in enumerate(_HOMES, 1):
        if left <= 0:
            break
        connected = min(homes, left)
        found.append(Building(number, f"{STREET} {number}", connected, _roof(plan, number, connected)))
        left -= homes
    return tuple(found)


def _sharing_group(plan: DemoPlan, buildings: tuple[Building, ...], connections: list[Connection]) -> SharingGroup:
    """Everybody but one in twelve takes part, with the connection that they use."""
    taking_part = []
    for connection in connections:
        stays_out = connection.number > 4 and generator(plan, "sharing", connection.number).integers(12) == 0
        weight = 2 if connection.kind == "business" else 1
        if not stays_out:
            taking_part += [
                Participant(span.member_id, connection.id, span.start, span.end, weight)
                for span in connection.occupancies
            ]
    roofs = tuple(building.roof.meter for building in buildings)
    return SharingGroup(sharing_group_id(plan), "Zon op het plein", roofs, tuple(taking_part))
