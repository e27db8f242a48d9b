"""What it costs to take readings in: from a head-end's batch as it comes over the wire to durable and queryable.

A batch holds a day of quarter-hours of many homes. Beside it, in the same run and the same database: one row per
reading, from the same batch through the same decoder and with the same facts about each reading (version, instant at
which it was known, delivery, quality), by ``executemany`` and on PostgreSQL by COPY; the same bare, a value and its
quality under (register, instant), with the batch decoded beforehand; and the raw write and fsync of the batch's bytes,
which is the least that durable can cost. Where a broker can be had the batches also go through Kafka, some at a time,
from publishing them to their commit. On PostgreSQL the same is stored once more in another database whose blocks lie in
one table instead of a partition a month. Each round brings a day that is not there yet, to tables that hold some weeks
already: an empty table flatters its key.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from aiokafka import AIOKafkaProducer
from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, String, Table, func, select

from benchmarks._measure import Contender, interleave, table
from coop.kit import rowwall
from coop.kit.actor import COMMAND_LINE
from coop.kit.bus.cluster import Cluster
from coop.kit.bus.kafka import KafkaBus
from coop.kit.database import Database
from coop.kit.garbage import tune_gc
from coop.kit.rawdoor import RawDoor
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import dead_letter
from coop.metering.guards import REFERRED
from coop.metering.intake.gateways import limit
from coop.metering.intake.kafka import TOPIC
from coop.metering.intake.receive import decode_delivery, receive_all
from coop.metering.model import Delivery, Meter, MeterKind
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from tests.founding import found_in
from tests.metering.homes import let_gateway_in
from tests.servers.absent import ServerAbsent
from tests.servers.kafka import kafka_server
from tests.servers.postgres import postgres_server

QUARTERS = 96
COMMUNITY = "bench"
GATEWAY = "he-1"
"""Speaks as a device: what one account says alone is compared with what devices measured, which is another path."""
BURST = 4
"""Batches that go through Kafka at a time: a head-end that catches up, not one that waits for each."""
OURS, KAFKA, STORED, UNPARTITIONED, PLAIN, COPY, BARE, RAW = (
    "coop, decode and store",
    "coop, through Kafka",
    "coop, store alone",
    "coop, store alone, without partitions",
    "row per reading",
    "row per reading, COPY",
    "row per reading, bare, stored alone",
    "raw write and fsync",
)
_FIRST = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Day:
    """A head-end's day: when it starts, its batch as it comes in, and its values [Wh] as lists."""

    start: datetime
    body: bytes
    values: list[list[int]]

    @property
    def received_at(self) -> datetime:
        """Shortly after the day is over."""
        return self.start + timedelta(days=1, hours=1)

    def decoded(self) -> Delivery:
        """The batch, decoded."""
        return decode_delivery("head-end", self.body, gateway=GATEWAY, received_at=self.received_at)


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
        document = {"head_end": GATEWAY, "sent_at": (start + timedelta(days=1)).isoformat(), "series": series}
        made.append(Day(start, json.dumps(document, separators=(",", ":")).encode(), values))
    return made


@contextmanager
def opened(url: str, homes: int) -> Iterator[Database]:
    """A metering database with the homes' meters, and the tables of the plain way."""
    database = METERING.open_database(url)
    found_in(database, COMMUNITY)
    meters = [Meter(f"E{i:05}", MeterKind.ELECTRICITY, f"C{i}", _FIRST) for i in range(homes)]
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        register_meters(tx, meters)
    let_gateway_in(database, GATEWAY, every=True, community=COMMUNITY)
    with database.system_write() as sql:
        plain.create(sql)
        bare.create(sql)
    yield database
    database.close()


plain = Table(
    "plain",
    MetaData(),
    Column("register_id", String(36), primary_key=True),
    Column("at_s", BigInteger, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("wh", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    Column("known_us", BigInteger, nullable=False),
    Column("delivery_id", String(64), nullable=False),
)
bare = Table(
    "bare",
    MetaData(),
    Column("register_id", String(36), primary_key=True),
    Column("at_s", BigInteger, primary_key=True),
    Column("wh", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
)


def lay_in_one_table(database: Database) -> None:
    """Let blocks lie in one table, which has foreign keys, as if there were no partitions."""
    keys = "".join(
        f"; ALTER TABLE block ADD FOREIGN KEY (community, {column}) REFERENCES {name} (community, {key})"
        for name, column, key in REFERRED
    )
    with database.system_write() as sql:
        sql.exec_driver_sql(
            "CREATE TABLE whole (LIKE block INCLUDING ALL); DROP TABLE block; ALTER TABLE whole RENAME TO block"
            f"{keys}; CREATE TRIGGER block_keeps BEFORE UPDATE OR DELETE ON block FOR EACH ROW"
            " EXECUTE FUNCTION reading_refuses(); CREATE OR REPLACE FUNCTION make_block_months(months date[])"
            " RETURNS SETOF date LANGUAGE sql AS 'SELECT NULL::date WHERE false'"
        )
        rowwall.raise_walls(sql, "metering")


def measure(
    url: str, folder: Path, homes: int, rounds: int, history: int, bootstrap: str = "", other_url: str = ""
) -> None:
    """Time and print one database, through Kafka too where there is one, and without partitions in another one."""
    with ExitStack() as stack:
        database = stack.enter_context(opened(url, homes))
        other = stack.enter_context(opened(other_url, homes)) if other_url else None
        if other is not None:
            lay_in_one_table(other)
        send = stack.enter_context(through_kafka(database, bootstrap)) if bootstrap else None
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        print(f"{kind}: {homes:,} homes x {QUARTERS} quarter-hours a batch, committed to disk, after {history} days")
        per_reading = interleave(contenders(database, other, folder, homes, rounds, history, send), rounds)
        print(table(per_reading, PLAIN, "us per reading", 1e6))
        times = per_reading[PLAIN] / per_reading[OURS]
        print(f"  {1 / per_reading[OURS] / 1e6:.2f} M readings/s, {times:.1f} times as fast as a row per reading")


def contenders(
    database: Database,
    other: Database | None,
    folder: Path,
    homes: int,
    rounds: int,
    history: int,
    send: Callable[[Sequence[Day]], None] | None,
) -> dict[str, Contender]:
    """Every way, after the same history, each with days of its own: one for the warm-up and one for each round."""
    readings = float(homes * QUARTERS)
    every = days_of(homes, history + (2 + BURST) * (rounds + 1))
    before, days, bursts = every[:history], every[history:][: 2 * (rounds + 1)], every[history:][2 * (rounds + 1) :]
    ours, stored = iter(days[::2]), iter([day.decoded() for day in days[1::2]])
    in_one = iter([day.decoded() for day in days[1::2]])
    rows, copied, alone, raw = iter(days), iter(days), iter(days), iter(days)
    ids = [str(uuid.uuid4()) for _ in range(homes)]
    others = [str(uuid.uuid4()) for _ in range(homes)]

    def store(delivery: Delivery, where: Database = database) -> None:
        with where.write(COMMUNITY, COMMAND_LINE) as tx:
            (receipt,) = receive_all(tx, limit(tx, [delivery]))
        assert receipt.values == readings
        assert not receipt.problems

    for day in before:
        store(day.decoded())
        if other is not None:
            store(day.decoded(), other)
        insert_plain(database, ids, day)
        insert_bare(database, ids, day)
        if not database.is_sqlite:
            copy_plain(database, others, day)
    found = {OURS: Contender(lambda: store(next(ours).decoded()), readings)}
    if send is not None:
        waiting = iter(bursts)
        found[KAFKA] = Contender(lambda: send([next(waiting) for _ in range(BURST)]), readings * BURST)
    found |= {
        STORED: Contender(lambda: store(next(stored)), readings),
        PLAIN: Contender(lambda: insert_plain(database, ids, next(rows)), readings),
        BARE: Contender(lambda: insert_bare(database, ids, next(alone)), readings),
    }
    if other is not None:
        found[UNPARTITIONED] = Contender(lambda: store(next(in_one), other), readings)
    if not database.is_sqlite:
        found[COPY] = Contender(lambda: copy_plain(database, others, next(copied)), readings)
    found[RAW] = Contender(lambda: write_raw(folder / "raw", next(raw).body), readings)
    return found


@contextmanager
def through_kafka(database: Database, bootstrap: str) -> Iterator[Callable[[Sequence[Day]], None]]:
    """Metering listening to a broker; yields what publishes batches and waits until they are committed."""
    door = METERING.topics(Room(METERING, database, Settings()))[TOPIC]
    committed = threading.Semaphore(0)

    def hear(messages: Sequence[tuple[dict[str, str], bytes]]) -> None:
        door.receive(messages)
        committed.release(len(messages))

    def refuse(_headers: dict[str, str], _body: bytes, error: Exception) -> None:
        raise error

    async def publish(producer: AIOKafkaProducer, days: Sequence[Day]) -> None:
        sent = []
        for day in days:
            told = {"community": COMMUNITY, "gateway": GATEWAY, "format": "head-end"}
            headers = [(name, value.encode()) for name, value in told.items()]
            sent.append(await producer.send(TOPIC, day.body, key=GATEWAY.encode(), headers=headers))
        await asyncio.gather(*sent)

    async def start() -> AIOKafkaProducer:
        await bus.start()
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=1 << 24)
        await producer.start()
        return producer

    bus = KafkaBus(Cluster(bootstrap), "metering")
    bus.hear_raw(TOPIC, RawDoor(hear, refuse))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    producer = asyncio.run_coroutine_threadsafe(start(), loop).result(60)

    def send(days: Sequence[Day]) -> None:
        asyncio.run_coroutine_threadsafe(publish(producer, days), loop).result(60)
        for _ in days:
            if not committed.acquire(timeout=60):
                raise TimeoutError("Kafka did not bring the batches")
        with database.system_read() as sql:
            if sql.scalar(select(func.count()).select_from(dead_letter)):
                raise ValueError("a batch was refused")

    try:
        yield send
    finally:
        for stop in (producer.stop(), bus.stop()):
            asyncio.run_coroutine_threadsafe(stop, loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _rows(ids: list[str], day: Day) -> list[tuple[object, ...]]:
    """A row for each reading of a batch, in the order of ``plain``'s columns."""
    delivery = day.decoded()
    known_us, delivery_id = int(delivery.received_at.timestamp() * 1e6), delivery.id(COMMUNITY)
    start_s = int(day.start.timestamp())
    return [
        (identity, start_s + 900 * i, 1, wh, quality, known_us, delivery_id)
        for identity, series in zip(ids, delivery.decoded.series, strict=True)
        for i, (wh, quality) in enumerate(zip(series.values.tolist(), series.quality.tolist(), strict=True))
    ]


def insert_plain(database: Database, ids: list[str], day: Day) -> None:
    """The plain way, through the driver itself: SQLAlchemy would only add to its cost."""
    _insert(database, plain, _rows(ids, day))


def insert_bare(database: Database, ids: list[str], day: Day) -> None:
    """Values and qualities alone, from lists."""
    start_s = int(day.start.timestamp())
    rows: list[tuple[object, ...]] = [
        (identity, start_s + 900 * i, wh, 1)
        for identity, values in zip(ids, day.values, strict=True)
        for i, wh in enumerate(values)
    ]
    _insert(database, bare, rows)


def _insert(database: Database, table: Table, rows: list[tuple[object, ...]]) -> None:
    marks = ", ".join(["?" if database.is_sqlite else "%s"] * len(table.columns))
    with database.system_write() as sql:
        sql.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) VALUES ({marks})", rows)


def copy_plain(database: Database, ids: list[str], day: Day) -> None:
    """The plain way by PostgreSQL's fastest door."""
    with database.system_write() as sql:
        cursor: Any = sql.connection.cursor()
        with cursor.copy(f"COPY plain ({', '.join(plain.columns.keys())}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["varchar", "int8", "int4", "int8", "int2", "int8", "varchar"])
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
    tune_gc()
    with tempfile.TemporaryDirectory(prefix="coop-ingest-") as name:
        folder = Path(name)
        measure(f"sqlite:///{folder}/metering.db", folder, told.homes, told.rounds, told.history)
        with ExitStack() as stack:
            try:
                server = stack.enter_context(postgres_server())
            except ServerAbsent as absent:
                print(f"PostgreSQL: not measured, {absent}")
                return
            url, other = (stack.enter_context(server.database()) for _ in range(2))
            try:
                kafka = stack.enter_context(kafka_server())
            except ServerAbsent as absent:
                print(f"Kafka: not measured, {absent}")
                measure(url, folder, told.homes, told.rounds, told.history, other_url=other)
            else:
                print(f"Kafka: {kafka.kind}")
                measure(url, folder, told.homes, told.rounds, told.history, kafka.bootstrap, other)


if __name__ == "__main__":
    main()
