"""Intake of interval values: all series of one start, step and length together, as one matrix.

A head-end batch of a thousand registers is one look-up of what is there and one insert. Only a register's day that is
there already is merged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from coop.metering.handlers.intake import Intake
from coop.metering.model import Int64Array, Meter, Quality, QualityArray, Quantity, Register, Series, Shape, to_units
from coop.metering.rules.blocks import DAY_S, Day, pack, pack_quality
from coop.metering.rules.plausibility import impossible_values
from coop.metering.storage import readings
from coop.metering.storage.readings import Stored, seconds
from coop.values import civil_date

Row = tuple[Series, Meter, Register]
Cell = TypeVar("Cell", np.int64, np.uint8)


def take_series(intake: Intake) -> None:
    """Take all series of a delivery."""
    groups: dict[tuple[datetime, int, int, int], list[Row]] = {}
    seen: dict[tuple[datetime, int, int], set[str]] = {}
    ends: dict[tuple[datetime, int, int], datetime] = {}
    for told in intake.delivery.decoded.series:
        meter = intake.meters.get(told.meter)
        if meter is None:
            intake.refuse("unknown-meter", f"meter {told.meter} is not registered", told)
            continue
        alike = (told.start, told.step_s, len(told.values))
        if alike not in ends:
            ends[alike], seen[alike] = told.end, set()
        whole = told.start >= meter.installed_at and ends[alike] <= min(
            meter.removed_at or intake.horizon, intake.horizon
        )
        series = told if whole else _within(intake, told, meter)
        one = intake.register_of(meter, series.quantity, Shape.INTERVAL)
        # A register told again in one batch goes into a group by itself, which then finds what was stored before.
        turn = len(groups) if one.id in seen[alike] else 0
        seen[alike].add(one.id)
        groups.setdefault((*alike, turn), []).append((series, meter, one))
    for (start, step_s, n, _), rows in groups.items():
        _take_matrix(intake, start, step_s, n, rows)
        intake.flush()


def _within(intake: Intake, series: Series, meter: Meter) -> Series:
    """The series without what lies outside its meter's time, which is refused."""
    gone = meter.removed_at or max(series.end, intake.horizon)
    step = timedelta(seconds=series.step_s)
    starts = [series.start + i * step for i in range(len(series.values))]
    outside = np.array([at < meter.installed_at or at + step > gone for at in starts])
    future = np.array([at + step > intake.horizon for at in starts]) & ~outside
    there = series.quality != Quality.MISSING
    for part in _parts(series, outside & there):
        intake.refuse("not-installed", f"meter {meter.serial} did not hang there at {part.start.isoformat()}", part)
    for part in _parts(series, future & there):
        intake.refuse("future", f"{part.end.isoformat()} lies after it was received", part)
    return _without(series, outside | future)


def _take_matrix(intake: Intake, start: datetime, step_s: int, n: int, rows: Sequence[Row]) -> None:
    values = np.stack([series.values for series, _, _ in rows])
    quality = np.stack([series.quality for series, _, _ in rows])
    factors = np.array([_factor(series.unit, series.quantity, one.exponent) for series, _, one in rows], np.int64)
    if (factors != 1).any():
        values = values * factors[:, None]
    highest = values.max(axis=1).tolist()
    day_of_limits = civil_date(start)
    for k, (series, meter, one) in enumerate(rows):
        bound = intake.bound(meter, one, day_of_limits)
        if bound is not None and highest[k] > bound.most(step_s):
            wrong = impossible_values(values[k], bound, step_s) & (quality[k] != Quality.MISSING)
            for part in _parts(series, wrong):
                reason = f"{part.values.max()} {part.unit} in {step_s} s is more than the meter can count"
                intake.refuse("impossible-value", reason, part)
            values[k, wrong], quality[k, wrong] = 0, Quality.MISSING
    intake.taken.values += int(np.count_nonzero(quality))
    first_s = seconds(start)
    end_s = first_s + n * step_s
    days = range(first_s // DAY_S, -(-end_s // DAY_S))
    stored = readings.latest(intake.connection, [one.id for _, _, one in rows], days)
    for day in days:
        slot = max(first_s - day * DAY_S, 0) // step_s
        columns = slice(max(day * DAY_S - first_s, 0) // step_s, min((day + 1) * DAY_S - first_s, n * step_s) // step_s)
        _take_day(
            intake,
            day,
            step_s,
            rows,
            stored,
            _whole(values[:, columns], slot, step_s),
            _whole(quality[:, columns], slot, step_s),
        )


def _take_day(
    intake: Intake,
    day: int,
    step_s: int,
    rows: Sequence[Row],
    stored: Mapping[readings.Key, Stored],
    values: Int64Array,
    quality: QualityArray,
) -> None:
    """One UTC day of all rows; ``values`` and ``quality`` have shape (rows, intervals of a day)."""
    there = quality != Quality.MISSING
    fresh: list[int] = []
    for k, any_there in enumerate(there.any(axis=1).tolist()):
        if not any_there:
            continue
        key = (rows[k][2].id, day)
        old = stored.get(key)
        if old is None:
            fresh.append(k)
        elif old.step_s != step_s:
            reason = f"steps of {step_s} s, where the register holds steps of {old.step_s} s"
            intake.refuse("other-step", reason, rows[k][0])
        else:
            slots = np.flatnonzero(there[k])
            intake.merge_day(key, step_s, Day(slots * step_s, values[k, slots], quality[k, slots]), old)
    if not fresh:
        return
    packed, codes = pack(values[fresh]), pack_quality(quality[fresh])
    first = there[fresh].argmax(axis=1) * step_s
    last = DAY_S - step_s - there[fresh][:, ::-1].argmax(axis=1) * step_s
    for k, values_k, codes_k, first_k, last_k in zip(fresh, packed, codes, first.tolist(), last.tolist(), strict=True):
        key = (rows[k][2].id, day)
        intake.add(key, 1, intake.received_us, step_s, (None, values_k, codes_k), first_k, last_k)


def _whole(part: NDArray[Cell], slot: int, step_s: int) -> NDArray[Cell]:
    """Columns of a part of a day, put in their places in the whole day; the rest is zero, which is MISSING."""
    count = DAY_S // step_s
    if part.shape[1] == count:
        return part
    whole = np.zeros((part.shape[0], count), part.dtype)
    whole[:, slot : slot + part.shape[1]] = part
    return whole


def _parts(series: Series, which: NDArray[np.bool_]) -> Iterator[Series]:
    """The unbroken runs of a series where ``which`` is true, each as a series of its own."""
    bounds = np.flatnonzero(np.diff(which.astype(np.int8), prepend=0, append=0)).tolist()
    for first, end in zip(bounds[::2], bounds[1::2], strict=True):
        start = series.start + timedelta(seconds=first * series.step_s)
        yield replace(series, start=start, values=series.values[first:end], quality=series.quality[first:end])


def _without(series: Series, which: NDArray[np.bool_]) -> Series:
    quality = np.where(which, np.uint8(Quality.MISSING), series.quality)
    return replace(series, values=np.where(which, 0, series.values), quality=quality)


@cache
def _factor(unit: str, quantity: Quantity, exponent: int) -> int:
    return to_units(Decimal(1), unit, quantity, exponent)
