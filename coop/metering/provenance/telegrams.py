"""The walk back from a measurement to the telegrams behind it: which stand, in which version, from which delivery."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from coop.events.metering import MeasuredPart
from coop.kit import documents
from coop.kit.tx import Tx
from coop.metering.intake.receive import CSV, decode_delivery
from coop.metering.model import BASE_UNIT, DAY_S, Decoded, Delivery, Quality, Quantity
from coop.metering.periods.store import Measurement
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import Delivered
from coop.metering.readings.documents import MANIFEST
from coop.metering.readings.store import RegisterDay, instant, seconds
from coop.metering.register import store as register

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

    part: MeasuredPart
    unit: str
    start: tuple[Source, ...]
    end: tuple[Source, ...]

    def amount(self, units: int) -> Decimal:
        """Register units in the base unit."""
        return Decimal(units).scaleb(self.part.exponent)


def sources_of(tx: Tx, measurement: Measurement) -> list[PartSource]:
    """The parts of a measurement, walked back to the readings in the versions that it was computed from."""
    versions = MANIFEST.open(documents.load(tx, measurement.manifest_sha256))
    walk = _Walk(tx, versions, {})
    found = []
    for part in measurement.parts:
        one = register.find_register(tx, part.register_id)
        quantity = one.quantity if one is not None else measurement.quantity
        start, end = (
            tuple(walk.source(part, quantity, at_s) for at_s in walk.instants_around(part.register_id, at))
            for at in (part.from_at, part.to_at)
        )
        found.append(PartSource(part, BASE_UNIT[quantity], start, end))
    return found


def find_latest(tx: Tx, serials: Iterable[str], until: datetime) -> Source | None:
    """The newest heat stand of any of these meters before ``until``."""
    best: Source | None = None
    for one in register.registers_of(tx, serials).values():
        if one.quantity is not Quantity.HEAT:
            continue
        newest = readings.newest_day(tx, one.id, readings.day_number(until))
        for day in readings.latest(tx, [one.id], [newest]).values() if newest is not None else ():
            at = instant(day.day * DAY_S + int(day.content.offsets[-1]))
            if best is None or at > best.at:
                value = Decimal(int(day.content.values[-1])).scaleb(one.exponent)
                quality = Quality(int(day.content.quality[-1]))
                number = int(readings.read_history(tx, one.id, day.day).fold.number[-1])
                delivery = _get_delivery(tx, number)
                best = _source(delivery, at, value, "J", quality, day.version, None)
    return best


@dataclass(frozen=True)
class _Walk:
    """A walk back over the versions of a manifest; ``deliveries`` keeps what was decoded on the way."""

    tx: Tx
    versions: Mapping[RegisterDay, int]
    deliveries: dict[int, tuple[Delivered, Delivery | None]]

    def instants_around(self, register_id: str, at: datetime) -> list[int]:
        """The instants of the readings that a stand rests on: its own, or the nearest on both sides."""
        mine = {key: version for key, version in self.versions.items() if key[0] == register_id}
        at_s = seconds(at)
        before: int | None = None
        after: int | None = None
        for (_, day), stored in sorted(
            readings.Past(self.tx, [mine]).exactly(mine).items(), key=lambda item: item[0][1]
        ):
            for offset in stored.unpack().content.offsets.tolist():
                told_s = day * DAY_S + offset
                if told_s == at_s:
                    return [told_s]
                if told_s < at_s:
                    before = told_s
                elif after is None:
                    after = told_s
        return [told_s for told_s in (before, after) if told_s is not None]

    def source(self, part: MeasuredPart, quantity: Quantity, at_s: int) -> Source:
        """The reading at an instant, in the version that was read, and its delivery."""
        day, offset = divmod(at_s, DAY_S)
        stood = readings.read_history(self.tx, part.register_id, day, self.versions[part.register_id, day]).fold
        place = stood.day.offsets.tolist().index(offset)
        number = int(stood.number[place])
        if number not in self.deliveries:
            kept = _get_delivery(self.tx, number)
            self.deliveries[number] = kept, _decode(kept)
        kept, decoded = self.deliveries[number]
        at = instant(at_s)
        return _source(
            kept,
            at,
            Decimal(int(stood.day.values[place])).scaleb(stood.exponent),
            BASE_UNIT[quantity],
            Quality(int(stood.day.quality[place])),
            number,
            _telegram(decoded, part.meter, at) if decoded is not None else None,
        )


def _source(
    kept: Delivered, at: datetime, value: Decimal, unit: str, quality: Quality, version: int, telegram: str | None
) -> Source:
    return Source(at, value, unit, quality, version, kept.id, kept.format, kept.gateway, kept.received_at, telegram)


def _get_delivery(tx: Tx, number: int) -> Delivered:
    """The delivery with a number or, where that took in what was parked, the one that brought it."""
    kept = arrivals.get_numbered(tx, number)
    if kept.adopts is None:
        return kept
    brought = arrivals.find_delivery(tx, kept.adopts)
    assert brought is not None, "what is adopted was delivered"
    return brought


def _decode(kept: Delivered) -> Delivery | None:
    if kept.body is None:
        return None
    if kept.format not in ("p1", "mbus", CSV):
        return Delivery(kept.format, kept.gateway, kept.received_at, kept.body, Decoded())
    mapping = json.loads(kept.options) if kept.options else None
    return decode_delivery(kept.format, kept.body, gateway=kept.gateway, received_at=kept.received_at, mapping=mapping)


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
