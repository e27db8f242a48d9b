"""Days of readings: how they are packed and taken apart again.

A packed array is one byte ``w``, eight bytes ``base`` and the values less ``base`` as whole numbers of ``w`` bytes, all
little-endian; ``w`` is 0 where all are equal. Quarter-hours of a home need two bytes each instead of eight. An array
may also be squeezed: its first byte is then 16 and the order of the differences that it is kept as, and what follows is
those differences, packed and compressed. Qualities are one byte each, or a single one where all are alike.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import DAY_S, QUALITY_RANK, Int64Array, Quality, QualityArray

_CODES = {0: "", 1: "B", 2: "H", 4: "I", 8: "Q"}
_SQUEEZED = 16
_MARK = bytes([_SQUEEZED])
WIDTHS = frozenset(_CODES)
"""Bytes that each value of a packed array may take."""
_ORDERS = 3
_BARE = -zlib.MAX_WBITS
RANK = np.array([QUALITY_RANK[quality] for quality in Quality], np.int64)


@dataclass(frozen=True)
class Day:
    """Readings of one register's UTC day: ``offsets`` [s since midnight UTC], rising, of what is there; never
    MISSING. ``claimed`` says which of them one account alone answers for; None where none."""

    offsets: Int64Array
    values: Int64Array
    quality: QualityArray
    claimed: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.offsets)


def find_claimed(day: Day) -> NDArray[np.bool_]:
    """For each reading of a day whether one account alone answers for it."""
    return np.zeros(len(day), np.bool_) if day.claimed is None else day.claimed


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


def squeeze(values: Int64Array) -> bytes:
    """Pack a single row as small as it gets, which takes longer: values that rise evenly cost next to nothing.

    >>> rising = np.arange(0, 86_400, 10)
    >>> len(squeeze(rising)) < 60, unpack(squeeze(rising), 8640).tolist() == rising.tolist()
    (True, True)
    """
    smallest = pack_one(values.tolist())
    heads, differences = b"", values
    for order in range(min(_ORDERS, len(values))):
        if order:
            # What does not fit wraps around, and wraps back when it is added up again.
            heads += differences[:1].astype("<i8").tobytes()
            differences = np.diff(differences)
        squeezed = bytes([_SQUEEZED + order]) + heads + _compress(_by_plane(differences))
        smallest = min(smallest, squeezed, key=len)
    return smallest


def _compress(packed: bytes) -> bytes:
    """Compress without a header and a checksum: a block's digest says what its entries are."""
    deflate = zlib.compressobj(9, wbits=_BARE)
    return deflate.compress(packed) + deflate.flush()


def _by_plane(values: Int64Array) -> bytes:
    """A packed array with the first bytes of all its values before the second ones, which compresses better."""
    packed = pack_one(values.tolist())
    planes = np.frombuffer(packed, np.uint8, -1, 9).reshape(-1, packed[0] or 1)
    return packed[:9] + np.ascontiguousarray(planes.T).tobytes()


def _of_planes(planes: bytes) -> bytes:
    width = planes[0] or 1
    body = np.frombuffer(planes, np.uint8, -1, 9).reshape(width, -1).T
    return planes[:9] + np.ascontiguousarray(body).tobytes()


def unpack(packed: bytes, n: int) -> Int64Array:
    """The ``n`` values of a packed array.

    >>> unpack(pack(np.array([[-3, 2**40, 7]]))[0], 3).tolist()
    [-3, 1099511627776, 7]
    """
    width = packed[0]
    if width >= _SQUEEZED:
        order = width - _SQUEEZED
        values = unpack(_of_planes(zlib.decompress(packed[1 + 8 * order :], _BARE)), n - order)
        for head in reversed(np.frombuffer(packed, "<i8", order, 1)):
            values = np.cumsum(np.append(head, values), dtype=np.int64)
        return values
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
    packed = [pack_one(unpack(row, n).tolist()) if row[0] >= _SQUEEZED else row for row in packed]
    above = np.zeros((len(packed), n), np.uint64)
    width = np.frombuffer(b"".join([row[:1] for row in packed]), np.uint8)
    base = np.frombuffer(b"".join([row[1:9] for row in packed]), "<i8")
    for w in np.unique(width[width > 0]).tolist():
        where = np.flatnonzero(width == w)
        body = b"".join([packed[i][9:] for i in where.tolist()])
        above[where] = np.frombuffer(body, f"<u{w}").reshape(len(where), n)
    codes = b"".join([row * n if len(row) == 1 else _codes_of(row) for row in quality])
    return above.view(np.int64) + base[:, None], np.frombuffer(codes, np.uint8).reshape(len(packed), n)


def pack_quality(rows: QualityArray) -> list[bytes]:
    """Qualities of each row of a matrix of shape (rows, n)."""
    if rows.shape[1] == 0:
        return [b""] * len(rows)
    alike = (rows == rows[:, :1]).all(axis=1)
    raw = np.ascontiguousarray(rows).tobytes()
    n = rows.shape[1]
    return [raw[i * n : i * n + 1] if same else raw[i * n : (i + 1) * n] for i, same in enumerate(alike.tolist())]


def squeeze_quality(quality: QualityArray) -> bytes:
    """Pack the qualities of a single row as small as it gets."""
    (packed,) = pack_quality(quality[None, :])
    return min(packed, _MARK + _compress(packed), key=len)


def is_squeezed(quality: bytes) -> bool:
    """True for qualities that were squeezed: none is as high as the mark of it."""
    return quality[:1] == _MARK


def _codes_of(packed: bytes) -> bytes:
    return zlib.decompress(packed[1:], _BARE) if is_squeezed(packed) else packed


def unpack_quality(packed: bytes, n: int) -> QualityArray:
    """The ``n`` qualities that were packed."""
    found = np.frombuffer(_codes_of(packed), np.uint8)
    return np.repeat(found, n) if len(found) == 1 else found


def pack_day(day: Day, step_s: int) -> tuple[bytes | None, bytes, bytes]:
    """(offsets, values, quality) as they are stored; what lies on no grid of the UTC day keeps its offsets."""
    if not is_on_grid(day.offsets, step_s):
        return pack_stands(day.offsets.tolist(), day.values.tolist(), day.quality.tobytes())
    values, quality = dense(day, step_s)
    return None, pack_one(values.tolist()), _shorten(quality.tobytes())


def is_on_grid(offsets: Int64Array, step_s: int) -> bool:
    """True where values have their places in a UTC day that is divided by their step: cumulative readings and the
    values of civil days have none.

    >>> is_on_grid(np.array([900]), 900), is_on_grid(np.array([82_800]), 86_400), is_on_grid(np.array([5]), 0)
    (True, False, False)
    """
    return step_s > 0 and DAY_S % step_s == 0 and not (offsets % step_s).any()


def pack_stands(offsets: Sequence[int], values: Sequence[int], codes: bytes) -> tuple[bytes, bytes, bytes]:
    """Pack a day of values that keep their offsets as ``pack_day`` does."""
    return len(offsets).to_bytes(4, "little") + pack_one(offsets), pack_one(values), _shorten(codes)


def _shorten(codes: bytes) -> bytes:
    return codes[:1] if codes == codes[:1] * len(codes) else codes


def unpack_day(offsets: bytes | None, readings: bytes, quality: bytes, step_s: int) -> Day:
    """Unpack what ``pack_day`` packed."""
    at, codes = unpack_times(offsets, quality, step_s)
    if offsets is not None:
        return Day(at, unpack(readings, len(at)), codes)
    return Day(at, unpack(readings, DAY_S // step_s)[at // step_s], codes)


def _count_of(offsets: bytes) -> int:
    n = int.from_bytes(offsets[:4], "little")
    if n > DAY_S:
        raise ValueError("more readings than a day has seconds")
    return n


def unpack_times(offsets: bytes | None, quality: bytes, step_s: int) -> tuple[Int64Array, QualityArray]:
    """Unpack of a packed day only when something is there [s since midnight UTC] and how good it is, not the values.

    >>> unpack_times(None, bytes([Quality.MEASURED]), 21_600)[0].tolist()
    [0, 21600, 43200, 64800]
    """
    if offsets is not None:
        n = _count_of(offsets)
        return unpack(offsets[4:], n), unpack_quality(quality, n)
    if len(quality) == 1 and quality[0] != Quality.MISSING:
        return _whole_day(step_s, quality[0])
    there = unpack_quality(quality, DAY_S // step_s)
    slots = np.flatnonzero(there != Quality.MISSING)
    return slots * step_s, there[slots]


@lru_cache(maxsize=256)
def _whole_day(step_s: int, code: int) -> tuple[Int64Array, QualityArray]:
    """Every interval of a day in one quality: most days are that."""
    at, quality = np.arange(0, DAY_S, step_s, dtype=np.int64), np.full(DAY_S // step_s, code, np.uint8)
    at.flags.writeable = quality.flags.writeable = False
    return at, quality


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
    order = np.lexsort((values, RANK[quality], offsets))
    offsets, values, quality = offsets[order], values[order], quality[order]
    last = np.append(offsets[1:] != offsets[:-1], True) if len(offsets) else np.empty(0, np.bool_)
    last &= quality != Quality.MISSING
    return Day(offsets[last], values[last], quality[last])
