"""Reading of one point back from years of many on disk: a day, a month and a year of quarter-hours.

    python -m benchmarks.reading [--points 500 2000] [--years 3] [--reads 200]

Points and periods are drawn; each read is a transaction of its own, from the question to values and their qualities.
Beside it stands one row read from the same file by its key. Times are those of the processor; the size is that of the
file after all is written. The sizes run one after the other: what a read costs should not grow with the points beside
it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import select

from coop.kit.actor import COMMAND_LINE
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.metering.intake.receive import receive
from coop.metering.model import Decoded, Delivery, Meter, MeterKind, Quantity, Series, Shape
from coop.metering.readings import store as readings
from coop.metering.register import store as register
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from coop.metering.tables import delivery
from tests.founding import hear_of_founding

COMMUNITY = "bench"
FIRST = datetime(2022, 1, 1, tzinfo=UTC)
QUARTERS = 96
SPANS = {"day": 1, "month": 31, "year": 365}


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--reads", type=int, default=200)
    options = parser.parse_args()
    print(" points  years      file   bytes a value    p95, ms: day     month      year   a row by its key")
    for points in options.points:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "metering.db"
            database = METERING.open_database(f"sqlite:///{path}", SYSTEM_CLOCK, migrate=True)
            days = options.years * 365
            fill(database, points, days)
            size = sum(each.stat().st_size for each in Path(folder).iterdir())
            told = " ".join(f"{ms:9.2f}" for ms in measure(database, points, days, options.reads))
            values = points * days * QUARTERS
            print(
                f"{points:>7} {options.years:>6} {size / 2**20:>5.0f} MiB {size / values:>15.2f}        {told}",
                flush=True,
            )
            database.close()


def fill(database: Database, points: int, days: int) -> None:
    """Bring quarter-hours of so many points, a delivery a day."""
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        hear_of_founding(tx)
        installed = FIRST - timedelta(days=1)
        register_meters(tx, [Meter(f"E{n:05d}", MeterKind.ELECTRICITY, f"C{n:05d}", installed) for n in range(points)])
    rng = np.random.default_rng(1)
    quality = np.ones(QUARTERS, np.uint8)
    for day in range(days):
        at = FIRST + timedelta(days=day)
        values = rng.gamma(2, 40, (points, QUARTERS)).astype(np.int64)
        series = [
            Series(f"E{n:05d}", Quantity.ELECTRICITY_IMPORT, at, 900, "Wh", values[n], quality) for n in range(points)
        ]
        with database.write(COMMUNITY, COMMAND_LINE) as tx:
            told = Delivery("head-end", "bench", at + timedelta(days=1), f"{day}".encode(), Decoded([], series))
            if receive(tx, told).values != points * QUARTERS:
                raise SystemExit(f"day {day} was not taken whole")


def measure(database: Database, points: int, days: int, reads: int) -> list[float]:
    """95th percentiles [ms of the processor] of a day, a month, a year, and of one row by its key."""
    rng = np.random.default_rng(2)
    first_day = readings.day_number(FIRST)
    with database.read(COMMUNITY) as tx:
        ids = [
            register.directory(tx).registers[f"E{n:05d}", Quantity.ELECTRICITY_IMPORT, Shape.INTERVAL].id
            for n in range(points)
        ]

    def read(span: int) -> None:
        point, start = ids[int(rng.integers(points))], first_day + int(rng.integers(days - span + 1))
        with database.read(COMMUNITY) as tx:
            found = readings.latest(tx, [point], range(start, start + span))
        if sum(len(one.content) for one in found.values()) != span * QUARTERS:
            raise SystemExit("a value is missing")

    def read_row() -> None:
        number = int(rng.integers(1, days + 1))
        with database.read(COMMUNITY) as tx:
            tx.execute(
                select(delivery.c.id).where(delivery.c.community == COMMUNITY, delivery.c.number == number)
            ).one()

    asked: list[Callable[[], None]] = [*(lambda span=span: read(span) for span in SPANS.values()), read_row]
    return [_p95_ms(each, reads) for each in asked]


def _p95_ms(ask: Callable[[], None], reads: int) -> float:
    taken = []
    for _ in range(reads):
        start = time.process_time()
        ask()
        taken.append(time.process_time() - start)
    return float(np.percentile(taken, 95)) * 1000


if __name__ == "__main__":
    main()
