"""A list of 100,000 meters, read page by page against read at once: time, and memory at its highest.

    python -m benchmarks.paging [--rows N]

What is read becomes JSON in the shapes of the API. By keyset a page begins behind the last row of the one before; by
offset the database counts its way there. The pages over HTTP are asked one after the other, as a program does; the last
of a list should cost what the first one does.
"""

from __future__ import annotations

import argparse
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

from pydantic import TypeAdapter
from sqlalchemy import select

from benchmarks._measure import Contender, interleave, table
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.keyset import Window
from coop.kit.rows import columns_of, maker_of
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.metering.model import Meter, MeterKind
from coop.metering.register import store as register
from coop.metering.register.api import MeterOut, meter_out
from coop.metering.service import METERING
from coop.metering.tables import meter
from coop.operator.runtime import open_rooms
from tests.desk import COMMUNITY, open_desk, sign_in

AT_ONCE, KEYSET, OFFSET = "at once", "by keyset, 500 a page", "by offset, 500 a page"
PAGE_ROWS = 500
_METERS = TypeAdapter(list[MeterOut])


def main() -> None:
    """Fill a register, read it in each way, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coop-paging-") as folder:
        room = open_rooms(Settings(data_dir=Path(folder), secret="a secret that is long enough"))[METERING.name]
        _fill(room, wanted.rows)
        ways = {AT_ONCE: _read_at_once, KEYSET: _read_by_keyset, OFFSET: _read_by_offset}
        contenders = {name: Contender(_reading(room.database, read), wanted.rows) for name, read in ways.items()}
        print(f"{wanted.rows:,} meters to JSON, a row")
        print(table(interleave(contenders, wanted.repeats), AT_ONCE, "us", 1e6))
        print("memory at its highest")
        print(table({name: _peak_bytes(room.database, read) for name, read in ways.items()}, AT_ONCE, "MB", 1e-6))
        _ask_pages(room, Path(folder), wanted.rows)
        room.database.close()


def _fill(room: Room, rows: int) -> None:
    installed_at = datetime(2025, 1, 1, tzinfo=UTC)
    numbers = iter(range(rows))
    while part := list(islice(numbers, 10_000)):
        with room.database.write(COMMUNITY, Actor("account", "benchmark", "api")) as tx:
            meters = [Meter(f"M{number:07}", MeterKind.HEAT, f"C{number:07}", installed_at) for number in part]
            register.add_meters(tx, meters)


Read = Callable[[Database], Iterator[list[Meter]]]


def _read_at_once(database: Database) -> Iterator[list[Meter]]:
    with database.read(COMMUNITY) as tx:
        yield register.list_meters(tx)


def _read_by_keyset(database: Database) -> Iterator[list[Meter]]:
    window = Window(PAGE_ROWS)
    while True:
        with database.read(COMMUNITY) as tx:
            meters = register.list_meters(tx, window)
        yield meters[:PAGE_ROWS]
        if len(meters) <= PAGE_ROWS:
            return
        window = Window(PAGE_ROWS, (meters[PAGE_ROWS - 1].serial,))


def _read_by_offset(database: Database) -> Iterator[list[Meter]]:
    query = select(*columns_of(Meter, meter)).where(meter.c.community == COMMUNITY).order_by(meter.c.serial)
    make, offset = maker_of(Meter), 0
    while True:
        with database.read(COMMUNITY) as tx:
            meters = list(map(make, tx.execute(query.limit(PAGE_ROWS).offset(offset))))
        if not meters:
            return
        yield meters
        offset += PAGE_ROWS


def _reading(database: Database, read: Read) -> Callable[[], int]:
    """Read the whole list in one way as JSON, of which one part at a time is held; returns its length [bytes]."""
    return lambda: sum(len(_METERS.dump_json([meter_out(meter, {}) for meter in meters])) for meters in read(database))


def _peak_bytes(database: Database, read: Read) -> float:
    tracemalloc.start()
    try:
        _reading(database, read)()
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def _ask_pages(room: Room, folder: Path, rows: int) -> None:
    """Follow the links of the list over HTTP, and print what the first and the last tenth of its pages cost."""
    client = sign_in(open_desk(METERING, room.database, folder), "board")
    address, seconds = f"/metering/api/v1/meters?limit={PAGE_ROWS}", []
    client.get(address)  # what only a first request needs
    while address:
        start = perf_counter()
        answer = client.get(address)
        seconds.append(perf_counter() - start)
        address = answer.links["next"]["url"] if "next" in answer.links else ""
    tenth = max(1, len(seconds) // 10)
    first_s, last_s = median(seconds[:tenth]), median(seconds[-tenth:])
    print(f"{len(seconds)} pages over HTTP: {rows / sum(seconds):,.0f} rows a second")
    print(f"  first pages {first_s * 1000:.1f} ms, last pages {last_s * 1000:.1f} ms, {last_s / first_s:.2f} x")


if __name__ == "__main__":
    main()
