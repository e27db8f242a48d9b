"""Odd meters of a month: what they counted, held beside physics, their own past and others of their kind.

Verdicts over what stands, so any order of arrival gives the same ones; they block nothing, and change no amount. What
is odd is the co-operative's choice (``OdditiesChoice``). To find them is to read two months of every register, some
meters at a time: ``odd_looks`` does so by night, and keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from coop.communities.choices import OdditiesChoice
from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.metering.model import CUMULATIVE, DAY_S, Meter, MeterKind, Quantity, Register, Shape
from coop.metering.provenance.oddity_rules import (
    Floats,
    find_still,
    find_swapped,
    judge_clear_sky,
    judge_flow,
    judge_heat,
    judge_night,
)
from coop.metering.readings import store as readings
from coop.metering.readings.days import Stored
from coop.metering.readings.store import instant
from coop.metering.readings.sun import clear_sky_most, is_night, sun_height
from coop.metering.register import store as register
from coop.metering.register.peaks import Peak, find_peak, list_peaks
from coop.values import Period, Said, civil_date, say

_TEMPERATURES = (Quantity.FLOW_TEMPERATURE, Quantity.RETURN_TEMPERATURE)
_HOUR_S = 3600

_FINE_S = 300

STANDARD_W_PER_M2 = 1000.0
"""Irradiance at which panels give their peak power."""

MARGIN = 1.25
"""Panels that are cold, or lit past the edge of a cloud, give more than their peak power says. A choice."""

_LEAST_PART = 0.05
"""Below this part of the peak nothing is odd: at low sun a clock that is minutes off is no panel that makes more."""

AT_A_TIME = 100
"""Meters of which all days are in memory at once."""

Days = Mapping[int, Stored]


@dataclass(frozen=True)
class Oddity:
    """One thing that is odd about a meter in a month."""

    meter: str
    quantity: Quantity
    why: Said


@dataclass
class _Read:
    """A meter's use by UTC day, two months long, and what of a solar meter's electricity is made at night."""

    meter: Meter
    use: dict[Quantity, Floats] = field(default_factory=dict)
    drop_k: Floats | None = None
    made: float = 0.0
    at_night: float = 0.0
    above: int = 0
    worst: float = 0.0
    peak_w: int = 0


def find_oddities(tx: Tx, period: Period) -> list[Oddity]:
    """Odd meters of a month, by serial.

    Raises:
        ReadingsDetached: the month, or the one before, is set aside.
    """
    choice = load_choices(tx).on(OdditiesChoice, period.start)
    last, days = readings.day_number(period.end_at), (period.end - period.start).days
    span, first = range(last - 2 * days, last), days
    found = []
    read = _read(tx, span, first)
    for one in read:
        heat, volume = one.use.get(Quantity.HEAT), one.use.get(Quantity.VOLUME)
        if heat is not None and volume is not None:
            mine, water = heat[first:], volume[first:]
            drop = one.drop_k[first:] if one.drop_k is not None else np.full(len(mine), np.nan)
            why = judge_heat(mine, water, drop, choice.heat_off_percent) or judge_flow(mine, water, choice.idle_kelvin)
            found += [Oddity(one.meter.serial, Quantity.HEAT, why)] if why else []
        if why := judge_night(one.made, one.at_night, choice.night_permille):
            found.append(Oddity(one.meter.serial, Quantity.ELECTRICITY_EXPORT, why))
        if why := judge_clear_sky(one.above, one.worst, one.peak_w):
            found.append(Oddity(one.meter.serial, Quantity.ELECTRICITY_EXPORT, why))
    start = (period.end_at - timedelta(days=2 * days)).date()
    for kind, quantity in sorted({(one.meter.kind, quantity) for one in read for quantity in one.use}):
        alike = {one.meter.serial: one.use[quantity] for one in read if one.meter.kind is kind and quantity in one.use}
        found += _list_still(alike, quantity, start, first, choice.still_days)
        found += _list_swapped(alike, quantity, first)
    return sorted(found, key=lambda one: (one.meter, one.quantity, one.why))


def _list_still(
    alike: Mapping[str, Floats], quantity: Quantity, start: date, first: int, still_days: int
) -> Iterator[Oddity]:
    if len(alike) < 3:
        return
    table = np.array(list(alike.values()))
    has_any = ~np.isnan(table).all(axis=0)
    middle = np.zeros(table.shape[1])
    middle[has_any] = np.nanmedian(table[:, has_any], axis=0)
    for serial, use in alike.items():
        still = find_still(use, middle, still_days)
        if still is not None and still[1] >= first:
            since, until = (start + timedelta(days=each) for each in still)
            yield Oddity(
                serial,
                quantity,
                say("stands still from %(since)s to %(until)s, while others count", since=since, until=until),
            )


def _list_swapped(alike: Mapping[str, Floats], quantity: Quantity, first: int) -> Iterator[Oddity]:
    per_day = {
        serial: (float(np.nanmean(use[:first])), float(np.nanmean(use[first:])))
        for serial, use in alike.items()
        if not np.isnan(use[:first]).all() and not np.isnan(use[first:]).all()
    }
    for one, other in find_swapped(per_day):
        for serial, like in ((one, other), (other, one)):
            why = say("counts what %(other)s counted the month before: were they swapped?", other=like)
            yield Oddity(serial, quantity, why)


def _read(tx: Tx, span: range, first: int) -> list[_Read]:
    directory = register.directory(tx)
    kept: dict[str, list[Register]] = {}
    for one in directory.registers.values():
        if one.quantity in CUMULATIVE or one.quantity in _TEMPERATURES:
            kept.setdefault(one.serial, []).append(one)
    peaks: dict[str, list[Peak]] = {}
    for told in list_peaks(tx):
        peaks.setdefault(told.serial, []).append(told)
    found = []
    serials = sorted(kept)
    for first_of in range(0, len(serials), AT_A_TIME):
        some = {serial: kept[serial] for serial in serials[first_of : first_of + AT_A_TIME]}
        found += _read_some(tx, directory.meters, some, (span, first), peaks)
    return found


def _read_some(
    tx: Tx,
    meters: Mapping[str, Meter],
    kept: Mapping[str, list[Register]],
    time: tuple[range, int],
    peaks: Mapping[str, list[Peak]],
) -> list[_Read]:
    span, first = time
    ids = {one.id for several in kept.values() for one in several}
    by_register: dict[str, dict[int, Stored]] = {}
    for (register_id, day), stored in readings.latest(tx, ids, range(span.start - 1, span.stop)).items():
        by_register.setdefault(register_id, {})[day] = stored
    found = []
    for serial, several in kept.items():
        read = _Read(meters[serial])
        for one in sorted(several, key=lambda each: each.shape is not Shape.STAND):
            days = by_register.get(one.id)
            if days and one.quantity in CUMULATIVE:
                use = _count(days, span, one) * 10.0**one.exponent
                before = read.use.get(one.quantity)
                read.use[one.quantity] = use if before is None else np.where(np.isnan(use), before, use)
            if days and read.meter.kind is MeterKind.SOLAR and one.quantity is Quantity.ELECTRICITY_EXPORT:
                _add_night(read, days, span[first:])
            if days and one.quantity is Quantity.ELECTRICITY_EXPORT and serial in peaks:
                _add_above(read, days, span[first:], 10.0**one.exponent, peaks[serial])
        read.drop_k = _find_drop(several, by_register, span)
        found.append(read)
    return found


def _count(days: Days, span: range, one: Register) -> Floats:
    """Use by day: the sum of its intervals, or from its last reading of the day before to that of the day."""
    if one.shape is not Shape.STAND:
        return np.array([days[day].content.values.sum() if day in days else np.nan for day in span], np.float64)
    whole = range(span.start - 1, span.stop)
    ends = np.array([days[day].content.values[-1] if day in days else np.nan for day in whole], np.float64)
    return np.asarray(np.diff(ends), np.float64)


def _add_night(read: _Read, days: Days, span: range) -> None:
    for day in span:
        one = days.get(day)
        if one is not None and 0 < one.step_s <= _HOUR_S:
            values = one.content.values.astype(np.float64)
            read.made += float(values.sum())
            read.at_night += float(values[is_night(one.content.offsets + day * DAY_S, one.step_s)].sum())


def _add_above(read: _Read, days: Days, span: range, unit_wh: float, peaks: list[Peak]) -> None:
    """Count the intervals of at most an hour in which more was made than the panels can."""
    for day in span:
        one, peak_w = days.get(day), find_peak(peaks, civil_date(instant(day * DAY_S + DAY_S // 2)))
        if one is None or not peak_w or not 0 < one.step_s <= _HOUR_S or not len(one.content):
            continue
        most_wh = MARGIN * peak_w * _most_per_wp(day, one.step_s)[one.content.offsets // one.step_s]
        made_wh = one.content.values * unit_wh
        above = made_wh > np.maximum(most_wh, _LEAST_PART * peak_w * one.step_s / _HOUR_S)
        if above.any():
            read.above, read.peak_w = read.above + int(above.sum()), peak_w
            times = made_wh[above] / np.maximum(most_wh[above], _LEAST_PART * peak_w * one.step_s / _HOUR_S)
            read.worst = max(read.worst, float(times.max()))


@lru_cache(maxsize=4096)
def _most_per_wp(day: int, step_s: int) -> Floats:
    """The most that a watt of peak power makes in each interval of a day [Wh]: as if the sun stood all of it as high as
    it comes in it."""
    bounds = day * DAY_S + np.arange(0, DAY_S + 1, _FINE_S)
    most = clear_sky_most(sun_height(bounds))
    each = step_s // _FINE_S if step_s >= _FINE_S else 1
    starts = np.arange(0, DAY_S, step_s) // _FINE_S
    highest = np.array([most[start : start + each + 1].max() for start in starts])
    return np.asarray(highest / STANDARD_W_PER_M2 * step_s / _HOUR_S, np.float64)


def _find_drop(several: list[Register], by_register: Mapping[str, Days], span: range) -> Floats | None:
    """Mean drop of temperature by day, over the instants at which both are told [K]."""
    told = (
        next((one for one in several if one.quantity is wanted and one.id in by_register), None)
        for wanted in _TEMPERATURES
    )
    supply, giving_back = told
    if supply is None or giving_back is None:
        return None
    flow, back = by_register[supply.id], by_register[giving_back.id]
    drop = np.full(len(span), np.nan)
    for i, day in enumerate(span):
        if day in flow and day in back:
            one, other = flow[day].content, back[day].content
            _, here, there = np.intersect1d(one.offsets, other.offsets, return_indices=True)
            if len(here):
                warm, cool = one.values[here] * 10.0**supply.exponent, other.values[there] * 10.0**giving_back.exponent
                drop[i] = float((warm - cool).mean())
    return drop
