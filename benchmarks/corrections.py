"""A tariff that a meeting lowers backwards: a year of bills of 1,000 homes is corrected, and once more elsewhere.

    python -m benchmarks.corrections [--homes N] [--heat EUR_PER_GJ]

A price so low that the corrections are much of what was billed is held by a brake, and released by somebody else.
The base that everything is divided by is issuing the very same year for the first time. The corrections are issued in
two copies of the database, and every document, bill, line, entry and posting of both has to be the same bytes. The lock
of a run, by which the register answers, is drawn by chance and left out.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from benchmarks.effects import use_of
from coop.billing.runs.commands import correct_bills, issue_bills, release_run
from coop.billing.runs.results import RunResult
from coop.billing.service import BILLING
from coop.billing.tables.bills import bill, bill_line, guarantee_entry, posting
from coop.kit.database import Database
from coop.kit.garbage import tune_gc
from coop.kit.tables import document
from coop.kit.tx import Tx
from coop.values import Period
from tests.billing.village import admitted, hear, signed, tariff_adopted, tell_in_writing
from tests.desk import CHAIR, COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.kit.clocks import SetClock


class Took(NamedTuple):
    """Seconds that passed, and seconds of a core."""

    passed_s: float = 0.0
    core_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.passed_s:.1f} s, {self.core_s:.1f} s of a core"

    def since(self) -> Took:
        """Time that passed and was used since."""
        now = Took.now()
        return Took(now.passed_s - self.passed_s, now.core_s - self.core_s)

    @classmethod
    def now(cls) -> Took:
        """Both clocks."""
        return cls(time.perf_counter(), time.process_time())


CHEAPER = "cheaper"
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def main() -> None:
    """Bill a year, lower its tariff, correct it twice over, and print the seconds with their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--heat", default="35.50", help="the price that the meeting lowers heat to, 5.00 for instance")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coop-corrections-") as folder:
        path = Path(folder) / "billing.db"
        database = open_billing(path)
        found_in(database)
        first = fill(database, [f"home-{number:04}" for number in range(wanted.homes)], wanted.heat)
        database.close()
        twin = path.with_name("twin.db")
        shutil.copy(path, twin)
        runs = [correct(each) for each in (path, twin)]
    (run, took, digest), (_, again, other) = runs
    held = f", which {run.released_by} released" if run.released_by else ""
    print(f"{wanted.homes} homes, a year, {run.bill_count} corrections of {run.total_cents / 100:,.2f} EUR{held}")
    print(f"  first bills   {first}")
    print(f"  corrections   {took}; in the copy {again}; {took.core_s / first.core_s:.2f} x of a core")
    print(f"  every byte the same in both: {'yes' if digest == other else 'NO'}")
    if digest != other:
        raise SystemExit(1)


def open_billing(path: Path) -> Database:
    """The database of billing in a file, at noon of the day on which all is billed."""
    return BILLING.open_database(f"sqlite:///{path}", clock=SetClock(NOON))


def fill(database: Database, homes: list[str], heat: str) -> Took:
    """Bill a year of the homes, and lower its tariff afterwards to a price of heat; returns what the bills took."""
    hear(database, tariff_adopted())
    hear(database, *(admitted(home) for home in homes), *(signed(home, date(2025, 1, 1)) for home in homes))
    took = Took()
    for month in Period.year(2025).months():
        hear(database, *use_of(homes, month))
        start = Took.now()
        with database.write(COMMUNITY, SECRETARY) as tx:
            run = issue_bills(tx, month, tx.today)
        _release(database, run)
        took = Took(*map(sum, zip(took, start.since(), strict=True)))
    hear(database, tariff_adopted(CHEAPER, decided_on=date(2026, 1, 20), heat=heat))
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, CHEAPER, tx.today, homes)
    return took


def correct(path: Path) -> tuple[RunResult, Took, str]:
    """Issue the corrections; returns the run, what it took, and a digest of all that is kept."""
    database = open_billing(path)
    tune_gc()  # as in service
    start = Took.now()
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = correct_bills(tx, tx.today)
    run = _release(database, run)
    took = start.since()
    with database.read(COMMUNITY) as tx:
        digest = digest_of(tx)
    database.close()
    return run, took, digest


def digest_of(tx: Tx) -> str:
    """Hash of every row of what was issued, in order of their keys."""
    digest = hashlib.sha256()
    for table in (document, bill, bill_line, guarantee_entry, posting):
        rows = select(table).where(table.c.community == tx.community).order_by(*table.primary_key)
        for row in tx.execute(rows):
            digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


def _release(database: Database, run: RunResult) -> RunResult:
    """A second person releases what the brakes held."""
    if run.status != "held":
        return run
    with database.write(COMMUNITY, CHAIR) as tx:
        return release_run(tx, run.run_id)


if __name__ == "__main__":
    main()
