"""Meters as the pages show them: by the number of their connection, with what they said last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from coop.kit.tokens import list_gateways
from coop.kit.tx import Tx
from coop.metering.model import BASE_UNIT, Meter, Place, Register
from coop.metering.periods import store as periods
from coop.metering.periods.grounds import Other, list_others
from coop.metering.readings import store as readings
from coop.metering.register import connections, groups
from coop.metering.register import store as register
from coop.metering.register.commands import find_meter
from coop.metering.register.model import MeterChange
from coop.values import Period, civil_date

LOOK_BACK_DAYS = 62
"""How far back a list looks for the last day on which a meter said anything."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class MeterRow:
    """A meter in a list. ``number`` is that of its connection, empty for a plant's; ``heard_on`` is the last UTC day of
    which it said anything, None where that is longer ago than ``LOOK_BACK_DAYS`` or never was."""

    meter: Meter
    number: str
    heard_on: date | None


@dataclass(frozen=True)
class LastValue:
    """A register, and the last value that it has, if any."""

    register: Register
    value: Decimal | None
    day: date | None

    @property
    def unit(self) -> str:
        """Base unit of its quantity."""
        return BASE_UNIT[self.register.quantity]


@dataclass(frozen=True)
class MeterView:
    """One meter with all that belongs to it, and by their numbers the connections at which it hung. ``stale`` are the
    closed periods that were computed with it somewhere else."""

    row: MeterRow
    registers: tuple[LastValue, ...]
    gateways: tuple[str, ...]
    groups: tuple[str, ...]
    changes: tuple[tuple[MeterChange, str, str], ...]
    places: tuple[tuple[Place, str], ...]
    stale: tuple[Period, ...]


def search_meters(tx: Tx, text: str) -> list[Meter]:
    """Meters whose serial, kind or connection's number holds a text; all for none. In order of their connections."""
    numbers = connections.list_numbers(tx)
    wanted = text.strip().lower()
    keyed = [((numbers.get(meter.connection_id or "", ""), meter.serial), meter) for meter in register.list_meters(tx)]
    found = [
        (key, meter)
        for key, meter in keyed
        if wanted in meter.serial.lower() or wanted in key[0].lower() or wanted == meter.kind.value
    ]
    return [meter for _, meter in sorted(found, key=lambda pair: pair[0])]


def describe_meters(tx: Tx, meters: Sequence[Meter]) -> list[MeterRow]:
    """Meters with the number of their connection and the last day on which they were heard."""
    numbers = connections.list_numbers(tx)
    registers = register.registers_of(tx, [meter.serial for meter in meters])
    today = readings.day_number(tx.now)
    heard: dict[str, int] = {}
    for register_id, day in readings.newest_days(tx, registers, today - LOOK_BACK_DAYS).items():
        serial = registers[register_id].serial
        heard[serial] = max(day, heard.get(serial, day))
    return [
        MeterRow(
            meter,
            numbers.get(meter.connection_id or "", meter.connection_id or ""),
            _EPOCH + timedelta(days=heard[meter.serial]) if meter.serial in heard else None,
        )
        for meter in meters
    ]


def view_meter(tx: Tx, serial: str) -> MeterView:
    """One meter with its registers, gateways, groups and corrections.

    Raises:
        NotFound: there is no such meter.
    """
    meter = find_meter(tx, serial)
    [row] = describe_meters(tx, [meter])
    numbers = connections.list_numbers(tx)
    changes = register.list_changes(tx, serial)
    gateways = [name for name, meters in list_gateways(tx).items() if meters is None or serial in meters]
    return MeterView(
        row,
        tuple(_find_last(tx, each) for each in register.registers_of(tx, [serial]).values()),
        tuple(sorted(gateways)),
        tuple(group.group_id for group in groups.list_groups(tx) if serial in group.producers),
        tuple(
            (change, numbers.get(change.was_connection_id or "", ""), numbers.get(change.connection_id or "", ""))
            for change in changes
        ),
        tuple((place, numbers.get(place.connection_id or "", "")) for place in meter.places),
        tuple(_find_stale(tx, serial)) if changes else (),
    )


def list_touched(tx: Tx, period: Period, others: Sequence[Other]) -> list[MeterChange]:
    """Corrections of meters that a closed period does not know of yet, of those that are known otherwise (``others``)
    than when it was computed."""
    revisions = periods.list_revisions(tx, period)
    changes = register.list_changes(tx, since=revisions[-1].closed_at) if revisions else []
    return [change for change in changes if _name(change.serial) in others]


def _find_stale(tx: Tx, serial: str) -> list[Period]:
    others = list_others(tx, [closed.period for closed in periods.list_closed(tx)])
    return [period for period, known in others.items() if _name(serial) in known]


def _name(serial: str) -> Other:
    return Other("meters", serial)


def _find_last(tx: Tx, one: Register) -> LastValue:
    day = readings.newest_day(tx, one.id, readings.day_number(tx.now) + 1)
    stored = readings.latest(tx, [one.id], [day]).get((one.id, day)) if day is not None else None
    if day is None or stored is None or not len(stored.content.values):
        return LastValue(one, None, None)
    value = Decimal(int(stored.content.values[-1])).scaleb(one.exponent)
    return LastValue(one, value, _EPOCH + timedelta(days=day))


def civil(meter: Meter) -> tuple[date, date | None]:
    """First day of a meter, and the day on which it was taken away."""
    return civil_date(meter.installed_at), civil_date(meter.removed_at) if meter.removed_at else None
