"""Telegrams of meters and gateways about one UTC day of a chunk, each telegram apart, faults of single meters
included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from coop.demo.community import community
from coop.demo.faults import IMPOSSIBLE_STAND, UNKNOWN_SERIAL, Fault, FaultKind, faults
from coop.demo.model import Meter
from coop.demo.plan import DemoPlan, Int64Array, utc_midnight
from coop.demo.registers import Registers
from coop.demo.telegrams import Column, MbusReading, P1Reading, mbus_frame, mbus_line, p1
from coop.values import AMSTERDAM

_JOULE_PER_10_LITRES = 1_256_040
"""10 l of water over 30 K: 0.01 m3 x 4.1868 MJ/(m3 K) x 30 K.

Source: docs/domain/heat-source-and-environment.md#heat-carried-by-water.
"""

_FUTURE = timedelta(days=730)


@dataclass(frozen=True)
class Telegram:
    """One frame or telegram of a heat meter."""

    format: str
    gateway: str
    captured_at: datetime
    body: bytes


class Readout:
    """Asks the meters. It knows the plan's faults and the present state of the registers."""

    def __init__(self, plan: DemoPlan, registers: Registers) -> None:
        self.plan = plan
        self.registers = registers
        people = community(plan)
        self.heat_meters = [meter for meter in people.meters if meter.kind == "heat"]
        self._port = {m.connection_number: m for m in people.meters if m.kind == "electricity" and m.protocol == "p1"}
        self._electricity = [m for m in people.meters if m.kind == "electricity" and m.protocol == "head-end"]
        self._roofs = [building.roof.meter for building in people.buildings]
        self._by_meter: dict[str, list[Fault]] = {}
        for fault in faults(plan):
            self._by_meter.setdefault(fault.where, []).append(fault)

    def _has(self, serial: str, kind: FaultKind, at: datetime) -> bool:
        return any(f.kind is kind and f.start <= at < f.end for f in self._by_meter.get(serial, ()))

    def stands(self, at: datetime, protocols: Sequence[str] = ("p1", "mbus")) -> Iterator[Telegram]:
        """A telegram of every heat meter of ``protocols`` that hangs at ``at`` (in an exchange: of both)."""
        for meter in self.heat_meters:
            hangs = meter.installed_at <= at and (meter.removed_at is None or at <= meter.removed_at)
            if hangs and meter.protocol in protocols:
                yield from self.stand(meter, at)
        if "mbus" in protocols and self._has(UNKNOWN_SERIAL, FaultKind.UNKNOWN_METER, at):
            stranger = MbusReading(UNKNOWN_SERIAL, 1, at, 4711, 3_600_000, 8, 13_500, 690, 390, 900, 26)
            yield Telegram("mbus", "mbus-1", at, mbus_line(at, mbus_frame(stranger)))

    def exchanges(self, day: date) -> Iterator[Telegram]:
        """End stands of old meters and start stands of new ones, for exchanges on this UTC day."""
        for meter in self.heat_meters:
            removed = meter.removed_at
            if removed and removed.date() == day:
                heirs = [m for m in self.heat_meters if m.connection_id == meter.connection_id]
                if heirs[-1] is not meter:
                    for one in heirs:
                        yield from self.stand(one, removed)

    def stand(self, meter: Meter, at: datetime) -> Iterator[Telegram]:
        """The meter's telegram with its stand at ``at``; nothing when it is silent."""
        if self._has(meter.serial, FaultKind.SILENT_DAYS, at):
            return
        if meter.protocol == "mbus":
            yield Telegram("mbus", meter.gateway, at, self._mbus(meter, at))
        else:
            yield Telegram("p1", meter.gateway, at, self._p1(meter, at))

    def _mbus(self, meter: Meter, at: datetime) -> bytes:
        registers, number = self.registers, meter.connection_number or 0
        counted = registers.counted(registers.life_at(meter.serial, at), at)
        power_w = registers.power_w(meter.serial, at)
        reading = MbusReading(
            meter.serial,
            at.toordinal() % 256,
            at,
            registers.stand(meter.serial, at),
            meter.resolution_j,
            8,
            counted * meter.resolution_j // _JOULE_PER_10_LITRES,
            690 + number % 20,
            390 + number % 20,
            power_w,
            power_w * 36_000 // (41_868 * 30),
        )
        if self._has(meter.serial, FaultKind.IMPOSSIBLE_VALUE, at):
            reading = replace(reading, heat=IMPOSSIBLE_STAND)
        return mbus_line(at, mbus_frame(reading))

    def _p1(self, meter: Meter, at: datetime) -> bytes:
        registers, number = self.registers, meter.connection_number or 0
        import_low, import_normal, export_low, export_normal = registers.electricity_wh(number, at)
        future = self._has(meter.serial, FaultKind.FUTURE, at)
        telegram = p1(
            P1Reading(
                f"/KWG5\\COOP-{number:04d}",
                at + _FUTURE if future else at,
                self._port[number].serial,
                (import_low, import_normal),
                (export_low, export_normal),
                1 if _is_low(at) else 2,
                registers.electricity_w(number, at),
                meter.serial,
                registers.stand(meter.serial, at),
            )
        )
        if self._has(meter.serial, FaultKind.WRONG_CHECKSUM, at):
            # A digit of the heat stand was hurt on the way: the checksum is that of the telegram before.
            spot = telegram.index(b"*GJ)") - 1
            hurt = b"%d" % ((telegram[spot] - 48 + 1) % 10)
            telegram = telegram[:spot] + hurt + telegram[spot + 1 :]
        return telegram

    def electricity(self, day: date) -> Iterator[tuple[str, Column]]:
        """(head-end, column) of the quarter-hours of a UTC day: homes first, then roofs."""
        chunk = self.registers.chunk
        first = 96 * (day - chunk.span.start.date()).days
        quarters = slice(first, first + 96)
        for meter in self._electricity:
            place = (meter.connection_number or 0) - 1
            yield meter.gateway, self._column(meter.serial, "electricity_import", day, chunk.import_wh[place, quarters])
            if place in chunk.export_wh:
                own = chunk.export_wh[place][quarters]
                yield meter.gateway, self._column(meter.serial, "electricity_export", day, own)
        for serial, row in zip(self._roofs, chunk.solar_wh, strict=True):
            yield "headend-zon", self._column(serial, "electricity_export", day, row[quarters])

    def corrections(self, day: date) -> Iterator[tuple[datetime, str, Column]]:
        """(when, head-end, column) for the registers whose day comes a second time with other values."""
        start, chunk = utc_midnight(day), self.registers.chunk
        first = 96 * (day - chunk.span.start.date()).days
        for meter in self._electricity:
            for fault in self._by_meter.get(meter.serial, ()):
                if fault.kind is FaultKind.CORRECTED and fault.start == start and fault.received_at:
                    right = chunk.import_wh[(meter.connection_number or 0) - 1, first : first + 96].tolist()
                    column = Column(meter.serial, "electricity_import", start, 900, right)
                    yield fault.received_at, meter.gateway, column

    def _column(self, serial: str, quantity: str, day: date, wh: Int64Array) -> Column:
        values: list[int | None] = wh.tolist()
        start = utc_midnight(day)
        for fault in self._by_meter.get(serial, ()):
            if fault.kind is FaultKind.MISSING_QUARTERS:
                for i in range(96):
                    if fault.start <= start + i * timedelta(minutes=15) < fault.end:
                        values[i] = None
            elif fault.kind is FaultKind.CORRECTED and fault.start == start and quantity == "electricity_import":
                values = (wh // 2 + 40).tolist()
        return Column(serial, quantity, start, 900, values)

    def plant(self, day: date) -> list[Column]:
        """The 24 hours of every register of the plant."""
        chunk, start = self.registers.chunk, utc_midnight(day)
        first = chunk.span.hour_at(start)
        return [
            Column(serial, quantity, start, 3600, hourly[first : first + 24].tolist())
            for (serial, quantity), hourly in chunk.plant.registers.items()
        ]


def _is_low(at: datetime) -> bool:
    local = at.astimezone(AMSTERDAM)
    return local.hour >= 23 or local.hour < 7 or local.weekday() >= 5
