"""What a stored value costs: bytes of a month of one register in four rhythms, as its deliveries come and sealed.

A register is heard every 10 seconds or every minute (cumulative readings in Wh, one a delivery), every quarter-hour
(one interval a delivery) or once a day (all its quarter-hours in one delivery). Deliveries of others come in between,
so their numbers do not follow each other. Counted are all columns of the rows, an integer as 8 bytes, and the bytes of
a SQLite file in which a village of such registers lies day by day, as the product lays them: of one register alone the
file's own pages would be most.
"""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coop.metering.model import DAY_S
from coop.metering.readings.blocks import Day, pack_day
from coop.metering.readings.log import Block, write_block
from coop.metering.readings.observations import Entries, Source, entries_of, join

COMMUNITY, REGISTER = "zonnedorp", "5b0f8c0e-6f3e-5f7c-9a54-0c7e5f1a2b3c"
MONTH_DAYS = 30
REGISTERS = 100


@dataclass(frozen=True)
class Rhythm:
    """How often a register is heard, and over how long its values are (0: it is read)."""

    name: str
    every_s: int
    step_s: int


RHYTHMS = (
    Rhythm("every 10 seconds", 10, 0),
    Rhythm("every minute", 60, 0),
    Rhythm("every quarter-hour", 900, 900),
    Rhythm("once a day", DAY_S, 900),
)


def blocks_of(rhythm: Rhythm, seed: int = 1) -> Iterator[tuple[list[Block], Block]]:
    """Day by day of a month: the blocks as they come in, and what the day is stored as once it is over."""
    rng = np.random.default_rng(seed)
    reading = number = 0
    for day in range(MONTH_DAYS):
        apart_s = rhythm.step_s or rhythm.every_s
        n = DAY_S // apart_s
        use_wh = rng.gamma(2, 40 * apart_s / 900, n).astype(np.int64)
        values = np.cumsum(use_wh) + reading if not rhythm.step_s else use_wh
        reading += int(use_wh.sum())
        told = Day(np.arange(n) * apart_s, values, np.ones(n, np.uint8))
        each = 1 if rhythm.every_s < DAY_S else n
        parts: list[Entries] = []
        for first in range(0, n, each):
            number += int(rng.integers(1, 40))
            here = slice(first, first + each)
            parts.append(
                entries_of(Day(told.offsets[here], told.values[here], told.quality[here]), rhythm.step_s, 0, number)
            )
        if len(parts) == 1:
            whole = _whole(day, told, rhythm.step_s, number, parts[0].digest())
            yield [whole], whole
        else:
            key = (REGISTER, 20_000 + day)
            sources = dict.fromkeys((part.numbers()[0] for part in parts), Source())
            sealed = write_block(COMMUNITY, key, join(parts), sources, is_sealed=True)
            yield [_single(day, part) for part in parts], sealed


def _whole(day: int, told: Day, step_s: int, number: int, digest: int) -> Block:
    packed = pack_day(told, step_s)
    return Block(COMMUNITY, 20_000 + day, REGISTER, number, number, 1, 0, step_s, *packed, None, digest, None)


def _single(day: int, part: Entries) -> Block:
    told = Day(part.offsets, part.values, part.quality.astype(np.uint8))
    return _whole(day, told, int(part.step_s[0]), part.numbers()[0], part.digest())


def count_bytes(rows: list[Block]) -> int:
    """Bytes of all columns of rows, an integer as 8."""
    return sum(8 if isinstance(each, int) else len(each or b"") for row in rows for each in row)


def count_file(rows: list[Block], registers: int = REGISTERS) -> float:
    """Bytes for each of many registers of a SQLite file that holds rows such as these of all of them."""
    ids = [str(uuid.UUID(int=n << 96)) for n in range(registers)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.db"
        with sqlite3.connect(path) as sql:
            names = ", ".join(Block._fields)
            sql.execute("PRAGMA page_size=8192")
            sql.execute(
                f"CREATE TABLE block ({names}, PRIMARY KEY (community, day, register_id, first, number)) WITHOUT ROWID"
            )
            for row in rows:
                of_all = [row._replace(register_id=identity) for identity in ids]
                sql.executemany(f"INSERT INTO block VALUES ({', '.join('?' * len(Block._fields))})", of_all)
        sql.close()
        return path.stat().st_size / registers


def measure(rhythm: Rhythm) -> tuple[int, float, float, float]:
    """Values of a month, and bytes for each: as they come in, sealed, and sealed in a file."""
    days = list(blocks_of(rhythm))
    sealed = [whole for _, whole in days]
    values = MONTH_DAYS * DAY_S // (rhythm.step_s or rhythm.every_s)
    coming = count_bytes([row for rows, _ in days for row in rows])
    return values, coming / values, count_bytes(sealed) / values, count_file(sealed) / values


def main() -> None:
    """Print a line for each rhythm."""
    print("rhythm               values   bytes a value: as told   sealed   in a file")
    for rhythm in RHYTHMS:
        values, told, sealed, in_file = measure(rhythm)
        print(f"{rhythm.name:<20} {values:>7,} {told:>23.1f} {sealed:>8.2f} {in_file:>11.2f}")


if __name__ == "__main__":
    main()
