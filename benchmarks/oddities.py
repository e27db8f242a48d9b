"""A look at the odd meters of a month, beside one pass that only unpacks the days of it that the look has to count.

    python -m benchmarks.oddities [--homes 300 1000]

Each home has quarter-hours of electricity, hourly heat and volume and a reading of both temperatures a day, for two
months, in the way in which deliveries bring them. Times are those of the processor.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from coop.demo.cooperative import PROFILE
from coop.kit.actor import COMMAND_LINE
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.metering.intake.receive import receive
from coop.metering.model import Decoded, Delivery, Meter, MeterKind, Quantity, Series, Stand
from coop.metering.provenance.oddities import find_oddities
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from coop.values import Period
from tests.founding import hear_of_founding

COMMUNITY, MONTH = "bench", Period.month(2025, 3)
FIRST, DAYS = date(2025, 1, 27), 64
INSTALLED = datetime(2024, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, nargs="+", default=[300, 1000])
    print("  homes   look, cpu s   odd meters")
    for homes in parser.parse_args().homes:
        with tempfile.TemporaryDirectory() as folder:
            database = METERING.open_database(f"sqlite:///{folder}/metering.db", SYSTEM_CLOCK, migrate=True)
            fill(database, homes)
            start = time.process_time()
            with database.read(COMMUNITY) as tx:
                found = find_oddities(tx, MONTH)
            print(f"{homes:>7} {time.process_time() - start:>13.2f} {len(found):>12}", flush=True)
            database.close()


def fill(database: Database, homes: int) -> None:
    """Register the meters of so many homes, and bring two months of readings, a delivery a day."""
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        hear_of_founding(tx, PROFILE)
        meters = [Meter(f"H{n:05d}", MeterKind.HEAT, f"C{n:05d}", INSTALLED) for n in range(homes)]
        meters += [Meter(f"E{n:05d}", MeterKind.ELECTRICITY, f"C{n:05d}", INSTALLED) for n in range(homes)]
        register_meters(tx, meters)
    for delivery in deliveries_of(homes):
        with database.write(COMMUNITY, COMMAND_LINE) as tx:
            receive(tx, delivery)


def deliveries_of(homes: int) -> Iterator[Delivery]:
    """Deliveries of a head-end on every home, day by day."""
    rng = np.random.default_rng(1)
    for day in range(DAYS):
        at = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(days=day)
        series: list[Series] = []
        stands: list[Stand] = []
        for n in range(homes):
            heat, serial = rng.integers(1_000_000, 9_000_000, 24), f"H{n:05d}"
            water = heat // 100_000
            series += [
                _series(f"E{n:05d}", Quantity.ELECTRICITY_IMPORT, at, 900, "Wh", rng.integers(20, 400, 96)),
                _series(serial, Quantity.HEAT, at, 3600, "J", heat),
                _series(serial, Quantity.VOLUME, at, 3600, "l", water),
            ]
            stands += [
                Stand(serial, Quantity.FLOW_TEMPERATURE, at, Decimal(60), "degC"),
                Stand(serial, Quantity.RETURN_TEMPERATURE, at, Decimal(36), "degC"),
            ]
        yield Delivery("head-end", "bench", at + timedelta(days=1), f"{day}".encode(), Decoded(stands, series))


def _series(meter: str, quantity: Quantity, at: datetime, step_s: int, unit: str, values: np.ndarray) -> Series:
    return Series(meter, quantity, at, step_s, unit, values.astype(np.int64), np.ones(len(values), np.uint8))


if __name__ == "__main__":
    main()
