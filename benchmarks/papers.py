"""Papers of bills, and the first even amounts of everybody, beside pricing and issuing the bills themselves.

    python -m benchmarks.papers [--homes N] [--papers N]

The base of a paper is issuing its bill, and that of a first amount is the same: what a bill costs in the very same run.
Papers are typeset from what was frozen; putting them away is not counted.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.corrections import open_billing
from benchmarks.effects import use_of
from coop.billing.amounts.firsts import keep_firsts, list_firsts
from coop.billing.bills import store as bills
from coop.billing.documents.archive import freeze
from coop.billing.documents.contents import document_of
from coop.billing.documents.pdf import bill_pdf
from coop.billing.runs.commands import issue_bills
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import address, admitted, even_amounts, hear, signed, tariff_adopted
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.kit.clocks import SetClock

JANUARY = Period.month(2025, 1)


def main() -> None:
    """Fill a co-operative, do each thing once, and print what one costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--papers", type=int, default=60)
    wanted = parser.parse_args()
    homes = [f"home-{number:04}" for number in range(wanted.homes)]
    with tempfile.TemporaryDirectory(prefix="coop-papers-") as folder:
        database = open_billing(Path(folder) / "billing.db")
        database.clock = SetClock(datetime(2025, 2, 1, 12, tzinfo=UTC))
        found_in(database)
        hear(database, tariff_adopted(), even_amounts())
        hear(database, *(admitted(home) for home in homes), *(signed(home, date(2025, 1, 1)) for home in homes))
        hear(database, *use_of(homes, JANUARY))
        timed = {
            "first amounts": measure(lambda: set_amounts(database)),
            "bills": measure(lambda: issue_month(database)),
        }
        address(database)
        timed["papers"] = measure(lambda: typeset(database, wanted.papers))
        database.close()
    base = timed["bills"][1] / timed["bills"][0]
    for name, (count, seconds) in timed.items():
        print(f"  {name:<14} {count:>5} in {seconds:6.1f} s of a core, {count / seconds:7.1f} a second,", end=" ")
        print(f"{seconds / count / base:6.2f} x a bill")


def measure(work: Callable[[], int]) -> tuple[int, float]:
    """Number that was made, and the seconds of a core that they took."""
    start = time.process_time()
    count = work()
    return count, time.process_time() - start


def set_amounts(database: Database) -> int:
    """Set the even amount of every contract."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        return keep_firsts(tx, [expected.first for expected in list_firsts(tx)])


def issue_month(database: Database) -> int:
    """Issue a month of bills."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = issue_bills(tx, JANUARY, tx.today)
    assert run.status == "issued", run.brakes
    return run.bill_count


def typeset(database: Database, count: int) -> int:
    """Typeset the papers of the first bills."""
    with database.read(COMMUNITY) as tx:
        frozen = freeze(tx, bills.find_bills(tx)[:count])
        papers = [(document_of(each), each.lang) for each in frozen.values()]
    return len([bill_pdf(paper, lang) for paper, lang in papers])


if __name__ == "__main__":
    main()
