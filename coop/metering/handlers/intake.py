"""Intake: from decoded readings to new versions of register days, in a handful of statements however many they are.

Each reading is judged by itself and against what is known: its meter must be known and hang there, its instant must
have been, its value must be possible. What is refused comes back with its reason and loses nothing; the rest goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from coop.metering.model import (
    CUMULATIVE,
    DEFAULT_EXPONENT,
    Delivery,
    Int64Array,
    Meter,
    Quantity,
    Register,
    Series,
    Shape,
    Stand,
    register_id,
)
from coop.metering.parameters import register_bound
from coop.metering.rules.blocks import DAY_S, Day, fold, merge, pack_day
from coop.metering.rules.plausibility import Bound
from coop.metering.storage import readings, register
from coop.metering.storage.readings import Key, Stored, microseconds
from coop.values import Problem

CLOCK_MARGIN = timedelta(minutes=5)
"""How far the clock of a meter may run ahead of ours."""


@dataclass(frozen=True)
class Refused:
    """Readings that were not taken, and why: all of one meter and for one reason."""

    problem: Problem
    code: str
    stands: tuple[Stand, ...] = ()
    series: tuple[Series, ...] = ()


@dataclass(frozen=True)
class Changed:
    """A new version of one register's day; ``first_s`` and ``last_s`` bound what changed in it [s since 1970]."""

    register_id: str
    day: int
    version: int
    first_s: int
    last_s: int


@dataclass
class Taken:
    """What became of the readings of a delivery."""

    values: int = 0
    changed: list[Changed] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Intake:
    """One delivery on its way in: what it needs to know, loaded at once, and what it will write."""

    def __init__(self, connection: Connection, community: str, delivery_id: str, delivery: Delivery) -> None:
        self.connection, self.community = connection, community
        self.delivery_id, self.delivery = delivery_id, delivery
        self.received_us = microseconds(delivery.received_at)
        self.taken = Taken()
        known = register.directory(connection, community)
        self.meters, self.registers = known.meters, known.registers
        self.made: dict[tuple[str, str, bool], Register] = {}
        self.new_registers: dict[str, Register] = {}
        self.rows: list[readings.BlockRow] = []

    @property
    def horizon(self) -> datetime:
        """The last instant that a reading may speak of."""
        return self.delivery.received_at + CLOCK_MARGIN

    def flush(self) -> None:
        """Write what is gathered, so that what follows sees it."""
        register.add_registers(self.connection, self.community, list(self.new_registers.values()))
        readings.add_blocks(self.connection, self.rows)
        self.new_registers.clear()
        self.rows.clear()

    def register_of(self, meter: Meter, quantity: Quantity, shape: Shape) -> Register:
        """The register, or the one that its first reading makes."""
        key = register.key_of(meter.serial, quantity, shape)
        known = self.registers.get(key)
        if known is not None:
            return known
        if key not in self.made:
            usual = DEFAULT_EXPONENT[quantity]
            exponent = self.delivery.exponents.get((meter.serial, quantity), usual) if shape is Shape.STAND else usual
            identity = register_id(self.community, meter.serial, quantity, shape)
            made = Register(identity, meter.serial, quantity, shape, exponent)
            self.made[key] = self.new_registers[made.id] = made
        return self.made[key]

    def refuse(self, code: str, reason: str, reading: Stand | Series) -> None:
        """Set readings aside, with the reason."""
        problem = Problem(reason, f"{reading.meter} {reading.quantity.value}", reading.line)
        if isinstance(reading, Stand):
            self.taken.refused.append(Refused(problem, code, stands=(reading,)))
        else:
            self.taken.refused.append(Refused(problem, code, series=(reading,)))

    def bound(self, meter: Meter, one: Register, day: date) -> Bound | None:
        """What a register can do on a day, in its own units; None where it does not count."""
        if one.quantity not in CUMULATIVE:
            return None
        modulus = meter.maxima.get(one.quantity) if meter.maxima else None
        return register_bound(meter.kind, one.quantity, one.exponent, modulus, day)

    def merge_day(self, key: Key, step_s: int, new: Day, old: Stored | None) -> None:
        """Put a day's new readings beside what is there, as its next version if anything changes."""
        if not len(new):
            return
        if old is None:
            self.add(key, 1, self.received_us, step_s, pack_day(new, step_s), *new.offsets[[0, -1]].tolist())
            return
        old_us: Int64Array | int = old.known_us
        if old_us >= self.received_us:
            # Something was received after this and came in before it: each value has to be asked for its own instant.
            versions = readings.versions_of(self.connection, *key)
            received_us = [microseconds(at) if at else self.received_us for _, at in versions]
            old_us = fold([one.content for one, _ in versions], received_us).received_us
        merged = merge(old.content, new, old_us, self.received_us)
        if merged is not None:
            day, changed = merged
            self.add(
                key,
                old.version + 1,
                max(self.received_us, old.known_us),
                step_s,
                pack_day(day, step_s),
                *changed[[0, -1]].tolist(),
            )

    def add(
        self,
        key: Key,
        version: int,
        known_us: int,
        step_s: int,
        packed: tuple[bytes | None, bytes, bytes],
        first_offset: int,
        last_offset: int,
    ) -> None:
        """Gather a new version, which changes what lies from the first to the last offset [s since midnight UTC]."""
        identity, day = key
        self.rows.append((day, identity, version, known_us, self.delivery_id, step_s, *packed))
        start_s = day * DAY_S
        self.taken.changed.append(
            Changed(identity, day, version, start_s + first_offset, start_s + last_offset + step_s)
        )
