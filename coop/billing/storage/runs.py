"""Bill runs, and which revision of which period they dealt with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, insert, select, update

from coop.billing.model import Brake
from coop.billing.storage.tables import bill, bill_run, run_period
from coop.values import Period


def get_run(connection: Connection, community: str, run_id: str) -> Row[Any] | None:
    """One run, or None."""
    return connection.execute(
        select(bill_run).where(bill_run.c.community == community, bill_run.c.id == run_id)
    ).first()


def newest_corrections(connection: Connection, community: str, issued_on: date) -> Row[Any] | None:
    """The corrections run that was issued last on a day, or None."""
    return connection.execute(
        select(bill_run)
        .join(run_period, run_period.c.run_id == bill_run.c.id)
        .where(
            bill_run.c.community == community,
            bill_run.c.kind == "corrections",
            bill_run.c.issued_on == issued_on,
            bill_run.c.status == "issued",
        )
        .order_by(run_period.c.ordinal.desc())
    ).first()


def all_runs(connection: Connection, community: str) -> Sequence[Row[Any]]:
    """All runs with how many bills and how much money, newest period first."""
    totals = (
        select(
            bill.c.run_id,
            func.count().label("bill_count"),
            func.sum(bill.c.total_cents).label("total_cents"),
            func.sum(bill.c.credit_cents).label("credit_cents"),
        )
        .group_by(bill.c.run_id)
        .subquery()
    )
    return connection.execute(
        select(bill_run, totals.c.bill_count, totals.c.total_cents, totals.c.credit_cents)
        .outerjoin(totals, totals.c.run_id == bill_run.c.id)
        .where(bill_run.c.community == community)
        .order_by(bill_run.c.issued_on.desc(), bill_run.c.period_start.desc(), bill_run.c.id)
    ).all()


def save_run(connection: Connection, run: dict[str, Any], brakes: Sequence[Brake]) -> None:
    """Write a run, or bring the held one of that id up to date."""
    values = {**run, "brakes": orjson.dumps(list(brakes)).decode()}
    changed = connection.execute(update(bill_run).where(bill_run.c.id == run["id"]).values(**values))
    if not changed.rowcount:
        connection.execute(insert(bill_run).values(**values))


def brakes_of(run: Row[Any]) -> list[Brake]:
    """The brakes of a run."""
    return [Brake(**fields) for fields in orjson.loads(run.brakes)]


def save_run_periods(
    connection: Connection, run_id: str, community: str, done: Iterable[tuple[Period, int, str]]
) -> None:
    """Remember which revision of which period, under which terms, a run has dealt with."""
    last = connection.scalar(select(func.max(run_period.c.ordinal)).where(run_period.c.community == community)) or 0
    rows = [
        {
            "run_id": run_id,
            "community": community,
            "period_start": period.start,
            "period_end": period.end,
            "closed_revision": revision,
            "terms_hash": terms_hash,
            "ordinal": last + 1,
        }
        for period, revision, terms_hash in done
    ]
    if rows:
        connection.execute(insert(run_period), rows)


def periods_done(connection: Connection, community: str) -> dict[Period, tuple[int, str]]:
    """The revision and the terms under which each billed period was dealt with last."""
    rows = connection.execute(
        select(run_period).where(run_period.c.community == community).order_by(run_period.c.ordinal)
    )
    return {Period(row.period_start, row.period_end): (row.closed_revision, row.terms_hash) for row in rows}
