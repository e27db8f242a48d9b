"""Intake of interval values: all series of one start, step and length together, as one matrix.

All days of the registers of a matrix are packed at once. A civil day's value is kept whole, in the UTC day in which it
begins, over as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from coop.metering.civil_days import are_civil_days
from coop.metering.intake.batch import Intake
from coop.metering.model import (
    DAY_S,
    DIGEST_MODULUS,
    Int64Array,
    Meter,
    Quality,
    QualityArray,
    Quantity,
    Register,
    Series,
    Shape,
    to_units,
)
from coop.metering.readings.blocks import pack, pack_quality, pack_stands
from coop.metering.readings.observations import digest_entries
from coop.metering.readings.parameters import Parameters
from coop.metering.readings.plausibility import HOUR_S, impossible_values
from coop.metering.readings.store import seconds
from coop.values import civil_date, say

Row = tuple[Series, Meter, Register]
Cell = TypeVar("Cell", np.int64, np.uint8)

_UNBOUNDED = int(np.iinfo(np.int64).max)


def take_series(intake: Intake) -> None:
    """Take all series of a delivery."""
    groups: dict[tuple[datetime, int, int], list[Series]] = {}
    for series in intake.delivery.own.series:
        groups.setdefault((series.start, series.step_s, len(series.values)), []).append(series)
    for (start, step_s, n), alike in groups.items():
        rows = _acceptable(intake, alike)
        if rows:
            _take_matrix(intake, start, step_s, n, rows)


def _acceptable(intake: Intake, alike: Sequence[Series]) -> list[Row]:
    """Series of one start, step and length, of known meters, with what lies outside a meter's time refused."""
    start, end = alike[0].start, alike[0].end
    shape = Shape.DAY if are_civil_days(start, alike[0].step_s) else Shape.INTERVAL
    is_ahead = end > intake.horizon
    rows = []
    for series in alike:
        meter = intake.batch.meters.get(series.meter)
        if meter is None:
            intake.refuse("unknown-meter", say("meter %(meter)s is not registered", meter=series.meter), series)
            continue
        if is_ahead or not meter.hangs_over(start, end):
            series = _within(intake, series, meter)
        one = intake.batch.register_of(intake.delivery, meter.serial, series.quantity, shape)
        rows.append((series, meter, one))
    return rows


def _within(intake: Intake, series: Series, meter: Meter) -> Series:
    """The series without what lies outside its meter's time, which is refused."""
    between = [*pairwise(series.bound(i) for i in range(len(series.values) + 1))]
    outside = np.array([not meter.hangs_over(start, end) for start, end in between])
    future = np.array([end > intake.horizon for _, end in between]) & ~outside
    there = series.quality != Quality.MISSING
    for part in _parts(series, outside & there):
        intake.refuse(
            "not-installed",
            say("meter %(serial)s did not hang there at %(start)s", serial=meter.serial, start=part.start),
            part,
        )
    for part in _parts(series, future & there):
        intake.refuse("future", say("%(end)s lies after it was received", end=part.end), part)
    return _without(series, outside | future)


def _take_matrix(intake: Intake, start: datetime, step_s: int, n: int, rows: Sequence[Row]) -> None:
    """Take series that are alike; every matrix here has a row for each."""
    day_of_limits = civil_date(start)
    longest_s = step_s + HOUR_S if are_civil_days(start, step_s) else step_s
    factors, most = _scales(intake.batch.parameters, rows, day_of_limits, longest_s)
    values = np.concatenate([series.values for series, _, _ in rows]).reshape(len(rows), n)
    quality = np.concatenate([series.quality for series, _, _ in rows]).reshape(len(rows), n)
    if (factors != 1).any():
        beyond = np.abs(values) > (_UNBOUNDED // factors)[:, None]
        for k in np.flatnonzero(beyond.any(axis=1)).tolist():
            _refuse_impossible(intake, rows[k][0], beyond[k])
            values[k, beyond[k]], quality[k, beyond[k]] = 0, Quality.MISSING
        values = values * factors[:, None]
    for k in np.flatnonzero(values.max(axis=1) > most).tolist():
        series, meter, one = rows[k]
        bound = intake.batch.parameters.bound_of(meter, one, day_of_limits)
        assert bound is not None, "nothing is above no limit"
        wrong = impossible_values(values[k], bound, longest_s) & (quality[k] != Quality.MISSING)
        _refuse_impossible(intake, series, wrong)
        values[k, wrong], quality[k, wrong] = 0, Quality.MISSING
    intake.taken.values += int(np.count_nonzero(quality))
    if are_civil_days(start, step_s):
        _take_civil_days(intake, rows, values, quality)
    else:
        _take_days(intake, start, step_s, rows, values, quality)


def _take_civil_days(intake: Intake, rows: Sequence[Row], values: Int64Array, quality: QualityArray) -> None:
    """Civil days of all rows; ``values`` and ``quality`` have shape (rows, days)."""
    series = rows[0][0]
    exponents = np.array([one.exponent for _, _, one in rows])
    for i in range(values.shape[1]):
        start_s = seconds(series.bound(i))
        length_s = seconds(series.bound(i + 1)) - start_s
        day, offset = divmod(start_s, DAY_S)
        heads = (intake.number, length_s, exponents, offset, quality[:, i])
        digests = digest_entries(heads, values[:, i]).tolist()
        for k in np.flatnonzero(quality[:, i] != Quality.MISSING).tolist():
            packed = pack_stands([offset], [int(values[k, i])], bytes([int(quality[k, i])]))
            intake.add(rows[k][2], day, length_s, packed, digests[k], (offset,))


def _take_days(
    intake: Intake, start: datetime, step_s: int, rows: Sequence[Row], values: Int64Array, quality: QualityArray
) -> None:
    """UTC days of all rows; ``values`` and ``quality`` have shape (rows, intervals)."""
    n = values.shape[1]
    first_s = seconds(start)
    end_s = first_s + n * step_s
    for day in range(first_s // DAY_S, -(-end_s // DAY_S)):
        slot = max(first_s - day * DAY_S, 0) // step_s
        columns = slice(max(day * DAY_S - first_s, 0) // step_s, min((day + 1) * DAY_S - first_s, n * step_s) // step_s)
        whole = _whole(values[:, columns], slot, step_s), _whole(quality[:, columns], slot, step_s)
        _take_day(intake, day, step_s, rows, *whole)


def _refuse_impossible(intake: Intake, series: Series, wrong: NDArray[np.bool_]) -> None:
    for part in _parts(series, wrong):
        reason = say(
            "%(max)s %(unit)s in %(step_s)s s is more than the meter can count",
            max=part.values.max(),
            unit=part.unit,
            step_s=part.step_s,
        )
        intake.refuse("impossible-value", reason, part)


def _take_day(
    intake: Intake, day: int, step_s: int, rows: Sequence[Row], values: Int64Array, quality: QualityArray
) -> None:
    """One UTC day of all rows; ``values`` and ``quality`` have shape (rows, intervals of a day)."""
    there = quality != Quality.MISSING
    told = np.flatnonzero(there.any(axis=1)).tolist()
    if not told:
        return
    packed, codes = pack(values[told]), pack_quality(quality[told])
    digests = _digest(values[told], quality[told], np.array([rows[k][2].exponent for k in told]), step_s, intake.number)
    first = there[told].argmax(axis=1) * step_s
    last = DAY_S - step_s - there[told][:, ::-1].argmax(axis=1) * step_s
    for i, bounds in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        intake.add(rows[told[i]][2], day, step_s, (None, packed[i], codes[i]), digests[i], bounds)


def _digest(
    values: Int64Array, quality: QualityArray, exponents: Int64Array, step_s: int, number: int
) -> Sequence[int]:
    """The digest of each row of a day."""
    offsets = np.arange(values.shape[1], dtype=np.int64) * step_s
    hashes = digest_entries((number, step_s, exponents[:, None], offsets, quality), values)
    hashes[quality == Quality.MISSING] = 0
    digests: list[int] = (hashes.sum(axis=1, dtype=np.uint64) % np.uint64(DIGEST_MODULUS)).tolist()
    return digests


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
        yield series._replace(
            start=series.bound(first), values=series.values[first:end], quality=series.quality[first:end]
        )


def _without(series: Series, which: NDArray[np.bool_]) -> Series:
    quality = np.where(which, np.uint8(Quality.MISSING), series.quality)
    return series._replace(values=np.where(which, 0, series.values), quality=quality)


def _scales(parameters: Parameters, rows: Sequence[Row], day: date, longest_s: int) -> tuple[Int64Array, Int64Array]:
    """Register units in one of each row's unit, and the most of them that its register can count in an interval. Most
    rows are alike in all that decides it."""
    found: dict[object, tuple[int, int]] = {}
    scales = []
    for series, meter, one in rows:
        maxima = meter.maxima_on(day)
        alike = meter.kind, series.unit, one.quantity, one.exponent, maxima.get(one.quantity)
        scale = found.get(alike)
        if scale is None:
            bound = parameters.bound_of(meter, one, day)
            most = bound.most(longest_s) if bound else _UNBOUNDED
            scale = found[alike] = _factor(series.unit, one.quantity, one.exponent), most
        scales.append(scale)
    factors, most_of_each = np.array(scales, np.int64).T
    return factors, most_of_each


@cache
def _factor(unit: str, quantity: Quantity, exponent: int) -> int:
    return to_units(Decimal(1), unit, quantity, exponent)
