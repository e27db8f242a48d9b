"""A backfill beside live telegrams: how long a value that comes in by itself waits while years of others are caught up.

    python -m benchmarks.backfill [--homes 1000] [--days 60]

Values of single meters come in fifty times a second, each in a transaction of its own, as from gateways in homes. First
alone; then while a head-end that was away delivers a day of every home after the other; then while somebody imports a
file with a year of quarter-hours of one meter, which goes in whole or not at all. What each waited is from its arrival
to durable; beside it stands what it waits alone, in the same run and the same database. The benchmark ends with an
error where any of them was not taken.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.ingest import COMMUNITY, GATEWAY, days_of, opened
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.garbage import tune_gc
from coop.metering.intake.gateways import limit
from coop.metering.intake.receive import decode_delivery, receive, receive_all
from tests.servers.absent import ServerAbsent
from tests.servers.postgres import postgres_server

EVERY_S = 0.02
ALONE = 250
"""Values that come in before anything is caught up."""
LIVE_FROM = datetime(2026, 3, 1, tzinfo=UTC)
FILE_FROM = datetime(2025, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
YEAR_QUARTERS = 365 * 96


class Live:
    """Single values of many meters, quarter after quarter, and how long each waited."""

    def __init__(self, database: Database, homes: int) -> None:
        self.database, self.homes, self.count = database, homes, 0

    def bring(self) -> float:
        """Bring the next value; how long it took to be durable [s]."""
        nth, home = divmod(self.count, self.homes)
        self.count += 1
        start = LIVE_FROM + nth * QUARTER
        series = {
            "meter": f"E{home:05}",
            "quantity": "electricity_import",
            "unit": "Wh",
            "start": start.isoformat(),
            "step_s": 900,
            "values": [100 + self.count % 50],
        }
        document = {"head_end": GATEWAY, "sent_at": (start + QUARTER).isoformat(), "series": [series]}
        arrived = time.perf_counter()
        delivery = decode_delivery(
            "head-end", json.dumps(document).encode(), gateway=GATEWAY, received_at=start + 2 * QUARTER
        )
        with self.database.write(COMMUNITY, COMMAND_LINE) as tx:
            receipts = receive_all(tx, limit(tx, [delivery]))
        if receipts[0].values != 1:
            raise SystemExit(f"a value was not taken: {receipts[0].problems}")
        return time.perf_counter() - arrived

    def while_(self, act: Callable[[], object]) -> list[float]:
        """Bring a value every 20 ms for as long as something else goes on."""
        other = threading.Thread(target=act)
        other.start()
        waited = []
        while other.is_alive():
            waited.append(self.bring())
            time.sleep(EVERY_S)
        other.join()
        return waited


def catch_up(database: Database, homes: int, days: int) -> None:
    """Deliver days of every home, one after the other."""
    for day in days_of(homes, days):
        with database.write(COMMUNITY, COMMAND_LINE) as tx:
            receive_all(tx, limit(tx, [day.decoded()]))


def import_year(database: Database) -> None:
    """Import a file with a year of quarter-hours of one meter, as a person does."""
    lines = [f"{(FILE_FROM + k * QUARTER).isoformat()},{50 + k % 200}" for k in range(YEAR_QUARTERS)]
    mapping = {
        "meter": "E00000",
        "time_column": "time",
        "columns": [
            {"column": "wh", "quantity": "electricity_import", "unit": "Wh", "kind": "interval", "step_s": 900}
        ],
        "timezone": "UTC",
    }
    file = "\n".join(["time,wh", *lines]).encode()
    told = decode_delivery("csv", file, gateway="treasurer", received_at=LIVE_FROM, mapping=mapping)
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        if receive(tx, replace(told, is_signed=True)).values != YEAR_QUARTERS:
            raise SystemExit("the file was not taken whole")


def compare(database: Database, homes: int, days: int) -> None:
    """Print a line for each: how many values came in meanwhile, and how long they waited."""
    tune_gc()
    live = Live(database, homes)
    for _ in range(20):
        live.bring()
    days_of(homes, 1)[0].decoded()  # a service that has run for a while has its compiled loops loaded
    alone = live.while_(lambda: time.sleep(ALONE * EVERY_S))
    caught = live.while_(lambda: catch_up(database, homes, days))
    imported = live.while_(lambda: import_year(database))
    base = float(np.percentile(alone, 95))
    for name, waited in (("alone", alone), (f"{days} days of {homes}", caught), ("a file of a year", imported)):
        p50, p95, most = (float(each) for each in (*np.percentile(waited, (50, 95)), max(waited)))
        print(
            f"  {name:<18} {len(waited):>5} values   p50 {p50 * 1000:7.1f} ms   p95 {p95 * 1000:7.1f} ms"
            f" ({p95 / base:5.1f} x)   longest {most * 1000:7.1f} ms"
        )


def main() -> None:
    """Compare on SQLite, and on PostgreSQL where it can be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--days", type=int, default=60)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"SQLite": f"sqlite:///{folder / 'metering.db'}"}
        try:
            urls["PostgreSQL"] = stack.enter_context(stack.enter_context(postgres_server()).database())
        except ServerAbsent as absent:
            print(f"without PostgreSQL: {absent}")
        for name, url in urls.items():
            print(name)
            with opened(url, options.homes) as database:
                compare(database, options.homes, options.days)


if __name__ == "__main__":
    main()
