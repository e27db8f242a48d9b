"""Intake: from decoded readings to new versions of register days, in a handful of statements however many they are.

Each reading is judged by itself and against what is known: whoever brings it must be allowed to say it, its meter must
be known and hang there, its instant must have been, its value must be possible. What is refused comes back with its
reason and loses nothing; the rest goes on.

Deliveries that come in together are a ``Batch``: what they need is read at once and what they make is written at once,
and still each finds what the ones before it made, as if each had come alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.metering.model import (
    DAY_S,
    DEFAULT_EXPONENT,
    Delivery,
    Int64Array,
    Quantity,
    Refused,
    Register,
    Series,
    Shape,
    Stand,
    refuse,
    register_id,
)
from coop.metering.readings import store as readings
from coop.metering.readings.blocks import Day, fold, merge, pack_day
from coop.metering.readings.parameters import Parameters
from coop.metering.readings.plausibility import CLOCK_MARGIN
from coop.metering.readings.store import Packed, RegisterDay, Stored, day_number, microseconds
from coop.metering.register import store as register
from coop.values import Said


class Changed(NamedTuple):
    """A new version of one register's day; ``first_s`` and ``last_s`` bound what changed in it [s since 1970]."""

    register_id: str
    day: int
    version: int
    first_s: int
    last_s: int


@dataclass
class Taken:
    """Outcome of the readings of a delivery."""

    values: int = 0
    changed: list[Changed] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Batch:
    """Deliveries by id, in order, on their way in together.

    ``stored`` holds the newest versions of the days that they are about, as they were before; ``added`` the versions
    that they make, which ``write`` writes. ``judged_at`` is when their readings are held to have been told, if later
    than they were received.
    """

    def __init__(self, tx: Tx, deliveries: Mapping[str, Delivery], judged_at: datetime | None = None) -> None:
        self.tx, self.deliveries, self.judged_at = tx, deliveries, judged_at
        known = register.directory(tx)
        self.meters, self.registers = known.meters, known.registers
        self.parameters = Parameters(load_choices(tx))
        self.made: dict[register.RegisterKey, Register] = {}
        self.stored = readings.packed(tx, self._days())
        self.added: dict[RegisterDay, list[Packed]] = {}

    def _days(self) -> dict[int, set[str]]:
        """The days that the readings are about, with the registers of each; of stands also the days around."""
        spans: defaultdict[range, set[str]] = defaultdict(set)
        for delivery in self.deliveries.values():
            for series in delivery.own.series:
                one = self.registers.get((series.meter, series.quantity, Shape.INTERVAL))
                if one is not None:
                    spans[_days_of(series.start, series.step_s, len(series.values))].add(one.id)
            for stand in delivery.own.stands:
                one = self.registers.get((stand.meter, stand.quantity, Shape.STAND))
                if one is not None:
                    day = day_number(stand.at)
                    spans[range(day - 1, day + 2)].add(one.id)
        days: defaultdict[int, set[str]] = defaultdict(set)
        for span, ids in spans.items():
            for day in span:
                days[day] |= ids
        return days

    def register_of(self, delivery: Delivery, serial: str, quantity: Quantity, shape: Shape) -> Register:
        """The register, or the one that its first reading makes."""
        key = (serial, quantity, shape)
        known = self.registers.get(key) or self.made.get(key)
        if known is None:
            usual = DEFAULT_EXPONENT[quantity]
            exponent = delivery.exponents.get((serial, quantity), usual) if shape is Shape.STAND else usual
            known = self.made[key] = Register(register_id(self.tx.community, *key), *key, exponent)
        return known

    def newest(self, key: RegisterDay) -> Packed | None:
        """The newest version of a day, whether it is written or not."""
        added = self.added.get(key)
        return added[-1] if added else self.stored.get(key)

    def versions_of(self, key: RegisterDay) -> list[tuple[Stored, datetime]]:
        """All versions of a day, written or not, each with the instant at which it was received."""
        added = [(one.unpack(), self.deliveries[one.delivery_id].received_at) for one in self.added.get(key, ())]
        return readings.versions_of(self.tx, *key) + added

    def write(self) -> None:
        """Write what the deliveries made. Their own rows have to be there by now."""
        register.add_registers(self.tx, list(self.made.values()))
        readings.add_blocks(self.tx, [one for versions in self.added.values() for one in versions])


class Intake:
    """One delivery of a batch on its way in."""

    def __init__(self, batch: Batch, delivery_id: str) -> None:
        self.batch, self.delivery_id = batch, delivery_id
        self.delivery = batch.deliveries[delivery_id]
        self.received_us = microseconds(self.delivery.received_at)
        self.horizon = max(self.delivery.received_at, batch.judged_at or self.delivery.received_at) + CLOCK_MARGIN
        """The last instant that a reading may speak of."""
        self.taken = Taken(refused=list(self.delivery.beyond))

    def refuse(self, code: str, reason: Said, reading: Stand | Series) -> None:
        """Set readings aside, with the reason."""
        self.taken.refused.append(refuse(code, reason, reading))

    def merge_day(self, key: RegisterDay, step_s: int, new: Day) -> None:
        """Put a day's new readings beside what is there, as its next version if anything changes."""
        newest = self.batch.newest(key)
        if newest is None:
            self.add(key, 1, self.received_us, step_s, pack_day(new, step_s), new.offsets)
            return
        old = newest.unpack()
        old_us: Int64Array | int = old.known_us
        if old_us >= self.received_us:
            # Something was received after this and came in before it: each value has to be asked for its own instant.
            versions = self.batch.versions_of(key)
            old_us = fold([one.content for one, _ in versions], [microseconds(at) for _, at in versions]).received_us
        merged = merge(old.content, new, old_us, self.received_us)
        if merged is not None:
            day, changed = merged
            known_us = max(self.received_us, old.known_us)
            self.add(key, old.version + 1, known_us, step_s, pack_day(day, step_s), changed)

    def add(
        self,
        key: RegisterDay,
        version: int,
        known_us: int,
        step_s: int,
        packed: tuple[bytes | None, bytes, bytes],
        changed: Sequence[int] | Int64Array,
    ) -> None:
        """Gather a new version; ``changed`` holds the offsets that it changes, the first and the last one at least."""
        identity, day = key
        row = Packed(self.batch.tx.community, day, identity, version, known_us, self.delivery_id, step_s, *packed)
        self.batch.added.setdefault(key, []).append(row)
        first_s, last_s = day * DAY_S + int(changed[0]), day * DAY_S + int(changed[-1]) + step_s
        self.taken.changed.append(Changed(identity, day, version, first_s, last_s))


@lru_cache(maxsize=1024)
def _days_of(start: datetime, step_s: int, count: int) -> range:
    end = start + timedelta(seconds=step_s * count - 1)
    return range(day_number(start), day_number(end) + 1)
