"""What it costs to take readings in: from a head-end's batch as it comes over the wire to durable and queryable.

A batch holds a day of quarter-hours of many homes. Beside it, in the same run and the same database: one row per
reading under the key (register, instant), which is the plain way to keep a series, by ``executemany`` and on
PostgreSQL by COPY; and the raw write and fsync of the batch's bytes, which is the least that durable can cost. Each
round brings a day that is not there yet, to tables that hold some weeks already: an empty table flatters its key.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, String, Table

from benchmarks._measure import Contender, interleave, table
from coop.kit.database import Database
from coop.metering.handlers.receive import decode_delivery, receive
from coop.metering.handlers.register import register_meters
from coop.metering.model import Delivery, Meter, MeterKind
from tests.servers.absent import ServerAbsent
from tests.servers.postgres import postgres_server

QUARTERS = 96
COMMUNITY = "bench"
OURS, STORED, PLAIN, COPY, RAW = (
    "coop, decode and store",
    "coop, store alone",
    "row per reading",
    "row per reading, COPY",
    "raw write and fsync",
)
_FIRST = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Day:
    """A head-end's day: when it starts, its batch as it comes in, and its values [Wh] as plain lists."""

    start: datetime
    body: bytes
    values: list[list[int]]

    @property
    def received_at(self) -> datetime:
        """Shortly after the day is over."""
        return self.start + timedelta(days=1, hours=1)

    def decoded(self) -> Delivery:
        """The batch, decoded."""
        return decode_delivery("head-end", self.body, gateway="he-1", received_at=self.received_at)


def days_of(homes: int, days: int, seed: int = 1) -> list[Day]:
    """Consecutive days of many homes."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(days):
        start = _FIRST + timedelta(days=number)
        values = rng.gamma(2, 40, (homes, QUARTERS)).astype(int).tolist()
        series = [
            {
                "meter": f"E{i:05}",
                "quantity": "electricity_import",
                "unit": "Wh",
                "start": start.isoformat(),
                "step_s": 900,
                "values": row,
            }
            for i, row in enumerate(values)
        ]
        document = {"head_end": "he-1", "sent_at": (start + timedelta(days=1)).isoformat(), "series": series}
        made.append(Day(start, json.dumps(document, separators=(",", ":")).encode(), values))
    return made


@contextmanager
def opened(url: str, homes: int) -> Iterator[Database]:
    """A metering database with the homes' meters, and a table for the plain way."""
    database = Database(url, "metering")
    database.migrate()
    meters = [Meter(f"E{i:05}", MeterKind.ELECTRICITY, f"C{i}", _FIRST) for i in range(homes)]
    with database.write() as connection:
        register_meters(connection, COMMUNITY, meters)
        plain.create(connection)
    yield database
    database.close()


plain = Table(
    "plain",
    MetaData(),
    Column("register_id", String(36), primary_key=True),
    Column("at_s", BigInteger, primary_key=True),
    Column("wh", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
)


def measure(url: str, folder: Path, homes: int, rounds: int, history: int) -> None:
    """Time and print one database."""
    with opened(url, homes) as database:
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        print(f"{kind}: {homes:,} homes x {QUARTERS} quarter-hours a batch, committed to disk, after {history} days")
        per_reading = interleave(contenders(database, folder, homes, rounds, history), rounds)
        print(table(per_reading, PLAIN, "us per reading", 1e6))
        times = per_reading[PLAIN] / per_reading[OURS]
        print(f"  {1 / per_reading[OURS] / 1e6:.2f} M readings/s, {times:.1f} times as fast as a row per reading")


def contenders(database: Database, folder: Path, homes: int, rounds: int, history: int) -> dict[str, Contender]:
    """Every way, after the same history, each with days of its own: one for the warm-up and one for each round."""
    readings = float(homes * QUARTERS)
    every = days_of(homes, history + 2 * (rounds + 1))
    before, days = every[:history], every[history:]
    ours, stored = iter(days[::2]), iter([day.decoded() for day in days[1::2]])
    rows, copied, raw = iter(days), iter(days), iter(days)
    ids = [str(uuid.uuid4()) for _ in range(homes)]
    others = [str(uuid.uuid4()) for _ in range(homes)]

    def store(delivery: Delivery) -> None:
        with database.write() as connection:
            receipt = receive(connection, COMMUNITY, delivery)
        assert receipt.values == readings
        assert not receipt.problems

    for day in before:
        store(day.decoded())
        insert_rows(database, ids, day)
        if not database.is_sqlite:
            copy_rows(database, others, day)
    found = {
        OURS: Contender(lambda: store(next(ours).decoded()), readings),
        STORED: Contender(lambda: store(next(stored)), readings),
        PLAIN: Contender(lambda: insert_rows(database, ids, next(rows)), readings),
    }
    if not database.is_sqlite:
        found[COPY] = Contender(lambda: copy_rows(database, others, next(copied)), readings)
    found[RAW] = Contender(lambda: write_raw(folder / "raw", next(raw).body), readings)
    return found


def _rows(ids: list[str], day: Day) -> list[tuple[str, int, int, int]]:
    start_s = int(day.start.timestamp())
    return [
        (identity, start_s + 900 * i, wh, 1)
        for identity, values in zip(ids, day.values, strict=True)
        for i, wh in enumerate(values)
    ]


def insert_rows(database: Database, ids: list[str], day: Day) -> None:
    """The plain way, through the driver itself: SQLAlchemy would only add to its cost."""
    mark = "?" if database.is_sqlite else "%s"
    statement = f"INSERT INTO plain (register_id, at_s, wh, quality) VALUES ({', '.join([mark] * 4)})"
    with database.write() as connection:
        connection.exec_driver_sql(statement, _rows(ids, day))


def copy_rows(database: Database, ids: list[str], day: Day) -> None:
    """The plain way by PostgreSQL's fastest door."""
    with database.write() as connection:
        cursor: Any = connection.connection.cursor()
        with cursor.copy("COPY plain (register_id, at_s, wh, quality) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["varchar", "int8", "int8", "int2"])
            for row in _rows(ids, day):
                copy.write_row(row)


def write_raw(path: Path, body: bytes) -> None:
    """The bytes of the batch, on the disk."""
    with path.open("ab") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def main() -> None:
    """Both databases, PostgreSQL where its wheel or a URL is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--history", type=int, default=20, help="days that are there already")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coop-ingest-") as name:
        folder = Path(name)
        measure(f"sqlite:///{folder}/metering.db", folder, told.homes, told.rounds, told.history)
        try:
            with postgres_server() as server, server.database() as url:
                measure(url, folder, told.homes, told.rounds, told.history)
        except ServerAbsent as absent:
            print(f"PostgreSQL: not measured, {absent}")


if __name__ == "__main__":
    main()
