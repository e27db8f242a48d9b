"""Observations: everything that deliveries said about one register's UTC day, and the day that follows from it.

An entry says that by delivery ``number`` the register read ``value``, in whole ``10 ** exponent`` of its unit, at
``offset``, over ``step_s`` seconds or at that instant (0). Two further kinds of entry take back: ``VOID`` says that
this value at this place is false, whoever says it and whenever; ``UNDONE`` that all of the delivery with the number
``value`` is to be left out.

Invariant: ``fold`` is a function of the set of entries, so order, grouping and repetition of deliveries mean nothing.
Of several values for one place and step the one of higher rank stands, then the one received later, then the larger;
what one account alone says was measured ranks below what a device measured (decision record 0072).
Where a day was told in several steps, the day is in the finest: a coarser value is spread evenly over what the finer
ones leave open of its time, and the finer stand unless the coarser ranks higher. The parts of an hour or less keep its
quality, for they add up to it and nothing that is billed asks for less; those of a longer time, which a bound may cut,
are an estimate. A step that the finest does not divide is left out and named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import DAY_S, DIGEST_MODULUS, Int64Array, Quality, QualityArray
from coop.metering.readings.blocks import EMPTY, RANK, Day
from coop.metering.readings.plausibility import HOUR_S

VOID, UNDONE = 250, 251
"""Codes in the place of a quality of what takes something back; no quality has them."""

_ODD = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F], np.uint64
)


_LAST_MIXES = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)


class Source(NamedTuple):
    """Source of entries, as far as it decides which value stands: when the delivery was received [us since 1970], and
    whether it is a claim, by which one account alone says what was measured."""

    received_us: int = 0
    is_claim: bool = False


@dataclass(frozen=True)
class Entries:
    """Entries of one register's day, in no order that means anything: ``table`` has a row for each of the fields below,
    and a column for each entry."""

    table: Int64Array

    def __len__(self) -> int:
        return len(self.number)

    @property
    def number(self) -> Int64Array:
        """Deliveries by which they were said."""
        return self._row(0)

    @property
    def step_s(self) -> Int64Array:
        """Length of the interval that each is over [s]; 0 for cumulative readings."""
        return self._row(1)

    @property
    def exponent(self) -> Int64Array:
        """Powers of ten of the register's unit in which their values are."""
        return self._row(2)

    @property
    def offsets(self) -> Int64Array:
        """Places in the day [s since midnight UTC]."""
        return self._row(3)

    @property
    def quality(self) -> Int64Array:
        """Qualities, or codes of what takes something back."""
        return self._row(4)

    @property
    def values(self) -> Int64Array:
        """Values."""
        return self._row(5)

    def _row(self, i: int) -> Int64Array:
        row: Int64Array = self.table[i]
        return row

    def take(self, which: NDArray[np.bool_] | Int64Array | slice) -> Entries:
        """Some of them."""
        return Entries(self.table[:, which])

    def numbers(self) -> list[int]:
        """Numbers of the deliveries that said something, in order."""
        if len(self) and (self.number == self.number[0]).all():
            return [int(self.number[0])]
        numbers: list[int] = np.unique(self.number).tolist()
        return numbers

    def digest(self) -> int:
        """A number over the entries below ``DIGEST_MODULUS``: that of two sets together is the sum of theirs, so the
        database can compare a sealed block with its parts."""
        return sum_digests(digest_entries(self.table[:5], self.values))


@dataclass(frozen=True)
class Fold:
    """A day that follows from entries, in whole ``10 ** exponent``; ``number`` says by which delivery each value
    stands, and ``source`` which entry it is, -1 where it is only part of one. ``left_out`` are steps that do not fit
    [s]."""

    day: Day
    step_s: int
    exponent: int
    number: Int64Array
    source: Int64Array
    left_out: tuple[int, ...] = ()

    @property
    def is_plain(self) -> bool:
        """True where every value is that of an entry, as it was told."""
        return bool((self.source >= 0).all())

    def sha256(self) -> bytes:
        """Over the day as it stands: the same day hashes alike, whatever it came from."""
        digest = hashlib.sha256(f"{self.step_s} {self.exponent}\n".encode())
        for column in (self.day.offsets, self.day.values, self.day.quality.astype(np.int64)):
            digest.update(np.ascontiguousarray(column, "<i8").data)
        return digest.digest()


NO_ENTRIES = Entries(np.empty((6, 0), np.int64))
NOTHING = Fold(EMPTY, 0, 0, np.empty(0, np.int64), np.empty(0, np.int64))


def entries_of(day: Day, step_s: int, exponent: int, number: int | Int64Array) -> Entries:
    """Words of one delivery on a day, in one step; or what several did, each by its number."""
    table = np.empty((6, len(day)), np.int64)
    table[0], table[1], table[2], table[3], table[4], table[5] = (
        number,
        step_s,
        exponent,
        day.offsets,
        day.quality,
        day.values,
    )
    return Entries(table)


def undoing(undone: int, number: int) -> Entries:
    """The entry by which a delivery undoes another one."""
    return Entries(np.array([[number], [0], [0], [0], [UNDONE], [undone]], np.int64))


def voiding(step_s: int, exponent: int, offset: int, value: int, number: int) -> Entries:
    """The entry that calls a value at a place false."""
    return Entries(np.array([[number], [step_s], [exponent], [offset], [VOID], [value]], np.int64))


def join(parts: Iterable[Entries]) -> Entries:
    """All entries of several parts, in order; one that is in two of them counts once."""
    table = np.concatenate([NO_ENTRIES.table, *(part.table for part in parts)], axis=1)
    table = table[:, np.lexsort(table[::-1])]
    fresh = np.append(True, (table[:, 1:] != table[:, :-1]).any(axis=0))[: table.shape[1]]
    return Entries(table[:, fresh])


def digest_entries(heads: Iterable[Int64Array | QualityArray | int], values: Int64Array) -> NDArray[np.uint64]:
    """A hash of each entry; ``heads`` holds its other fields, number first, of shapes that go with that of
    ``values``."""
    # In place: to make room for each step anew took longer than the steps.
    mixed: NDArray[np.uint64] = values.astype(np.int64).view(np.uint64) + _ODD[0]
    for column, odd in zip(heads, _ODD, strict=True):
        mixed ^= np.asarray(column).astype(np.uint64) * odd
        mixed *= _ODD[1]
        mixed += _ODD[2]
    shifted = np.empty_like(mixed)
    for bits, factor in _LAST_MIXES:
        mixed ^= np.right_shift(mixed, bits, out=shifted)
        mixed *= factor
    mixed ^= np.right_shift(mixed, np.uint64(31), out=shifted)
    mixed &= np.uint64(DIGEST_MODULUS - 1)
    return mixed


def sum_digests(hashes: NDArray[np.uint64]) -> int:
    """The digest of entries with these hashes."""
    return int(hashes.sum(dtype=np.uint64) % np.uint64(DIGEST_MODULUS))


def digest_rows(heads: Iterable[Int64Array | QualityArray], values: Int64Array) -> list[int]:
    """The digest of each of several days of as many entries, a row for each: ``digest_entries`` of them, added up."""
    hashes = digest_entries(heads, values)
    digests: list[int] = (hashes.sum(axis=1, dtype=np.uint64) % np.uint64(DIGEST_MODULUS)).tolist()
    return digests


def digest_each(parts: Sequence[Entries]) -> list[int]:
    """The digest of each of several, computed together: most days are so small that numpy's own work costs more."""
    table = np.concatenate([NO_ENTRIES.table, *(part.table for part in parts)], axis=1)
    return _sum_each(digest_entries(table[:5], table[5]), [len(part) for part in parts])


def _sum_each(hashes: NDArray[np.uint64], sizes: Sequence[int]) -> list[int]:
    """The digests of parts that lie one behind the other; sums that wrap are right, for the modulus is a power of 2."""
    until = np.append(np.uint64(0), np.cumsum(hashes, dtype=np.uint64))
    digests: list[int] = (np.diff(until[np.cumsum([0, *sizes])]) % np.uint64(DIGEST_MODULUS)).tolist()
    return digests


def digest_parts(
    number: int, step_s: int, exponents: Int64Array, told: Sequence[Int64Array], sizes: Sequence[int]
) -> list[int]:
    """The digests of several parts of what one delivery said in one step, which lie one behind the other; ``told``
    holds their offsets, qualities and values."""
    offsets, quality, values = told
    return _sum_each(digest_entries((number, step_s, np.repeat(exponents, sizes), offsets, quality), values), sizes)


def fold(entries: Entries, sources: Mapping[int, Source]) -> Fold:
    """The day that follows from entries, with the source of each delivery by its number."""
    standing = _standing(entries)
    if not len(standing):
        return NOTHING
    of = entries.take(standing)
    exponent = int(of.exponent.min())
    values = scale(of.values, of.exponent, exponent)
    numbers, at = np.unique(of.number, return_inverse=True)
    received = np.array([sources[number].received_us for number in numbers.tolist()], np.int64)[at]
    is_claim = np.array([sources[number].is_claim for number in numbers.tolist()], np.bool_)[at]
    rank = 2 * RANK[of.quality] - (is_claim & (of.quality == Quality.MEASURED))
    # Of equal ones the first delivery that said it is named.
    order = np.lexsort((-of.number, values, received, rank, of.offsets, of.step_s))
    last = np.append((np.diff(of.offsets[order]) != 0) | (np.diff(of.step_s[order]) != 0), True)
    won = order[last]
    steps = np.unique(of.step_s).tolist()
    day = Day(of.offsets[won], values[won], of.quality[won].astype(np.uint8))
    source = np.where(of.exponent[won] == exponent, standing[won], -1)
    if len(steps) == 1:
        return Fold(day, steps[0], exponent, of.number[won], source)
    return _join_steps(steps, of.step_s[won], day, rank[won], exponent, of.number[won], source)


def _standing(entries: Entries) -> Int64Array:
    """Mask of entries that are values which nothing took back."""
    taking_back = entries.quality >= VOID
    stands = ~taking_back
    if taking_back.any():
        undone = entries.values[entries.quality == UNDONE]
        gone = np.isin(entries.number, undone)
        stands &= ~gone
        for false in np.flatnonzero((entries.quality == VOID) & ~gone).tolist():
            places = (entries.offsets == entries.offsets[false]) & (entries.step_s == entries.step_s[false])
            for i in np.flatnonzero(places & stands).tolist():
                stands[i] = not is_same(entries, i, false)
    return np.flatnonzero(stands & (entries.quality != Quality.MISSING))


def is_same(entries: Entries, i: int, k: int) -> bool:
    """True where two entries say the same value, maybe in different resolutions."""
    finest = min(int(entries.exponent[i]), int(entries.exponent[k]))
    return _in_units(entries, i, finest) == _in_units(entries, k, finest)


def _in_units(entries: Entries, i: int, exponent: int) -> int:
    return int(entries.values[i]) * int(10 ** (int(entries.exponent[i]) - exponent))


def scale(values: Int64Array, exponents: Int64Array | int, exponent: int) -> Int64Array:
    """Values in whole ``10 ** exponent``, which is at most as coarse as theirs.

    Raises:
        OverflowError: one does not fit.
    """
    finer = np.asarray(exponents) - exponent
    if not finer.any():
        return values
    factor = np.power(np.int64(10), finer)
    if (np.abs(values.astype(np.float64)) * factor.astype(np.float64) > 9.2e18).any():
        raise OverflowError(f"a reading does not fit in whole 10^{exponent}")
    return np.asarray(values * factor)


@dataclass
class _Slots:
    """Places of a day in its finest step, on their way to being filled; the columns are those of a fold."""

    values: Int64Array
    quality: QualityArray
    rank: Int64Array
    number: Int64Array
    source: Int64Array

    def spread(self, into: Int64Array, value: int, quality: int, rank: int, number: int) -> None:
        """Divide a value evenly over places; what does not divide goes to the first ones, a unit each."""
        share, rest = divmod(value, len(into))
        self.values[into] = share + (np.arange(len(into)) < rest)
        self.quality[into], self.rank[into] = quality, rank
        self.number[into], self.source[into] = number, -1


def _join_steps(
    steps: Sequence[int],
    step_s: Int64Array,
    day: Day,
    rank: Int64Array,
    exponent: int,
    number: Int64Array,
    source: Int64Array,
) -> Fold:
    """A day in its finest step, from values in several steps, each the one that stands in its own."""
    finest, n = steps[0], DAY_S // steps[0] if steps[0] else 0
    fitting = [step for step in steps if finest and step % finest == 0]
    slots = _Slots(
        np.zeros(n, np.int64),
        np.zeros(n, np.uint8),
        np.full(n, -1, np.int64),
        np.zeros(n, np.int64),
        np.full(n, -1, np.int64),
    )
    own = step_s == finest
    at = day.offsets[own] // finest
    slots.values[at], slots.quality[at], slots.rank[at] = day.values[own], day.quality[own], rank[own]
    slots.number[at], slots.source[at] = number[own], source[own]
    for step in fitting[1:]:
        for i in np.flatnonzero(step_s == step).tolist():
            first = int(day.offsets[i]) // finest
            places = np.arange(first, min(first + step // finest, n))
            there = slots.quality[places] != Quality.MISSING
            rest = int(day.values[i]) - int(slots.values[places[there]].sum())
            of = int(day.quality[i]) if step <= HOUR_S else int(Quality.ESTIMATED), int(rank[i]), int(number[i])
            if rank[i] > slots.rank[places[there]].max(initial=-1):
                slots.spread(places, int(day.values[i]), *of)
            elif not there.all() and rest >= 0:
                slots.spread(places[~there], rest, *of)
    filled = np.flatnonzero(slots.quality != Quality.MISSING)
    return Fold(
        Day(filled * finest, slots.values[filled], slots.quality[filled]),
        finest,
        exponent,
        slots.number[filled],
        slots.source[filled],
        tuple(step for step in steps if step not in fitting),
    )
