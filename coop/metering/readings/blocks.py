"""Days of readings: how they are packed, merged and taken apart again.

Invariant: of two values for one place in a day (a second for stands, an interval's start for series) the one with the
higher quality rank stands, then the one received later, then the larger; so whatever deliveries bring, in whatever
split, order and repetition, the day that results is the same. A value is never thrown away: the version that it
replaced stays.

A packed array is one byte ``w``, eight bytes ``base`` and the values less ``base`` as whole numbers of ``w`` bytes, all
little-endian; ``w`` is 0 where all are equal. Quarter-hours of a home need two bytes each instead of eight. Qualities
are one byte each, or a single one where all are alike.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coop.metering.model import DAY_S, QUALITY_RANK, Int64Array, Quality, QualityArray

_CODES = {0: "", 1: "B", 2: "H", 4: "I", 8: "Q"}
_RANK = np.array([QUALITY_RANK[quality] for quality in Quality], np.int64)


@dataclass(frozen=True)
class Day:
    """Readings of one register's UTC day: ``offsets`` [s since midnight UTC], rising, of what is there; never
    MISSING."""

    offsets: Int64Array
    values: Int64Array
    quality: QualityArray

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True)
class Known:
    """A day with, for each place, when its value was received [us since 1970] and the version that brought it."""

    day: Day
    received_us: Int64Array
    version: Int64Array


EMPTY = Day(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8))


def pack(rows: Int64Array) -> list[bytes]:
    """Pack each row of a matrix of shape (rows, n).

    >>> [len(packed) for packed in pack(np.array([[5, 5], [1, 300]]))]
    [9, 13]
    """
    if rows.shape[1] == 0:
        return [bytes(9)] * len(rows)
    base = rows.min(axis=1)
    # The span of any two int64 fits in 64 bits without a sign.
    above = rows.view(np.uint64) - base.view(np.uint64)[:, None]
    span = above.max(axis=1)
    width = (span > 0) + 1 * (span >= 1 << 8) + 2 * (span >= 1 << 16) + 4 * (span >= 1 << 32)
    packed: list[bytes] = [b""] * len(rows)
    bases = base.astype("<i8").tobytes()
    for w in np.unique(width).tolist():
        where = np.flatnonzero(width == w).tolist()
        body = above[where].astype(f"<u{w}").tobytes() if w else b""
        step, head = w * rows.shape[1], bytes([w])
        for k, i in enumerate(where):
            packed[i] = head + bases[8 * i : 8 * i + 8] + body[k * step : (k + 1) * step]
    return packed


def pack_one(values: Sequence[int]) -> bytes:
    """Pack a single row as ``pack`` does: for the few values of a stand's day numpy's own work is most of the cost.

    >>> pack_one([1, 300]) == pack(np.array([[1, 300]]))[0]
    True
    """
    if not values:
        return bytes(9)
    base = min(values)
    span = max(values) - base
    width = next(w for w in _CODES if span < 1 << 8 * w)
    body = struct.pack(f"<{len(values)}{_CODES[width]}", *[value - base for value in values]) if width else b""
    return bytes([width]) + base.to_bytes(8, "little", signed=True) + body


def unpack(packed: bytes, n: int) -> Int64Array:
    """The ``n`` values of a packed array.

    >>> unpack(pack(np.array([[-3, 2**40, 7]]))[0], 3).tolist()
    [-3, 1099511627776, 7]
    """
    width = packed[0]
    base = int.from_bytes(packed[1:9], "little", signed=True)
    if width == 0:
        return np.full(n, base, np.int64)
    above = np.frombuffer(packed, f"<u{width}", n, 9)
    return above.astype(np.uint64).view(np.int64) + np.int64(base) if width == 8 else above.astype(np.int64) + base


def unpack_many(packed: Sequence[bytes], quality: Sequence[bytes], n: int) -> tuple[Int64Array, QualityArray]:
    """Values and qualities of many rows of ``n``, each of shape (rows, n): a month of a village at once.

    >>> unpack_many(pack(np.array([[-3, 2**40], [5, 5]])), [b"m", b"me"], 2)[0].tolist()
    [[-3, 1099511627776], [5, 5]]
    """
    above = np.zeros((len(packed), n), np.uint64)
    width = np.frombuffer(b"".join([row[:1] for row in packed]), np.uint8)
    base = np.frombuffer(b"".join([row[1:9] for row in packed]), "<i8")
    for w in np.unique(width[width > 0]).tolist():
        where = np.flatnonzero(width == w)
        body = b"".join([packed[i][9:] for i in where.tolist()])
        above[where] = np.frombuffer(body, f"<u{w}").reshape(len(where), n)
    codes = b"".join([row * n if len(row) == 1 else row for row in quality])
    return above.view(np.int64) + base[:, None], np.frombuffer(codes, np.uint8).reshape(len(packed), n)


def pack_quality(rows: QualityArray) -> list[bytes]:
    """Qualities of each row of a matrix of shape (rows, n)."""
    if rows.shape[1] == 0:
        return [b""] * len(rows)
    alike = (rows == rows[:, :1]).all(axis=1)
    raw = np.ascontiguousarray(rows).tobytes()
    n = rows.shape[1]
    return [raw[i * n : i * n + 1] if same else raw[i * n : (i + 1) * n] for i, same in enumerate(alike.tolist())]


def unpack_quality(packed: bytes, n: int) -> QualityArray:
    """The ``n`` qualities that were packed."""
    found = np.frombuffer(packed, np.uint8)
    return np.repeat(found, n) if len(found) == 1 else found


def pack_day(day: Day, step_s: int) -> tuple[bytes | None, bytes, bytes]:
    """(offsets, values, quality) as they are stored; ``step_s`` is 0 for stands, which keep their offsets."""
    offsets = len(day).to_bytes(4, "little") + pack_one(day.offsets.tolist()) if step_s == 0 else None
    values, quality = (day.values, day.quality) if step_s == 0 else dense(day, step_s)
    codes = quality.tobytes()
    return offsets, pack_one(values.tolist()), codes[:1] if codes == codes[:1] * len(codes) else codes


def unpack_day(offsets: bytes | None, readings: bytes, quality: bytes, step_s: int) -> Day:
    """Unpack what ``pack_day`` packed."""
    if offsets is None:
        n = DAY_S // step_s
        there = unpack_quality(quality, n)
        slots = np.flatnonzero(there != Quality.MISSING)
        return Day(slots * step_s, unpack(readings, n)[slots], there[slots])
    n = int.from_bytes(offsets[:4], "little")
    return Day(unpack(offsets[4:], n), unpack(readings, n), unpack_quality(quality, n))


def dense(day: Day, step_s: int) -> tuple[Int64Array, QualityArray]:
    """Values and qualities of all intervals of the day; what is not there is 0 and MISSING."""
    values, quality = np.zeros(DAY_S // step_s, np.int64), np.zeros(DAY_S // step_s, np.uint8)
    values[day.offsets // step_s] = day.values
    quality[day.offsets // step_s] = day.quality
    return values, quality


def one_each(offsets: Int64Array, values: Int64Array, quality: QualityArray) -> Day:
    """A day from readings in any order: of several for one place, the one that stands.

    >>> one_each(np.array([60, 0, 60]), np.array([7, 5, 9]), np.array([1, 1, 1], np.uint8)).values.tolist()
    [5, 9]
    """
    if len(offsets) == 1 and quality.all():
        return Day(offsets, values, quality)
    order = np.lexsort((values, _RANK[quality], offsets))
    offsets, values, quality = offsets[order], values[order], quality[order]
    last = np.append(offsets[1:] != offsets[:-1], True) if len(offsets) else np.empty(0, np.bool_)
    last &= quality != Quality.MISSING
    return Day(offsets[last], values[last], quality[last])


def merge(old: Day, new: Day, old_us: Int64Array | int, new_us: int) -> tuple[Day, Int64Array] | None:
    """The day that results when ``new``, received at ``new_us``, comes to ``old``; None where nothing changes.

    ``old_us`` says when each value of ``old`` was received, shape (len(old),), or one instant before which all were.
    The second value holds the offsets that are new or changed [s since midnight UTC].
    """
    offsets = np.union1d(old.offsets, new.offsets)
    values, quality = np.zeros(len(offsets), np.int64), np.zeros(len(offsets), np.uint8)
    known_us = np.full(len(offsets), np.iinfo(np.int64).min)
    at_old, at_new = np.searchsorted(offsets, old.offsets), np.searchsorted(offsets, new.offsets)
    values[at_old], quality[at_old], known_us[at_old] = old.values, old.quality, old_us
    rank_old, rank_new = _RANK[quality[at_new]], _RANK[new.quality]
    later, same = known_us[at_new] < new_us, known_us[at_new] == new_us
    wins = (rank_new > rank_old) | ((rank_new == rank_old) & (later | (same & (new.values > values[at_new]))))
    changes = wins & ((values[at_new] != new.values) | (quality[at_new] != new.quality))
    if not changes.any():
        return None
    values[at_new[changes]], quality[at_new[changes]] = new.values[changes], new.quality[changes]
    return Day(offsets, values, quality), new.offsets[changes]


def fold(versions: Sequence[Day], received_us: Sequence[int], skip: Sequence[bool] = ()) -> Known:
    """Find where each value of the last of ``versions`` came from; with ``skip``, the day as it would be without some.

    Each version counts as what it changed against the one before it.
    """
    state: dict[int, tuple[int, int, int, int]] = {}
    before: dict[int, tuple[int, int]] = {}
    for number, (day, known_us) in enumerate(zip(versions, received_us, strict=True), start=1):
        now = dict(zip(day.offsets.tolist(), zip(day.values.tolist(), day.quality.tolist(), strict=True), strict=True))
        if not (skip and skip[number - 1]):
            for offset in before.keys() - now.keys():
                state.pop(offset, None)
            for offset, (value, quality) in now.items():
                if before.get(offset) != (value, quality):
                    state[offset] = (value, quality, known_us, number)
        before = now
    rows = [(offset, *state[offset]) for offset in sorted(state)]
    columns = np.array(rows, np.int64).reshape(len(rows), 5).T
    day = Day(columns[0], columns[1], columns[2].astype(np.uint8))
    return Known(day, columns[3], columns[4])
