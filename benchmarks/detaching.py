"""Setting a large month of readings aside in PostgreSQL: how long it takes, and how long others wait meanwhile.

    python -m benchmarks.detaching [--homes 1000]

A month of quarter-hours of many registers, and the first day after it, come in as a head-end's batches; its periods are
closed; then it is detached as ``coop partitions detach --apply`` does, and attached again. Beside it one reads a day of
a register and one delivers, each again and again: the longest that either waited is what a page and a gateway notice.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from benchmarks.ingest import COMMUNITY, days_of, opened
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.metering.intake.receive import receive
from coop.metering.periods.close import close_period
from coop.metering.periods.detaching import attach_month, detach_month, list_months
from coop.metering.readings import store as readings
from coop.metering.register.store import list_registers
from coop.values import Period
from tests.servers.postgres import postgres_server

MONTH = date(2025, 1, 1)
MONTH_DAYS = 31
LATER_DAYS = 70
"""Days until one that no closed period reads."""


def main() -> None:
    """Fill a month, set it aside and put it back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=1000)
    homes = parser.parse_args().homes
    with postgres_server() as server, server.database() as url, opened(url, homes) as database:
        for day in days_of(homes, MONTH_DAYS + 1):
            with database.write(COMMUNITY, COMMAND_LINE) as tx:
                receive(tx, day.decoded())
        for month in (1, 2):
            with database.write(COMMUNITY, COMMAND_LINE) as tx:
                close_period(tx, Period.month(2025, month))
        [filled] = [month for month in list_months(database) if month.start == MONTH]
        print(f"{filled}: {filled.rows:,} rows, {filled.size_bytes / 2**20:.1f} MiB in PostgreSQL")
        for name, act in (("detached", detach_month), ("attached", attach_month)):
            with waiting(database) as longest_s:
                start = time.perf_counter()
                act(database, MONTH)
                taken = time.perf_counter() - start
            read_s, write_s = longest_s["read"], longest_s["write"]
            print(f"{name} in {taken:.2f} s; a reader waited {read_s:.2f} s, a writer {write_s:.2f} s")


@contextmanager
def waiting(database: Database) -> Iterator[dict[str, float]]:
    """Read and deliver in threads of their own; yields the longest that each took, which is there at the end."""
    longest_s = {"read": 0.0, "write": 0.0}
    is_over = threading.Event()

    def keep_at(name: str, act: Callable[[], object]) -> None:
        while not is_over.is_set():
            start = time.perf_counter()
            act()
            longest_s[name] = max(longest_s[name], time.perf_counter() - start)

    with database.read(COMMUNITY) as tx:
        register_id = list_registers(tx)[0].id
    after = days_of(1, LATER_DAYS)[-1].decoded()
    first_day = readings.day_number(after.decoded.series[0].start)

    def read() -> None:
        with database.read(COMMUNITY) as tx:
            readings.latest(tx, [register_id], [first_day])

    def write() -> None:
        body = b"%d" % time.perf_counter_ns()
        with database.write(COMMUNITY, COMMAND_LINE) as tx:
            receive(tx, replace(after, body=body))

    threads = [threading.Thread(target=keep_at, args=each) for each in (("read", read), ("write", write))]
    for thread in threads:
        thread.start()
    time.sleep(1)
    longest_s.update(read=0.0, write=0.0)
    try:
        yield longest_s
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
