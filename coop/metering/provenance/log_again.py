"""Every block of the log read again: whether it says what its digest was made of, and the day that its hash names."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from sqlalchemy import select

from coop.kit.months import EPOCH
from coop.kit.tx import Tx
from coop.metering.readings.blocks import Day
from coop.metering.readings.log import Block
from coop.metering.readings.observations import Source, fold
from coop.metering.readings.store import sources_of
from coop.metering.register.store import list_registers
from coop.metering.tables import block

UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError, struct.error, zlib.error)
"""What reading bytes may raise that nobody of us wrote."""


@dataclass(frozen=True)
class LogAgain:
    """Blocks that were read again, how many of them are sealed, and one finding for each that does not agree."""

    blocks: int
    sealed: int
    findings: tuple[str, ...]


def verify_log(tx: Tx) -> LogAgain:
    """Read every block that is attached, day by day, and compare it with what is said of it."""
    named = {one.id: f"{one.serial} {one.quantity}" for one in list_registers(tx)}
    blocks = sealed = 0
    findings: list[str] = []
    for rows in _by_day(tx):
        blocks += len(rows)
        sources = sources_of(tx, {number for row in rows if row.log for number in _numbers_of(row)})
        for row in rows:
            sealed += row.fold is not None
            if wrong := _find_wrong(row, sources):
                day = EPOCH + timedelta(days=row.day)
                register = named.get(row.register_id, row.register_id)
                findings.append(f"readings of {register} on {day}, deliveries {row.first} to {row.number}: {wrong}")
    return LogAgain(blocks, sealed, tuple(findings))


def _by_day(tx: Tx) -> Iterator[list[Block]]:
    days = select(block.c.day).where(block.c.community == tx.community).distinct().order_by(block.c.day)
    for day in list(tx.scalars(days)):
        ours = (block.c.community == tx.community, block.c.day == day)
        order = (block.c.register_id, block.c.first, block.c.number)
        yield [Block(*row) for row in tx.execute(select(block).where(*ours).order_by(*order))]


def _numbers_of(row: Block) -> Iterable[int]:
    try:
        return row.read_entries().numbers()
    except UNREADABLE:
        return ()


def _find_wrong(row: Block, sources: dict[int, Source]) -> str:
    """Say what of a block does not agree; nothing where all does."""
    try:
        entries = row.read_entries()
        numbers = entries.numbers()
        if entries.digest() != row.digest:
            return "the values are not those that its digest was made of"
        if not numbers or (numbers[0], numbers[-1], len(numbers)) != (row.first, row.number, row.parts):
            return "it does not hold the deliveries that it names"
        stands = fold(entries, sources) if row.log is not None else None
        if stands is not None and row.fold is not None and stands.sha256() != row.fold:
            return "the day that follows from it is not the one that was sealed"
        if stands is not None and row.is_plain and not _is_same(stands.day, row.read_columns()):
            return "its columns are not the day that follows from it"
    except UNREADABLE:
        return "it cannot be read"
    return ""


def _is_same(day: Day, other: Day) -> bool:
    pairs = zip(vars(day).values(), vars(other).values(), strict=True)
    return all(np.array_equal(*pair) for pair in pairs)
