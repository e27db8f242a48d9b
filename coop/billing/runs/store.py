"""Bill runs, which revision of which period they dealt with, and runs that were drafted for the treasurer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from coop.billing.brake import Brake
from coop.billing.tables.bills import bill, bill_run, run_period, run_proposal
from coop.kit.database import among
from coop.kit.keyset import Key, Window, cut_query
from coop.kit.rows import columns_of, find_by, insert_nouns, maker_of, row_of, select_as
from coop.kit.tx import Tx
from coop.values import Period

NO_PERIOD = date(1, 1, 1)
"""Day by which a run without a period stands in order."""


@dataclass(frozen=True)
class BillRun:
    """A run that was held by its brakes, or issued. ``period`` is None for corrections alone."""

    id: str
    kind: str
    period: Period | None
    issued_on: date
    status: str
    brakes: tuple[Brake, ...]
    run_by: str
    run_at: datetime
    released_at: datetime | None = None
    released_by: str | None = None


@dataclass(frozen=True)
class RunTotals:
    """A run with how many bills it issued, and what they come to."""

    run: BillRun
    bill_count: int
    total_cents: int


@dataclass(frozen=True)
class PeriodDone:
    """A revision of a period that a run has dealt with, and the hash of the terms under which it did."""

    period: Period
    closed_revision: int
    terms_hash: str


@dataclass(frozen=True)
class Proposal:
    """A run that was drafted and waits for the treasurer: what it would come to. ``name`` is a period, or
    ``corrections``."""

    name: str
    period: Period | None
    bill_count: int
    total_cents: int
    credit_cents: int
    brakes: tuple[Brake, ...]
    drafted_at: datetime


def find_run(tx: Tx, run_id: str) -> BillRun | None:
    """One run, or None."""
    return find_by(tx, BillRun, bill_run, id=run_id)


def newest_corrections(tx: Tx, issued_on: date) -> BillRun | None:
    """The corrections run that was issued last on a day, or None."""
    newest = (
        select(bill.c.run_id)
        .join(bill_run, (bill_run.c.community == bill.c.community) & (bill_run.c.id == bill.c.run_id))
        .where(bill.c.community == tx.community, bill_run.c.kind == "corrections", bill_run.c.issued_on == issued_on)
        .order_by(bill.c.ordinal.desc())
        .limit(1)
    )
    run_id = tx.scalar(newest)
    return find_run(tx, run_id) if run_id else None


def list_runs(tx: Tx, window: Window | None = None, *, kind: str | None = None) -> list[RunTotals]:
    """Runs (of a kind) with how many bills and how much money, newest period first; with ``window`` that part of them,
    and one more."""
    columns = bill_run.c
    where = () if kind is None else (columns.kind == kind,)
    query: Select[Any] = select(*columns_of(BillRun, bill_run)).where(columns.community == tx.community, *where)
    since = func.coalesce(columns.period_start, NO_PERIOD, type_=columns.period_start.type)
    query = cut_query(query, window, columns.issued_on, since, columns.id, newest_first=True)
    found = list(map(maker_of(BillRun), tx.execute(query)))
    totals = (
        select(bill.c.run_id, func.count(), func.sum(bill.c.total_cents))
        .where(bill.c.community == tx.community, among(tx, bill.c.run_id, [run.id for run in found]))
        .group_by(bill.c.run_id)
    )
    by_run = {run_id: (count, int(cents)) for run_id, count, cents in tx.execute(totals)}
    return [RunTotals(run, *by_run.get(run.id, (0, 0))) for run in found]


def run_key(total: RunTotals) -> Key:
    """Place of a run in the list of all, which has the newest first."""
    run = total.run
    return run.issued_on, run.period.start if run.period else NO_PERIOD, run.id


def save_run(tx: Tx, run: BillRun) -> None:
    """Write a run, or bring the held one of that id up to date."""
    values = row_of(tx, run)
    mine = bill_run.c.community == tx.community, bill_run.c.id == run.id
    if not tx.execute(update(bill_run).where(*mine).values(**values)).rowcount:
        tx.execute(insert(bill_run).values(**values))


def forget_held_corrections(tx: Tx, except_id: str) -> None:
    """Drop corrections that are held: a run that was issued since has brought every period up to date."""
    tx.execute(
        delete(bill_run).where(
            bill_run.c.community == tx.community,
            bill_run.c.kind == "corrections",
            bill_run.c.status == "held",
            bill_run.c.id != except_id,
        )
    )


def save_periods(tx: Tx, run_id: str, done: Sequence[PeriodDone]) -> None:
    """Remember which revision of which period, under which terms, a run has dealt with."""
    last = tx.scalar(select(func.max(run_period.c.ordinal)).where(run_period.c.community == tx.community)) or 0
    insert_nouns(tx, run_period, done, run_id=run_id, ordinal=last + 1)


def periods_done(tx: Tx) -> dict[Period, PeriodDone]:
    """The revision and the terms under which each billed period was dealt with last."""
    return {done.period: done for done in select_as(tx, PeriodDone, run_period, order_by=[run_period.c.ordinal])}


def list_proposals(tx: Tx) -> list[Proposal]:
    """The runs that wait for the treasurer, in order of days; corrections come last."""
    order = (run_proposal.c.period_start.is_(None), run_proposal.c.period_start)
    return select_as(tx, Proposal, run_proposal, order_by=order)


def save_proposal(tx: Tx, proposal: Proposal) -> None:
    """Keep a run that was drafted, in the place of an older draft of it."""
    forget_proposals(tx, [proposal.name])
    insert_nouns(tx, run_proposal, [proposal])


def forget_proposals(tx: Tx, names: Sequence[str]) -> None:
    """Drop drafts that nobody has to look at any more."""
    tx.execute(delete(run_proposal).where(run_proposal.c.community == tx.community, run_proposal.c.name.in_(names)))
