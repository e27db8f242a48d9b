"""Completeness of readings: how much of each meter's days is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coop.kit.tx import Tx
from coop.metering.model import DAY_S, Meter, MeterKind, Quality
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import number_at
from coop.metering.readings.store import DAY, day_number
from coop.metering.register import store as register
from coop.values import Period


@dataclass(frozen=True)
class Completeness:
    """Share of each meter's day that is there. ``share_percent`` has shape (meters, days); 100 is all of it.

    A register of intervals is complete with every interval; one of stands with a stand a day. ``estimated`` says where
    some of it is an estimate.
    """

    days: tuple[date, ...]
    serials: tuple[str, ...]
    kinds: tuple[str, ...]
    share_percent: tuple[tuple[int, ...], ...]
    estimated: tuple[tuple[bool, ...], ...]

    @property
    def percent(self) -> int:
        """Of everything, rounded down."""
        return _mean_percent(self.share_percent)

    def hung(self, place: int) -> bool:
        """True when a meter hung there on any of the days."""
        return any(share >= 0 for share in self.share_percent[place])

    def lacks(self, place: int) -> bool:
        """True when a meter should have said more."""
        return any(0 <= share < 100 for share in self.share_percent[place])

    def by_kind(self) -> list[KindCompleteness]:
        """Meters that hung there, by what they are for."""
        found = []
        for kind in MeterKind:
            places = [i for i, own in enumerate(self.kinds) if own == kind.value and self.hung(i)]
            if places:
                lacking = sum(self.lacks(i) for i in places)
                found.append(
                    KindCompleteness(
                        kind.value,
                        len(places),
                        len(places) - lacking,
                        sum(any(self.estimated[i]) for i in places),
                        lacking,
                        _mean_percent([self.share_percent[i] for i in places]),
                    )
                )
        return found


@dataclass(frozen=True)
class KindCompleteness:
    """Meters of a kind: how many are complete, estimated in part or lack something, and the mean share [percent]."""

    kind: str
    meters: int
    complete: int
    estimated: int
    lacking: int
    percent: int


def _mean_percent(rows: Sequence[Sequence[int]]) -> int:
    cells = [share for row in rows for share in row if share >= 0]
    return sum(cells) // len(cells) if cells else 0


def measure_completeness(tx: Tx, period: Period, known_at: datetime | None = None) -> Completeness:
    """Readings per meter and UTC day, as they are known now or were at an instant; -1 where a meter did not hang
    there."""
    meters = register.list_meters(tx)
    registers: dict[str, list[str]] = {}
    for one in register.list_registers(tx):
        registers.setdefault(one.serial, []).append(one.id)
    days = [period.start + timedelta(days=i) for i in range(period.days)]
    first = day_number(period.start_at + timedelta(hours=2))
    ids = [identity for some in registers.values() for identity in some]
    known = None if known_at is None else number_at(tx, known_at)
    stored = readings.latest(tx, ids, range(first, first + len(days)), known)
    shares, flags = [], []
    for meter in meters:
        shares.append(
            tuple(
                _percent(meter, first + i, [stored.get((one, first + i)) for one in registers.get(meter.serial, ())])
                for i in range(len(days))
            )
        )
        flags.append(
            tuple(
                any(
                    bool((found.content.quality == Quality.ESTIMATED).any())
                    for one in registers.get(meter.serial, ())
                    if (found := stored.get((one, first + i))) is not None
                )
                for i in range(len(days))
            )
        )
    return Completeness(
        tuple(days),
        tuple(meter.serial for meter in meters),
        tuple(meter.kind.value for meter in meters),
        tuple(shares),
        tuple(flags),
    )


def _percent(meter: Meter, day: int, stored: Sequence[readings.Stored | None]) -> int:
    start = readings.instant(day * DAY_S)
    if start + DAY <= meter.installed_at or (meter.removed_at is not None and meter.removed_at <= start):
        return -1
    if not stored:
        return 0
    whole = [
        0 if one is None else 100 if not one.step_s else 100 * len(one.content) * one.step_s // DAY_S for one in stored
    ]
    return sum(whole) // len(whole)
