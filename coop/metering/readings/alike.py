"""Days that are packed alike, unpacked together: for most days, of one stand or of a whole day in one quality, numpy's
own work on each by itself is nearly all of the cost.

Invariant: what is unpacked together is what ``unpack_day`` gives of each. What is packed in any way that is not plain
(squeezed, with gaps, longer than it says) is unpacked by that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coop.metering.model import DAY_S, Int64Array, Quality, QualityArray
from coop.metering.readings.blocks import WIDTHS, Day, is_squeezed, unpack_day

_HEAD, _COUNT = 9, 4
"""Bytes before the values of a packed array, and before packed offsets."""


class PackedDay(Protocol):
    """A day as ``pack_day`` packed it."""

    @property
    def step_s(self) -> int: ...
    @property
    def offsets(self) -> bytes | None: ...
    @property
    def readings(self) -> bytes: ...
    @property
    def quality(self) -> bytes: ...


@dataclass(frozen=True)
class Alike:
    """Days of as many readings each: ``places`` says which of the days that were asked for, and each of the arrays has
    a row for each of them."""

    places: Sequence[int]
    offsets: Int64Array
    values: Int64Array
    quality: QualityArray


def unpack_alike(days: Sequence[PackedDay]) -> tuple[list[Alike], list[int]]:
    """Unpack what is packed plainly, together; and the places of the days that have to be unpacked one by one."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, day in enumerate(days):
        offsets, readings, quality = day.offsets, day.readings, day.quality
        size = (None, 0) if offsets is None else (offsets[: _COUNT + 1], len(offsets))
        alike = size, readings[:1], len(readings), len(quality), day.step_s
        groups.setdefault(alike, []).append(place)
    found, others = [], []
    for places in groups.values():
        count = _count(days[places[0]])
        if not count:
            others += places
            continue
        plain = _find_plain([days[place] for place in places], count)
        others += [place for place, is_plain in zip(places, plain, strict=True) if not is_plain]
        places = [place for place, is_plain in zip(places, plain, strict=True) if is_plain]
        if places:
            found.append(_unpack([days[place] for place in places], places, count))
    return found, sorted(others)


def unpack_days(days: Sequence[PackedDay]) -> list[Day]:
    """Each day as ``unpack_day`` unpacks it."""
    alike, others = unpack_alike(days)
    unpacked = dict(_each(alike))
    for place in others:
        day = days[place]
        unpacked[place] = unpack_day(day.offsets, day.readings, day.quality, day.step_s)
    return [unpacked[place] for place in range(len(days))]


def _each(alike: Sequence[Alike]) -> Iterator[tuple[int, Day]]:
    for group in alike:
        for place, *columns in zip(group.places, group.offsets, group.values, group.quality, strict=True):
            yield place, Day(*columns)


def _count(day: PackedDay) -> int:
    """Number of readings of a day, and of all that are packed like it; 0 where they are not packed plainly."""
    if day.offsets is not None:
        count = int.from_bytes(day.offsets[:_COUNT], "little")
        if count > DAY_S or not _is_plain(day.offsets[_COUNT:], count):
            return 0
    else:
        count = DAY_S // day.step_s if day.step_s > 0 and DAY_S % day.step_s == 0 else 0
    return count if _is_plain(day.readings, count) and len(day.quality) in (1, count) else 0


def _is_plain(packed: bytes, count: int) -> bool:
    """True for a packed array of just so many values, which is not squeezed."""
    return len(packed) >= _HEAD and packed[0] in WIDTHS and len(packed) == _HEAD + packed[0] * count


def _find_plain(days: Sequence[PackedDay], count: int) -> Sequence[bool]:
    """For each of some days whether its qualities are those of its readings, with no gap among them."""
    if days[0].offsets is not None:
        return [not is_squeezed(day.quality) for day in days]
    return [not is_squeezed(day.quality) and Quality.MISSING not in day.quality for day in days]


def _unpack(days: Sequence[PackedDay], places: Sequence[int], count: int) -> Alike:
    if days[0].offsets is None:
        at = np.broadcast_to(np.arange(0, DAY_S, days[0].step_s, dtype=np.int64), (len(days), count))
    else:
        at = _unpack_rows([(day.offsets or b"")[_COUNT:] for day in days], count)
    codes = np.frombuffer(b"".join([day.quality for day in days]), np.uint8).reshape(len(days), -1)
    quality = np.repeat(codes, count, axis=1) if codes.shape[1] < count else codes
    return Alike(places, at, _unpack_rows([day.readings for day in days], count), quality)


def _unpack_rows(packed: Sequence[bytes], count: int) -> Int64Array:
    """The values of packed arrays of one width, a row for each."""
    width = packed[0][0]
    rows = np.frombuffer(b"".join(packed), np.uint8).reshape(len(packed), -1)
    base: Int64Array = np.ascontiguousarray(rows[:, 1:_HEAD]).view("<i8")
    if not width:
        return np.repeat(base, count, axis=1)
    # The sum wraps around where it has to, as it did when it was packed.
    above = np.ascontiguousarray(rows[:, _HEAD:]).view(f"<u{width}").astype(np.uint64)
    return above.view(np.int64) + base
