"""Completeness of readings: how much of each meter's days is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from coop.kit.tx import Tx
from coop.metering.model import DAY_S, Int64Array, MeterKind, Quality, Quantity, Register
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import number_at
from coop.metering.readings.blocks import unpack_times
from coop.metering.readings.days import Packed
from coop.metering.readings.store import seconds
from coop.metering.register import store as register
from coop.values import Period, midnight

_FOREVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Completeness:
    """Share of each meter's day that is there. ``share_percent`` has shape (meters, days); 100 is all of it.

    A register of intervals is complete with every interval; one of stands with a stand a day; one of civil days with
    the day's value. Of several registers of one quantity the one that says most counts. ``estimated`` says where some
    of it is an estimate.
    """

    days: tuple[date, ...]
    serials: tuple[str, ...]
    kinds: tuple[str, ...]
    share_percent: tuple[tuple[int, ...], ...]
    estimated: tuple[tuple[bool, ...], ...]

    @property
    def hanging(self) -> int:
        """Count of the meters that hung there on any of the days."""
        return sum(map(self.hung, range(len(self.serials))))

    @property
    def heard(self) -> int:
        """Count of the meters that said anything."""
        return sum(max(shares, default=-1) > 0 for shares in self.share_percent)

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
    """Readings per meter and civil day, as they are known now or were at an instant; -1 where a meter did not hang
    there."""
    meters = register.list_meters(tx)
    registers: dict[str, list[Register]] = {}
    for one in register.list_registers(tx):
        registers.setdefault(one.serial, []).append(one)
    days = [period.start + timedelta(days=i) for i in range(period.days)]
    bounds = np.array([seconds(midnight(day)) for day in (*days, period.end)], np.int64)
    ids = frozenset(one.id for some in registers.values() for one in some)
    known = None if known_at is None else number_at(tx, known_at)
    stored: dict[str, list[Packed]] = {}
    within = dict.fromkeys(range(bounds[0] // DAY_S, bounds[-1] // DAY_S + 1), ids)
    for _, found in sorted(readings.packed(tx, within, known).items()):
        stored.setdefault(found.register_id, []).append(found)
    shares, flags = [], []
    for meter in meters:
        best: dict[Quantity, Int64Array] = {}
        estimated = np.zeros(len(days), np.bool_)
        for one in registers.get(meter.serial, ()):
            share, estimates = _measure(stored.get(one.id, []), bounds)
            best[one.quantity] = np.maximum(best.get(one.quantity, 0), share)
            estimated |= estimates
        mean = sum(best.values(), np.zeros(len(days), np.int64)) // max(len(best), 1)
        hung = np.zeros(len(days), np.bool_)
        for place in meter.places:
            gone_s = _FOREVER if place.removed_at is None else seconds(place.removed_at)
            hung |= (bounds[1:] > seconds(place.installed_at)) & (bounds[:-1] < gone_s)
        shares.append(tuple(np.where(hung, mean, -1).tolist()))
        flags.append(tuple(estimated.tolist()))
    return Completeness(
        tuple(days),
        tuple(meter.serial for meter in meters),
        tuple(meter.kind.value for meter in meters),
        tuple(shares),
        tuple(flags),
    )


def _measure(stored: Sequence[Packed], bounds: Int64Array) -> tuple[Int64Array, NDArray[np.bool_]]:
    """Share of each day between ``bounds`` that a register says [percent], and whether some of it is an estimate."""
    if not stored:
        return np.zeros(len(bounds) - 1, np.int64), np.zeros(len(bounds) - 1, np.bool_)
    times, qualities = zip(*(unpack_times(one.offsets, one.quality, one.step_s) for one in stored), strict=True)
    counts = [len(at) for at in times]
    at_s = np.concatenate(times) + np.repeat([one.day * DAY_S for one in stored], counts)
    steps_s = np.repeat([one.step_s for one in stored], counts)
    estimates = np.concatenate(qualities) == Quality.ESTIMATED
    places = np.searchsorted(at_s, bounds)
    said_s, estimated = (np.diff(np.append(0, np.cumsum(column))[places]) for column in (steps_s, estimates))
    # A reading has no length: one a day is enough.
    read = (np.diff(places) > 0) & (said_s == 0)
    return np.where(read, 100, 100 * said_s // np.diff(bounds)), estimated > 0
