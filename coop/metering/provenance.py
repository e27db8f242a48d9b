"""The walk back from a measurement to the telegrams behind it: which stand, in which version, from which delivery."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from coop.metering.handlers.receive import CSV, decode_delivery
from coop.metering.model import BASE_UNIT, Decoded, Delivery, Quality, Quantity
from coop.metering.rules.blocks import DAY_S, fold
from coop.metering.storage import readings, register
from coop.metering.storage.periods import unpack_manifest
from coop.metering.storage.readings import instant, seconds

_P1_END = re.compile(rb"^![0-9A-Fa-f]{4}\s*?$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """One reading and where it came from. ``telegram`` is the part of the delivery that says it, as it came in, and
    None where a columnar batch is kept as the values themselves."""

    at: datetime
    value: Decimal
    unit: str
    quality: Quality
    version: int
    delivery_id: str
    format: str
    gateway: str
    received_at: datetime
    telegram: str | None


@dataclass(frozen=True)
class PartSource:
    """One part of a measurement, with the readings that each of its ends rests on."""

    part: dict[str, Any]
    unit: str
    start: tuple[Source, ...]
    end: tuple[Source, ...]

    def amount(self, units: int) -> Decimal:
        """Register units in the base unit."""
        return Decimal(units).scaleb(self.part["exponent"])


def sources_of(connection: Connection, community: str, measurement: Any) -> list[PartSource]:
    """The parts of a measurement's row, walked back to the readings in the versions that it was computed from."""
    versions = unpack_manifest(measurement.manifest)
    bodies: dict[str, Delivery | None] = {}
    found = []
    for part in json.loads(measurement.parts):
        one = register.register_by_id(connection, community, part["register_id"])
        quantity = one.quantity if one is not None else Quantity(measurement.quantity)
        ends = [
            tuple(
                _source(connection, part, quantity, at_s, versions, bodies)
                for at_s in _around(connection, part["register_id"], datetime.fromisoformat(part[end]), versions)
            )
            for end in ("from_at", "to_at")
        ]
        found.append(PartSource(part, BASE_UNIT[quantity], ends[0], ends[1]))
    return found


def latest_reading(connection: Connection, community: str, serials: Iterable[str], until: datetime) -> Source | None:
    """The newest heat stand of any of these meters before ``until``."""
    best: Source | None = None
    for one in register.registers_of(connection, community, serials).values():
        if one.quantity is not Quantity.HEAT:
            continue
        newest = readings.newest_day(connection, one.id, readings.day_number(until))
        for day in readings.latest(connection, [one.id], [newest]).values() if newest is not None else ():
            at_s = day.day * DAY_S + int(day.content.offsets[-1])
            if best is None or instant(at_s) > best.at:
                row = readings.delivered(connection, day.delivery_id)
                value = Decimal(int(day.content.values[-1])).scaleb(one.exponent)
                quality = Quality(int(day.content.quality[-1]))
                told = (row.format, row.gateway, row.received_at, None)
                best = Source(instant(at_s), value, "J", quality, day.version, row.id, *told)
    return best


def _around(connection: Connection, register_id: str, at: datetime, versions: dict[readings.Key, int]) -> list[int]:
    """The instants of the readings that a stand rests on: its own, or the nearest on both sides."""
    mine = {key: version for key, version in versions.items() if key[0] == register_id}
    at_s = seconds(at)
    before: int | None = None
    after: int | None = None
    for (_, day), stored in sorted(readings.exactly(connection, mine).items(), key=lambda item: item[0][1]):
        for offset in stored.unpack().content.offsets.tolist():
            told = day * DAY_S + offset
            if told == at_s:
                return [told]
            if told < at_s:
                before = told
            elif after is None:
                after = told
    return [told for told in (before, after) if told is not None]


def _source(
    connection: Connection,
    part: dict[str, Any],
    quantity: Quantity,
    at_s: int,
    versions: dict[readings.Key, int],
    bodies: dict[str, Delivery | None],
) -> Source:
    day, offset = divmod(at_s, DAY_S)
    history = readings.versions_of(connection, part["register_id"], day)[: versions[part["register_id"], day]]
    known = fold([one.content for one, _ in history], [0] * len(history))
    place = known.day.offsets.tolist().index(offset)
    version = history[int(known.version[place]) - 1][0]
    row = readings.delivered(connection, version.delivery_id)
    if row.id not in bodies:
        bodies[row.id] = _decoded(row)
    delivery = bodies[row.id]
    return Source(
        instant(at_s),
        Decimal(int(known.day.values[place])).scaleb(part["exponent"]),
        BASE_UNIT[quantity],
        Quality(int(known.day.quality[place])),
        version.version,
        row.id,
        row.format,
        row.gateway,
        row.received_at,
        _telegram(delivery, part["meter"], instant(at_s)) if delivery is not None else None,
    )


def _decoded(row: Any) -> Delivery | None:
    body = readings.body_of(row)
    if body is None:
        return None
    if row.format not in ("p1", "mbus", CSV):
        return Delivery(row.format, row.gateway, row.received_at, body, Decoded())
    mapping = json.loads(row.options) if row.options else None
    return decode_delivery(row.format, body, gateway=row.gateway, received_at=row.received_at, mapping=mapping)


def _telegram(delivery: Delivery, meter: str, at: datetime) -> str:
    """The part of a body that says a meter's reading at an instant; the whole body where it cannot be cut."""
    for stand in delivery.decoded.stands:
        if stand.meter == meter and timedelta(0) <= stand.at - at < timedelta(seconds=1) and stand.line:
            return _cut(delivery, stand.line)
    return delivery.body.decode("latin-1")


def _cut(delivery: Delivery, line: int) -> str:
    lines = delivery.body.splitlines(keepends=True)
    match delivery.format:
        case "p1":
            rest = b"".join(lines[line - 1 :])
            end = _P1_END.search(rest)
            return rest[: end.end() if end else len(rest)].decode("latin-1")
        case "csv":
            return (lines[0] + lines[line - 1]).decode("utf-8-sig", "replace")
        case _:
            return lines[line - 1].decode("latin-1")
