"""Two runs at once: one after the other, whatever they ask, and the second answers what the first did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from coop.billing.bills import account_store as accounts
from coop.billing.bills import ledger_store as ledger
from coop.billing.bills import store as bills
from coop.billing.model import BillHead
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.runs.issuing import issue
from coop.billing.runs.results import RunResult
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import Period
from tests.billing.village import admitted, closed, hear, measured, month_of, release, signed, tariff_adopted
from tests.desk import COMMUNITY, SECRETARY

JANUARY, FEBRUARY, NOVEMBER, DECEMBER = (Period.month(2025, month) for month in (1, 2, 11, 12))
MEMBERS = ("anna", "bram", "cees")
Command = Callable[[Tx], RunResult]


@pytest.fixture
def village(database: Database) -> Database:
    """Three members whose January is closed."""
    hear(database, tariff_adopted(), *(admitted(name) for name in MEMBERS), *(signed(name) for name in MEMBERS))
    hear(database, *month_of(MEMBERS, JANUARY))
    return database


def at_once(database: Database, monkeypatch: pytest.MonkeyPatch, commands: Sequence[Command]) -> list[RunResult]:
    """Run commands in as many threads. Each waits for the others between its draft and its issue, for as long as the
    lock lets them come so far together."""
    together = threading.Barrier(len(commands))

    def issue_together(*arguments: Any) -> list[BillHead]:
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=0.5)
        return issue(*arguments)

    monkeypatch.setattr("coop.billing.runs.commands.issue", issue_together)

    def run(command: Command) -> RunResult:
        with database.write(COMMUNITY, SECRETARY) as tx:
            return command(tx)

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(run, commands))


@pytest.mark.parametrize("second_day", [date(2025, 2, 3), date(2026, 2, 3)], ids=["same day", "another year"])
def test_two_runs_of_one_period_answer_the_same_bills(
    village: Database, monkeypatch: pytest.MonkeyPatch, second_day: date
) -> None:
    first, second = at_once(
        village,
        monkeypatch,
        [lambda tx: issue_bills(tx, JANUARY, date(2025, 2, 3)), lambda tx: issue_bills(tx, JANUARY, second_day)],
    )
    assert first == second
    assert first.status == "issued"
    assert [bill.number[4:] for bill in first.bills] == ["-000001", "-000002", "-000003"]
    with village.read(COMMUNITY) as tx:
        assert [head.ordinal for head in bills.list_heads(tx)] == [1, 2, 3]
        assert sum(row.debit_cents - row.credit_cents for row in ledger.trial_balance(tx)) == 0


def test_two_runs_dated_in_different_years_keep_every_member_below_the_ceiling(
    village: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for period in (NOVEMBER, DECEMBER):
        hear(village, *month_of(MEMBERS, period, "36", wh=0))
    at_once(
        village,
        monkeypatch,
        [
            lambda tx: _issue(tx, NOVEMBER, date(2025, 12, 31)),
            lambda tx: _issue(tx, DECEMBER, date(2026, 1, 2)),
        ],
    )
    with village.read(COMMUNITY) as tx:
        so_far = accounts.years_so_far(tx)
    assert {year.heat_cents - year.credit_cents for year in so_far.values()} == {150_205}


def test_two_corrections_and_two_releases_at_once_are_done_once(
    village: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with village.write(COMMUNITY, SECRETARY) as tx:
        issue_bills(tx, JANUARY, date(2025, 2, 3))
    hear(village, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    first, second = at_once(village, monkeypatch, [lambda tx: correct_bills(tx, date(2025, 5, 1))] * 2)
    assert first == second
    assert [bill.total_cents for bill in first.bills] == [-1520]
    hear(village, measured("anna", FEBRUARY, "25"), *month_of(MEMBERS, FEBRUARY)[1:])
    with village.write(COMMUNITY, SECRETARY) as tx:
        held = issue_bills(tx, FEBRUARY, date(2025, 5, 2))
    assert held.status == "held"
    first, second = at_once(village, monkeypatch, [lambda tx: release(tx, held.run_id)] * 2)
    assert first == second
    assert [bill.number for bill in first.bills] == ["2025-000005", "2025-000006", "2025-000007"]


def test_fifty_workers_of_which_some_die_leave_no_gap_and_nobody_above_the_ceiling(village: Database) -> None:
    months = [Period.month(2025, month) for month in range(1, 13)]
    for month in months[1:]:
        hear(village, *month_of(MEMBERS, month, "9"))

    def work(number: int) -> None:
        month = months[number % 13 - 1] if number % 13 else None
        with suppress(Died), village.write(COMMUNITY, SECRETARY) as tx:
            run = correct_bills(tx, date(2026, 2, 1)) if month is None else issue_bills(tx, month, date(2026, 2, 1))
            if run.status == "held":
                release(tx, run.run_id)
            if number % 3 == 0:
                raise Died

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(work, range(50)))
    for number in range(1, 13):
        work(number + 13 * (number % 3 + 1))
    with village.read(COMMUNITY) as tx:
        heads, so_far = bills.list_heads(tx), accounts.years_so_far(tx)
    assert [head.sequence for head in heads] == list(range(1, 37))
    assert sorted(head.ordinal for head in heads) == list(range(1, 37))
    assert len({(head.contract_id, head.period) for head in heads}) == 36
    assert [(year.heat_cents > 150_205, year.heat_cents - year.credit_cents) for year in so_far.values()] == [
        (True, 150_205)
    ] * 3


def _issue(tx: Tx, month: Period, day: date) -> RunResult:
    """Bill a month; a second person releases what its brakes hold, such as that most of it is given back."""
    run = issue_bills(tx, month, day)
    return release(tx, run.run_id) if run.status == "held" else run


class Died(Exception):
    """A process was killed before its commit."""
