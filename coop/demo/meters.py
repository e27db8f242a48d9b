"""Meters, where they hang, what their registers look like, and who reads them out.

Odd connections have an M-Bus heat meter behind a concentrator, even ones a heat meter on the P1 port of their
electricity meter. Quarter-hours of electricity come from head-ends by EAN, whatever the heat meter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil

from coop.demo.model import Connection, Meter
from coop.demo.plan import DemoPlan, generator

MBUS_QUANTITIES = ("heat", "volume", "flow_temperature", "return_temperature", "power", "volume_flow")
HEAT_PUMP_QUANTITIES = (
    "electricity_import",
    "heat",
    "power",
    "volume_flow",
    "flow_temperature",
    "return_temperature",
)
PLANT = "ketelhuis"
CANAL_METER, CHARGE_METER, DISCHARGE_METER, WEATHER_METER = "BRON0001", "WKO00001", "WKO00002", "WEER0001"

_PER_GATEWAY = 250
_PER_HEAT_PUMP = 300

_MAKES = (("KAM", 3_600_000, 10**8), ("LUG", 10_000_000, 10**7), ("ZRI", 1_000_000, 10**8))
"""Maker, resolution of the heat register [J] (1 kWh, 0.01 GJ, 1 MJ) and where it starts again at zero."""

_P1_RESOLUTION_J, _P1_SPAN = 10_000_000, 10**6
"""F4(2,2): 9999.99 GJ is the most that a P1 heat register shows."""


def solar_meter(ean: str) -> str:
    """A roof is known to the head-end by the EAN of its connection."""
    return ean


def p1_electricity_serial(plan: DemoPlan, number: int) -> str:
    """Serial of the electricity meter whose P1 port speaks for connection ``number``: 17 positions."""
    return f"E0045{number:04d}{int(generator(plan, 'serial-e', number).integers(10**8)):08d}"


def _heat_serial(plan: DemoPlan, maker: str, number: int, place: int) -> str:
    return f"{maker}{number:04d}{int(generator(plan, 'serial', number, place).integers(10**4)):04d}"


def exchange_at(plan: DemoPlan, number: int) -> datetime | None:
    """Time at which the heat meter of a connection is exchanged for a new one: always for the first, for one in sixty
    later."""
    if number == 1:
        return datetime(plan.year, 9, 16, 8, tzinfo=UTC)
    draw = generator(plan, "exchange", number)
    if number <= 12 or draw.integers(60):
        return None
    return datetime(
        plan.year, int(draw.integers(2, 12)), int(draw.integers(1, 29)), int(draw.integers(7, 15)), tzinfo=UTC
    )


def connection_meters(
    plan: DemoPlan, connection: Connection, opened: datetime, removed: datetime | None
) -> list[Meter]:
    """The meters of one connection: heat (two when exchanged), electricity by EAN, and that of the P1 port."""
    number = connection.number
    head_end = f"headend-{1 + (number - 1) // _PER_GATEWAY}"
    electricity = Meter(
        connection.ean,
        "electricity",
        "head-end",
        head_end,
        ("electricity_import", "electricity_export"),
        datetime(plan.year - 2, 5, 1, 8, tzinfo=UTC),
        connection_id=connection.id,
        connection_number=number,
        building=connection.building,
    )
    exchanged = exchange_at(plan, number)
    bounds = [opened, exchanged, removed] if exchanged else [opened, removed]
    heat = [
        _heat_meter(plan, connection, place, start, end)
        for place, (start, end) in enumerate(pairwise(bounds))
        if start is not None
    ]
    return [*heat, electricity] if number % 2 else [*heat, electricity, _p1_port(plan, connection)]


def _heat_meter(plan: DemoPlan, connection: Connection, place: int, start: datetime, end: datetime | None) -> Meter:
    number = connection.number
    draw = generator(plan, "register", number, place)
    by_mbus = number % 2 == 1
    maker, resolution, register_span = _MAKES[number // 2 % 3] if by_mbus else ("KWG", _P1_RESOLUTION_J, _P1_SPAN)
    stand = int(draw.integers(0, 60_000_000_000)) // resolution if place == 0 else int(draw.integers(0, 3))
    if number == 2:
        # Near its end: this register rolls over within the year.
        stand = _P1_SPAN - int(draw.integers(700, 1300))
    return Meter(
        _heat_serial(plan, maker, number, place),
        "heat",
        "mbus" if by_mbus else "p1",
        f"mbus-{1 + (number - 1) // _PER_GATEWAY}" if by_mbus else f"p1-gebouw-{connection.building:02d}",
        MBUS_QUANTITIES if by_mbus else ("heat",),
        start,
        end,
        connection_id=connection.id,
        connection_number=number,
        building=connection.building,
        resolution_j=resolution,
        register_span=register_span,
        start_stand=stand,
    )


def _p1_port(plan: DemoPlan, connection: Connection) -> Meter:
    return Meter(
        p1_electricity_serial(plan, connection.number),
        "electricity",
        "p1",
        f"p1-gebouw-{connection.building:02d}",
        ("electricity_import", "electricity_export"),
        datetime(plan.year - 2, 5, 1, 8, tzinfo=UTC),
        connection_id=connection.id,
        connection_number=connection.number,
        building=connection.building,
        settles=False,
    )


def heat_pumps(plan: DemoPlan) -> list[str]:
    """Serials of the neighbourhood heat pumps, one for each 300 connections."""
    return [f"WP{i:06d}" for i in range(1, 1 + ceil(plan.size / _PER_HEAT_PUMP))]


def plant_meters(plan: DemoPlan, installed_at: datetime) -> Iterable[Meter]:
    """Heat pumps, canal source, storage (a meter each way) and the outside thermometer, all on the plant's gateway."""
    for serial in heat_pumps(plan):
        yield Meter(serial, "heat_pump", "head-end", PLANT, HEAT_PUMP_QUANTITIES, installed_at)
    canal = ("heat", "electricity_import", "volume_flow", "source_temperature", "return_temperature")
    yield Meter(CANAL_METER, "source", "head-end", PLANT, canal, installed_at)
    yield Meter(CHARGE_METER, "source", "head-end", PLANT, ("heat", "flow_temperature"), installed_at)
    yield Meter(DISCHARGE_METER, "source", "head-end", PLANT, ("heat", "flow_temperature"), installed_at)
    yield Meter(WEATHER_METER, "source", "head-end", PLANT, ("outside_temperature",), installed_at)
