"""Asking what a proposed tariff does to every bill, beside pricing a run: a year of 250 members.

    python -m benchmarks.effects [--members N]

The base that everything is divided by is a preview of one month's run, which prices a bill for each member and reads
what it follows from. An answer to everybody prices two years and the months up to them; one to a member reads and
prices theirs alone.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from benchmarks._measure import Contender, interleave, table
from coop.billing.effects.commands import ask_effects, ask_own_effects
from coop.billing.runs.commands import issue_bills, release_run
from coop.billing.runs.drafting import draft
from coop.billing.service import BILLING
from coop.billing.terms.heard_store import ProposedTariff
from coop.events import Event
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import Period
from tests.billing.neighbourhood import SHARE_OF_YEAR, publish
from tests.billing.village import admitted, allocated, closed, hear, measured, parameters, signed, tariff_adopted
from tests.desk import CHAIR, COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.kit.clocks import SetClock

RUN, EVERYBODY, COLDEST, MEMBER = "preview of a month", "everybody's year", "the coldest year", "a member's year"
FIRST, LAST = Period.month(2025, 9), Period.month(2026, 9)
PROPOSAL = ProposedTariff(date(2026, 12, 14), parameters(date(2027, 1, 1), heat="33.10", standing="510.00"))


def main() -> None:
    """Fill a co-operative, ask in each way, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=250)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coop-effects-") as folder:
        database = BILLING.open_database(f"sqlite:///{folder}/billing.db")
        found_in(database)
        fill(database, [f"home-{number:04}" for number in range(wanted.members)])
        ways: dict[str, Callable[[Tx], object]] = {
            RUN: lambda tx: draft(tx, Period.month(2026, 10), tx.today),
            EVERYBODY: lambda tx: ask_effects(tx, PROPOSAL),
            COLDEST: lambda tx: ask_effects(tx, PROPOSAL, cold=True),
            MEMBER: lambda tx: ask_own_effects(tx, PROPOSAL, "home-0007"),
        }
        contenders = {name: Contender(_reading(database, way), 1) for name, way in ways.items()}
        print(f"{wanted.members} members, a question")
        print(table(interleave(contenders, wanted.repeats), RUN, "ms", 1e3))
        database.close()


def fill(database: Database, homes: list[str]) -> None:
    """Let the homes have fourteen months of use, of which the last is still to be billed."""
    database.clock = clock = SetClock(datetime(2026, 11, 26, 9, tzinfo=UTC))
    hear(database, tariff_adopted())
    hear(database, *(admitted(home) for home in homes), *(signed(home, FIRST.start) for home in homes))
    for year in (2025, 2026):
        publish(database, year, "1.033")
    month = FIRST
    while month <= Period.month(2026, 10):
        hear(database, *use_of(homes, month))
        clock.set(datetime(month.end.year, month.end.month, month.end.day, 9, tzinfo=UTC))
        if month <= LAST:
            with database.write(COMMUNITY, SECRETARY) as tx:
                run = issue_bills(tx, month, month.end)
            if run.status == "held":
                with database.write(COMMUNITY, CHAIR) as tx:
                    release_run(tx, run.run_id)
        month = Period.month(month.end.year, month.end.month)
    clock.set(datetime(2026, 11, 26, 9, tzinfo=UTC))


def use_of(homes: list[str], month: Period) -> list[Event]:
    """Heat and shared electricity of a month, closed."""
    share = Decimal(SHARE_OF_YEAR[month.start.month - 1])
    heat: list[Event] = [
        measured(home, month, str(round((24 + number % 20) * share, 3))) for number, home in enumerate(homes)
    ]
    shares: list[Event] = [allocated(home, month, 20_000 + 13 * number) for number, home in enumerate(homes)]
    return [*heat, *shares, closed(month, len(homes), len(homes))]


def _reading(database: Database, ask: Callable[[Tx], object]) -> Callable[[], object]:
    def read() -> object:
        with database.read(COMMUNITY) as tx:
            return ask(tx)

    return read


if __name__ == "__main__":
    main()
