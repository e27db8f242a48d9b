"""Pricing a year of bills, without a database: from the facts of each month to the lines, ceiling and VAT of each bill.

    python -m benchmarks.pricing [--homes N]

The base that everything is divided by is writing the inputs of the very same bills as the documents that are kept of
them, which is the least that issuing does with a bill.

Aimed at: 12,000 bills priced in 3 s of a core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from coop.billing.bills.drafts import Draft, PeriodFacts, Task, draft_run
from coop.billing.bills.rules import compute_bill
from coop.billing.bills.schemas import BILL_INPUTS
from coop.billing.model import Contract, GasYear, HeatReading
from coop.billing.terms.rules import Book, Terms
from coop.billing.terms.tariffs import read_tariff
from coop.communities.choices import Choices, founding_choices
from coop.communities.law import shipped_law
from coop.kit.garbage import tune_gc
from coop.values import Period
from tests.billing.village import E9_YEARS, tariff_adopted

YEAR = Period.year(2025)

Value = TypeVar("Value")


def main() -> None:
    """Price the year twice over, and print the seconds with their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=1000)
    homes = parser.parse_args().homes
    terms, tasks = village(homes)
    tune_gc()  # as in service
    drafts, drafting_s = measure(lambda: draft_run(terms, {}, tasks, {}, {})[0])
    _, pricing_s = measure(lambda: [compute_bill(draft.inputs) for draft in drafts])
    _, base_s = measure(lambda: write(drafts))
    print(f"{len(drafts)} bills of {homes} homes, a year")
    for name, seconds in (("inputs written", base_s), ("priced", pricing_s), ("drafted and priced", drafting_s)):
        print(f"  {name:<20} {seconds:6.2f} s of a core  {seconds / base_s:5.2f} x")


def village(homes: int) -> tuple[Terms, list[Task]]:
    """Homes with four years of gas bills under one tariff, and the heat of each in each month of a year."""
    told = tariff_adopted()
    reference = tuple(GasYear(each.year, each.gas_m3, each.amount_cents) for each in E9_YEARS)
    names = [f"{number:05}" for number in range(homes)]
    contracts = tuple(Contract(name, name, name, YEAR.start, None, "1", reference) for name in names)
    tariff = read_tariff(told.tariff_id, told.resolution_id, told.valid_from, told.decided_on, told.parameters)
    book = Book(
        contracts=contracts,
        tariffs=(tariff,),
        notices=(),
        memberships={name: (Period(YEAR.start, date.max),) for name in names},
        figures={},
        choices=Choices(founding_choices()),
        law=shipped_law(),
    )
    tasks = []
    for month in YEAR.months():
        readings = {
            (name, name): [
                HeatReading(f"{name} {month}", 1, month, Decimal(3_000_000_000 + nth * 1_000_003), False, "", ())
            ]
            for nth, name in enumerate(names)
        }
        tasks.append(Task(PeriodFacts(month, 1, (), readings, {})))
    return Terms(book, YEAR.end, date(2026, 1, 5)), tasks


def write(drafts: list[Draft]) -> list[str]:
    """Write the inputs of each as a document; returns their hashes."""
    return [BILL_INPUTS.seal(draft.inputs).sha256 for draft in drafts]


def measure(work: Callable[[], Value]) -> tuple[Value, float]:
    """Outcome of some work, and the seconds of a core that it took."""
    start = time.process_time()
    outcome = work()
    return outcome, time.process_time() - start


if __name__ == "__main__":
    main()
