"""Quarter-hours of meters, from whatever they say: quarter-hours, finer or hourly intervals, cumulative readings.

Energies are whole thousandths of a Wh, so that an hour in Wh is divided over four quarter-hours without a rest.

Invariant: what is divided adds up. An interval that is longer than a quarter-hour is spread evenly over the time that
it spans, each part rounded down at its end to a whole unit, so the parts add up to the interval; shorter ones are
added. A cumulative register is read at the bounds of a quarter-hour, evenly between two readings, and rounded down
there, so the quarter-hours between any two bounds add up to the difference of the register. Each quarter-hour comes
from what was said of its own time alone: a correction changes nothing elsewhere.

A quarter-hour is there when all of it is covered, by intervals or by readings of which no two neighbours are further
apart than ``COARSEST_S``. Where a register falls it is not known what was counted: the time until it has regained what
it had read is not there, or, where it never does, the time of the fall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import DAY_S, Int64Array

QUARTER_S = 900
COARSEST_S = 3600
"""Longest interval, and longest gap between two readings, that is divided over quarter-hours [s]."""
PER_WH = 1000
"""Units of energy here in a Wh."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class RegisterValues:
    """Values of one register: ``starts_s`` [s since 1970], rising, each over ``step_s``, or read there where that is 0;
    in whole ``10 ** exponent`` Wh as they are stored. One account alone answers for some that are ``claimed``."""

    starts_s: Int64Array
    step_s: int
    values: Int64Array
    claimed: bool = False


@dataclass(frozen=True)
class WholeDays:
    """Days of quarter-hours as they are stored: row ``i`` is day ``days[i]`` since 1970-01-01 of ``registers[i]``.

    ``values``, ``there`` and ``claimed`` have shape (rows, 96); what is not there is 0.
    """

    registers: Sequence[str]
    days: Sequence[int]
    values: Int64Array
    there: BoolArray
    claimed: BoolArray


@dataclass(frozen=True)
class Readings:
    """All that was said by some registers: days of quarter-hours in one piece, and whatever else by register."""

    whole_days: WholeDays
    others: Mapping[str, Sequence[RegisterValues]] = field(default_factory=dict)


_NO_DAY = np.zeros((0, DAY_S // QUARTER_S), np.bool_)
NO_DAYS = WholeDays((), (), _NO_DAY.astype(np.int64), _NO_DAY, _NO_DAY)
NOTHING = Readings(NO_DAYS)
"""No reading at all."""


@dataclass(frozen=True)
class Quarters:
    """Quarter-hours of registers: ``energy`` [thousandths of a Wh], ``there``, and ``claimed`` where only one account
    says so, of shape (registers, n); ``row`` says which row is whose, and ``too_coarse`` which registers say something,
    but of too long a time. ``read`` holds what a device read of a register: at which instants, and how high."""

    row: Mapping[str, int]
    energy: Int64Array
    there: BoolArray
    claimed: BoolArray
    too_coarse: frozenset[str] = frozenset()
    read: Mapping[str, tuple[Int64Array, Int64Array]] = field(default_factory=dict)


def resample(readings: Readings, exponents: Mapping[str, int], from_s: int, n: int) -> Quarters:
    """Bring what registers said to ``n`` quarter-hours from ``from_s`` on.

    ``exponents`` names the registers, each with the power of ten of its unit [Wh]. Of several that cover a quarter-hour
    intervals go before readings, and the finer before the coarser; but what a device says goes before what one account
    alone does.
    """
    row = {register_id: k for k, register_id in enumerate(exponents)}
    energy, there, claimed = _place_days(readings.whole_days, row, from_s, n)
    units = np.array([*exponents.values()], np.int64)
    for exponent in set(exponents.values()):
        alike = units == exponent
        if alike.all():
            energy = to_units(energy, exponent)
        else:
            energy[alike] = to_units(energy[alike], exponent)
    too_coarse = set()
    read = {}
    for register_id, said in readings.others.items():
        if register_id not in row:
            continue
        k, exponent = row[register_id], exponents[register_id]
        for values in sorted(said, key=lambda one: (one.claimed, one.step_s == 0, one.step_s)):
            if not values.step_s and not values.claimed:
                read[register_id] = values.starts_s, to_units(values.values, exponent)
            if values.step_s > COARSEST_S:
                too_coarse.add(register_id)
                continue
            if values.step_s:
                found = spread(values.starts_s, values.step_s, to_units(values.values, exponent), from_s, n)
            else:
                found = read_at_bounds(values.starts_s, to_units(values.values, exponent), from_s, n)
            fresh = found[1] & ~there[k]
            energy[k, fresh] = found[0][fresh]
            there[k] |= fresh
            claimed[k, fresh] = values.claimed
    if (negative := energy < 0).any():
        energy[negative], there[negative] = 0, False
    return Quarters(row, energy, there, claimed, frozenset(too_coarse), read)


def to_units(values: Int64Array, exponent: int) -> Int64Array:
    """Values in ``10 ** exponent`` Wh as whole thousandths of a Wh, to the nearest (a half to the even one).

    >>> to_units(np.array([3]), 0).tolist(), to_units(np.array([2500, 3500]), -6).tolist()
    ([3000], [2, 4])
    """
    if exponent >= -3:
        return values * np.int64(10 ** (exponent + 3))
    divisor = np.int64(10 ** (-3 - exponent))
    down, rest = np.divmod(values, divisor)
    up = (2 * rest > divisor) | ((2 * rest == divisor) & (down % 2 == 1))
    return np.asarray(down + up, np.int64)


def spread(starts_s: Int64Array, step_s: int, energy: Int64Array, from_s: int, n: int) -> tuple[Int64Array, BoolArray]:
    """Bring intervals of one length to quarter-hours.

    >>> spread(np.array([0]), 3600, np.array([10]), 0, 5)[0].tolist()
    [2, 3, 2, 3, 0]
    >>> spread(np.array([0, 300, 600, 900]), 300, np.array([1, 2, 4, 8]), 0, 2)[1].tolist()
    [True, False]
    """
    total, covered = np.zeros(n, np.int64), np.zeros(n, np.int64)
    after_s = starts_s - from_s
    first = after_s // QUARTER_S
    for more in range((step_s + QUARTER_S - 1) // QUARTER_S + 1):
        quarter = first + more
        begin = np.clip(quarter * QUARTER_S - after_s, 0, step_s)
        end = np.clip((quarter + 1) * QUARTER_S - after_s, 0, step_s)
        inside = (end > begin) & (quarter >= 0) & (quarter < n)
        part = energy * end // step_s - energy * begin // step_s
        np.add.at(total, quarter[inside], part[inside])
        np.add.at(covered, quarter[inside], (end - begin)[inside])
    there = covered == QUARTER_S
    return np.where(there, total, 0), there


def read_at_bounds(at_s: Int64Array, count: Int64Array, from_s: int, n: int) -> tuple[Int64Array, BoolArray]:
    """Bring cumulative readings to quarter-hours.

    >>> read_at_bounds(np.array([0, 1800, 2700]), np.array([100, 105, 109]), 0, 3)[0].tolist()
    [2, 3, 4]
    """
    energy, there = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    at_s, count, sound = _leave_out_falls(at_s, count)
    if len(at_s) < 2:
        return energy, there
    bounds = from_s + QUARTER_S * np.arange(n + 1)
    # The reading at or before each bound, and the one after it; a bound on the last reading has only the former.
    before = np.clip(np.searchsorted(at_s, bounds, "right") - 1, 0, len(at_s) - 1)
    after = np.minimum(before + 1, len(at_s) - 1)
    exact = at_s[before] == bounds
    within = (at_s[before] <= bounds) & (bounds <= at_s[after]) & (sound[before] | exact)
    span, passed = np.maximum(at_s[after] - at_s[before], 1), bounds - at_s[before]
    rise = np.where(sound[before], count[after] - count[before], 0)
    reading = count[before] + _scale(rise, np.clip(passed, 0, span), span)
    there = within[:-1] & within[1:] & ~_is_broken(at_s, sound, bounds)
    energy[there] = np.diff(reading)[there]
    return energy, there


def _scale(rise: Int64Array, passed_s: Int64Array, span_s: Int64Array) -> Int64Array:
    """``rise * passed_s / span_s``, rounded down, without leaving 64 bits for any rise that fits in them."""
    whole, rest = np.divmod(rise, span_s)
    return np.asarray(whole * passed_s + rest * passed_s // span_s, np.int64)


def _is_broken(at_s: Int64Array, sound: BoolArray, bounds: Int64Array) -> BoolArray:
    """True for each quarter-hour that any gap touches of which it is not known what was counted in it."""
    gaps = np.flatnonzero(~sound[:-1])
    first = np.maximum(np.searchsorted(bounds, at_s[gaps], "right") - 1, 0)
    end = np.searchsorted(bounds, at_s[gaps + 1], "left")
    # One more gap from each first on, and one less from each end on: added up, how many touch each.
    steps = np.zeros(len(bounds) + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, np.maximum(end, first), -1)
    touched = np.cumsum(steps[:-1])
    return touched[:-1] > 0


def _leave_out_falls(at_s: Int64Array, count: Int64Array) -> tuple[Int64Array, Int64Array, BoolArray]:
    """The readings that can be gone on from, and for each whether it is known what was counted up to the next."""
    keep = np.ones(len(count), np.bool_)
    reset = np.zeros(len(count), np.bool_)
    high = 0
    for k in np.flatnonzero(np.diff(count, prepend=count[:1]) < 0).tolist():
        if k <= high and high:
            continue
        regained = np.flatnonzero(count[k:] >= count[k - 1])
        if len(regained):
            high = k + int(regained[0])
            keep[k:high] = False
        else:
            reset[k - 1] = True
    at_s, count, reset = at_s[keep], count[keep], reset[keep]
    gaps = np.diff(at_s, append=at_s[-1:])
    return at_s, count, (gaps <= COARSEST_S) & ~reset


def _place_days(
    found: WholeDays, row: Mapping[str, int], from_s: int, n: int
) -> tuple[Int64Array, BoolArray, BoolArray]:
    """Put stored days of quarter-hours into their places."""
    first_day = from_s // DAY_S
    days = (from_s + n * QUARTER_S - 1) // DAY_S - first_day + 1 if n else 0
    per_day = DAY_S // QUARTER_S
    rows = np.array([row.get(register_id, -1) for register_id in found.registers], np.int64)
    day = np.array(found.days, np.int64) - first_day
    known = (rows >= 0) & (day >= 0) & (day < days)
    ours = slice(None) if known.all() else known
    start = (from_s - first_day * DAY_S) // QUARTER_S
    flat, inside = (len(row), days * per_day), slice(start, start + n)

    def place(column: NDArray[Any]) -> NDArray[Any]:
        placed = np.zeros((len(row), days, per_day), column.dtype)
        if column.any():
            placed[rows[ours], day[ours]] = column[ours]
        return placed.reshape(flat)[:, inside]

    return place(found.values), place(found.there), place(found.claimed)
