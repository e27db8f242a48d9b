"""The log of readings as it is stored: blocks, each with what one or several deliveries said about a register's day.

A block of one delivery that speaks in one step is the packed day itself. A sealed block holds what several said: in
its columns the values that stand, as in any other, and in its ``log`` by which delivery each of them stands, and
whatever else was said. So one that was sealed is read as fast as one that was told at once, and its entries can all be
had again.

``log`` is one byte, 1 where the columns are the day as it stands; the deliveries' numbers of the values in the columns;
and where there are other entries their count, with a column for each of their fields. Every array is squeezed and
follows its length.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, func, select

from coop.kit import months
from coop.kit.database import among
from coop.kit.months import month_of
from coop.kit.tx import Tx
from coop.metering.model import Int64Array, Quality
from coop.metering.readings.blocks import (
    EMPTY,
    Day,
    dense,
    is_on_grid,
    pack_day,
    squeeze,
    squeeze_quality,
    unpack,
    unpack_day,
)
from coop.metering.readings.detached import ReadingsDetached
from coop.metering.readings.observations import (
    NO_ENTRIES,
    Entries,
    Source,
    entries_of,
    fold,
    join,
)
from coop.metering.tables import block, delivery

RegisterDay = tuple[str, int]
"""A register's id and a day, counted from 1970-01-01."""

_LENGTH = struct.Struct("<I")
_KEY = itemgetter(slice(5))
"""Reads the key of a row of the log."""
_PLAIN, _NOT_PLAIN = b"\x01", b"\x00"


class Block(NamedTuple):
    """A row of the log, in the order of the table's columns. ``parts`` counts the deliveries that it holds, numbered
    from ``first`` to ``number``; ``digest`` is over its entries, and ``fold`` the hash of the day that follows from
    them alone, where it is sealed."""

    community: str
    day: int
    register_id: str
    first: int
    number: int
    parts: int
    exponent: int
    step_s: int
    offsets: bytes | None
    readings: bytes
    quality: bytes
    log: bytes | None
    digest: int
    fold: bytes | None

    @property
    def key(self) -> RegisterDay:
        """The register's day that it is about."""
        return self.register_id, self.day

    @property
    def is_plain(self) -> bool:
        """True where its columns are the day that follows from it."""
        return self.log is None or self.log[:1] == _PLAIN

    def read_columns(self) -> Day:
        """The values in its columns."""
        return unpack_day(self.offsets, self.readings, self.quality, self.step_s)

    def read_numbers(self) -> Int64Array:
        """Deliveries by which the values in its columns stand."""
        size = len(self.read_columns())
        if self.log is None:
            return np.full(size, self.number, np.int64)
        return unpack(next(_read_arrays(self.log[1:])), size)

    def read_entries(self) -> Entries:
        """Everything that its deliveries said."""
        day = self.read_columns()
        if self.log is None:
            return entries_of(day, self.step_s, self.exponent, self.number)
        arrays = [*_read_arrays(self.log[1:])]
        told = entries_of(day, self.step_s, self.exponent, unpack(arrays[0], len(day)))
        others = arrays[1:]
        if not others:
            return told
        count = int(unpack(others[0], 1)[0])
        return join([told, Entries(np.stack([unpack(column, count) for column in others[1:]]))])


def write_block(
    community: str, key: RegisterDay, entries: Entries, sources: Mapping[int, Source], *, is_sealed: bool = False
) -> Block:
    """The block that holds entries of a register's day; a sealed one also holds the hash of the day."""
    stands = fold(entries, sources)
    if stands.is_plain:
        day, step_s, exponent, numbers = stands.day, stands.step_s, stands.exponent, stands.number
        others = entries.take(np.setdiff1d(np.arange(len(entries)), stands.source))
    else:
        day, step_s, exponent, numbers, others = EMPTY, 0, 0, NO_ENTRIES.number, entries
    arrays = [numbers]
    if len(others):
        order = np.lexsort((others.number, others.offsets, others.exponent, others.step_s))
        arrays += [np.array([len(others)], np.int64), *others.table[:, order]]
    told = entries.numbers()
    log = (_PLAIN if stands.is_plain else _NOT_PLAIN) + b"".join(map(_write_array, arrays))
    columns_of_day = _squeeze_day(day, step_s) if is_sealed else pack_day(day, step_s)
    return Block(
        community,
        key[1],
        key[0],
        told[0],
        told[-1],
        len(told),
        exponent,
        step_s,
        *columns_of_day,
        log,
        entries.digest(),
        stands.sha256() if is_sealed else None,
    )


def _squeeze_day(day: Day, step_s: int) -> tuple[bytes | None, bytes, bytes]:
    """As ``pack_day``, smaller and slower."""
    if not is_on_grid(day.offsets, step_s):
        return len(day).to_bytes(4, "little") + squeeze(day.offsets), squeeze(day.values), squeeze_quality(day.quality)
    values, quality = dense(day, step_s)
    # A place without a value holds the one before it, which costs nothing.
    there = np.maximum.accumulate(np.where(quality != Quality.MISSING, np.arange(len(values)), 0))
    return None, squeeze(values[there]), squeeze_quality(quality)


def _write_array(values: Int64Array) -> bytes:
    squeezed = squeeze(values)
    return _LENGTH.pack(len(squeezed)) + squeezed


def _read_arrays(body: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(body):
        (length,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size
        yield body[at : at + length]
        at += length


def load_blocks(tx: Tx, wanted: Mapping[int, Collection[str]]) -> dict[RegisterDay, list[Block]]:
    """The blocks of registers' days, in order; ``wanted`` names registers by day."""
    alike: dict[frozenset[str], list[int]] = {}
    for day, ids in wanted.items():
        alike.setdefault(frozenset(ids), []).append(day)
    loaded: dict[RegisterDay, list[Block]] = {}
    for ids, days in alike.items():
        within = (
            block.c.community == tx.community,
            among(tx, block.c.day, days),
            among(tx, block.c.register_id, ids),
        )
        # All rows in one: asking for each by itself took longer than reading them.
        for read in map(Block._make, tx.execute(select(block).where(*within)).all()):
            loaded.setdefault((read.register_id, read.day), []).append(read)
    for blocks in loaded.values():
        if len(blocks) > 1:
            blocks.sort(key=lambda one: (one.first, one.number))
    return loaded


def find_last_day(tx: Tx) -> int | None:
    """The newest UTC day of which anything was read, or None before there is any."""
    found: int | None = tx.scalar(select(func.max(block.c.day)).where(block.c.community == tx.community))
    return found


def find_spoken_since(tx: Tx, number: int, first_day: int, last_day: int) -> set[RegisterDay]:
    """Registers' days between two UTC days of which a delivery after a number spoke."""
    spoken, days = _spoken_since(tx, number, first_day, last_day)
    query = spoken.with_only_columns(block.c.register_id, block.c.day)
    return {(register_id, day) for register_id, day in tx.execute(query)} if days else set()


def find_days_since(tx: Tx, number: int, first_day: int, last_day: int) -> set[int]:
    """Days among those of which a delivery after a number spoke, of whatever register."""
    spoken, days = _spoken_since(tx, number, first_day, last_day)
    return set(tx.scalars(spoken.with_only_columns(block.c.day).distinct())) if days else set()


def _spoken_since(tx: Tx, number: int, first_day: int, last_day: int) -> tuple[Select[Any], set[int]]:
    """Blocks of deliveries after a number, and the days between two of which these may have spoken."""
    columns = delivery.c
    query = select(columns.first_day, columns.last_day).where(
        columns.community == tx.community,
        columns.number > number,
        columns.last_day >= first_day,
        columns.first_day <= last_day,
    )
    days = {day for start, end in tx.execute(query) for day in range(max(start, first_day), min(end, last_day) + 1)}
    return select(block).where(
        block.c.community == tx.community, among(tx, block.c.day, days), block.c.number > number
    ), days


def add_blocks(tx: Tx, rows: Iterable[Block]) -> None:
    """Add to the log, in the order of its key: neighbours are written together.

    Raises:
        ReadingsDetached: the month of one of them is set aside.
    """
    ordered = sorted(rows, key=_KEY)
    make_months(tx, {month_of(day) for day in {row.day for row in ordered}})
    tx.insert_rows(block, ordered)


def make_months(tx: Tx, wanted: Iterable[date]) -> None:
    """Make room for the readings of months.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    if aside := months.make(tx, block, wanted):
        raise ReadingsDetached(aside)


def read_blocks(blocks: Iterable[Block], known: int | None = None) -> Entries:
    """Everything that blocks of one day hold, or that was said by deliveries up to number ``known``."""
    entries = join(each.read_entries() for each in blocks)
    return entries if known is None else entries.take(entries.number <= known)
