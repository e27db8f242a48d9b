"""What the board watches: how complete each period is, what its run did, and the ledger in few rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from coop.billing.storage import runs as stored_runs
from coop.billing.storage.book import Arrivals, arrivals
from coop.values import Period


@dataclass(frozen=True)
class PeriodView:
    """One period: what of it has come, and how far its bills are."""

    period: Period
    arrivals: Arrivals
    status: str
    run_id: str
    bill_count: int
    total_cents: int
    brake_count: int


def periods(connection: Connection, community: str) -> list[PeriodView]:
    """Every period of which something was heard, newest first."""
    runs = {
        Period(run.period_start, run.period_end): run
        for run in stored_runs.all_runs(connection, community)
        if run.kind == "period"
    }
    found = []
    for period, arrived in arrivals(connection, community).items():
        run = runs.get(period)
        status = run.status if run else "preview" if arrived.complete else "incomplete"
        found.append(
            PeriodView(
                period=period,
                arrivals=arrived,
                status=status,
                run_id=run.id if run else "",
                bill_count=(run.bill_count or 0) if run else 0,
                total_cents=int(run.total_cents or 0) if run else 0,
                brake_count=len(stored_runs.brakes_of(run)) if run else 0,
            )
        )
    return sorted(found, key=lambda view: view.period, reverse=True)


def grouped(rows: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int, int]]:
    """The trial balance with all members' debts as one account, and how many accounts each row holds."""
    found: dict[str, tuple[int, int, int]] = {}
    for account, debit, credit in rows:
        name = "debtors" if account.startswith("debtors:") else account
        known = found.get(name, (0, 0, 0))
        found[name] = (known[0] + debit, known[1] + credit, known[2] + 1)
    return [(name, debit, credit, count) for name, (debit, credit, count) in found.items()]
