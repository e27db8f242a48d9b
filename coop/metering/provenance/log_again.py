"""Every block of the log read again: whether it says what its digest was made of, and the day that its hash names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from sqlalchemy import bindparam, select

from coop.kit.documents import UNREADABLE
from coop.kit.months import EPOCH
from coop.kit.tx import Tx
from coop.metering.readings.alike import unpack_alike
from coop.metering.readings.blocks import Day
from coop.metering.readings.log import Block
from coop.metering.readings.observations import Entries, Source, digest_each, digest_rows, fold
from coop.metering.readings.store import sources_of
from coop.metering.register.store import list_registers
from coop.metering.tables import block


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
        sealed += sum(row.fold is not None for row in rows)
        for row, wrong in _find_wrong(tx, rows):
            day = EPOCH + timedelta(days=row.day)
            register = named.get(row.register_id, row.register_id)
            findings.append(f"readings of {register} on {day}, deliveries {row.first} to {row.number}: {wrong}")
    return LogAgain(blocks, sealed, tuple(findings))


_OF_DAY: Final = (
    select(block)
    .where(block.c.community == bindparam("community"), block.c.day == bindparam("day"))
    .order_by(block.c.register_id, block.c.first, block.c.number)
)


def _by_day(tx: Tx) -> Iterator[list[Block]]:
    days = select(block.c.day).where(block.c.community == tx.community).distinct().order_by(block.c.day)
    for day in list(tx.scalars(days)):
        # All rows of a day in one: asking for each by itself took longer than reading them.
        yield [*map(Block._make, tx.execute(_OF_DAY, {"community": tx.community, "day": day}).all())]


def _find_plain(rows: Sequence[Block]) -> set[int]:
    """Places of blocks of one delivery that hold what their digest was made of: nearly all, looked at together."""
    places = [at for at, row in enumerate(rows) if row.log is None and (row.first, row.parts) == (row.number, 1)]
    alike, _ = unpack_alike([rows[at] for at in places])
    found = set()
    for group in alike:
        of = [rows[places[at]] for at in group.places]
        heads = np.array([(row.number, row.step_s, row.exponent) for row in of], np.int64).T[:, :, None]
        digests = digest_rows((*heads, group.offsets, group.quality), group.values)
        same = zip(group.places, of, digests, strict=True)
        found |= {places[at] for at, row, digest in same if digest == row.digest}
    return found


def _find_wrong(tx: Tx, told: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    """Each block that does not agree, and what of it."""
    plain = _find_plain(told)
    rows = [row for at, row in enumerate(told) if at not in plain]
    read = [(row, _read(row)) for row in rows]
    whole = [(row, entries) for row, entries in read if entries is not None]
    digests = dict(zip((row[:5] for row, _ in whole), digest_each([entries for _, entries in whole]), strict=True))
    sources = sources_of(tx, {number for row, entries in whole if row.log is not None for number in entries.numbers()})
    for row, entries in read:
        if entries is None:
            yield row, "it cannot be read"
        elif wrong := _unlike(row, entries, digests[row[:5]], sources):
            yield row, wrong


def _read(row: Block) -> Entries | None:
    """Everything that the deliveries of a block said; None where it cannot be read."""
    try:
        return row.read_entries()
    except UNREADABLE:
        return None


def _unlike(row: Block, entries: Entries, digest: int, sources: dict[int, Source]) -> str:
    """Say what of a block is not as its entries are; nothing where all is."""
    if digest != row.digest:
        return "the values are not those that its digest was made of"
    numbers = entries.numbers()
    if not numbers or (numbers[0], numbers[-1], len(numbers)) != (row.first, row.number, row.parts):
        return "it does not hold the deliveries that it names"
    if row.log is None:
        return ""
    try:
        stands = fold(entries, sources)
    except UNREADABLE:
        return "it cannot be read"
    if row.fold is not None and stands.sha256() != row.fold:
        return "the day that follows from it is not the one that was sealed"
    if row.is_plain and not _is_same(stands.day, row.read_columns()):
        return "its columns are not the day that follows from it"
    return ""


def _is_same(day: Day, other: Day) -> bool:
    pairs = zip(vars(day).values(), vars(other).values(), strict=True)
    return all(np.array_equal(*pair) for pair in pairs)
