"""Jobs at set times: APScheduler ticks, the database decides who runs what.

At every tick each process looks for the last time at which a job was due, and claims that time for a community in
``job_run``; only one claim succeeds, so many processes run it once, and a process that was down at the set time runs it
when it is back. A claim without an outcome is taken over after ``CLAIM_LASTS``, so a job that was killed runs again:
its work may be repeated. Times are UTC: a local-time cron fires twice on the autumn night.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tables import job_run, job_switch
from coop.kit.tx import Tx
from coop.values import CoopError, say

log = logging.getLogger(__name__)

CLAIM_LASTS = timedelta(hours=1)
TICK_S = 20
ERROR_MAX = 1000


@dataclass(frozen=True)
class Work:
    """A job in hand: the database and the community that it works for, and the time for which it is due."""

    database: Database
    community: str
    due_at: datetime
    job: str

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction of the community in which the job acts."""
        with self.database.write(self.community, Actor("job", self.job, "job")) as tx:
            yield tx


@dataclass(frozen=True)
class Job:
    """Work at set times: ``cron`` in UTC as five fields; ``work`` says in a sentence what it did and may be repeated.

    ``label`` is its name for people. ``enabled`` is how it is before somebody switches it for a community.
    """

    name: str
    label: str
    cron: str
    work: Callable[[Work], str]
    enabled: bool = True

    def next_after(self, instant: datetime) -> datetime | None:
        """The next time at which it is due.

        >>> Job("close", "", "15 4 1 * *", lambda work: "").next_after(datetime(2025, 1, 20, tzinfo=UTC))
        datetime.datetime(2025, 2, 1, 4, 15, tzinfo=datetime.timezone.utc)
        """
        due_at: datetime | None = CronTrigger.from_crontab(self.cron, timezone=UTC).get_next_fire_time(
            None, instant + timedelta(microseconds=1)
        )
        return due_at

    def last_before(self, instant: datetime) -> datetime | None:
        """The last time, within a year, at which it was due.

        >>> Job("close", "", "15 4 1 * *", lambda work: "").last_before(datetime(2025, 1, 20, tzinfo=UTC))
        datetime.datetime(2025, 1, 1, 4, 15, tzinfo=datetime.timezone.utc)
        """
        for days in (0.05, 1, 8, 32, 367):
            last, due_at = None, self.next_after(instant - timedelta(days=days))
            while due_at is not None and due_at <= instant:
                last, due_at = due_at, self.next_after(due_at)
            if last is not None:
                return last
        return None


def is_enabled(tx: Tx, job: Job) -> bool:
    """True when a job runs for the transaction's community."""
    query = select(job_switch.c.enabled).where(job_switch.c.community == tx.community, job_switch.c.job == job.name)
    switched = tx.scalar(query)
    return job.enabled if switched is None else switched


def switch(tx: Tx, job: Job, *, enabled: bool) -> None:
    """Let a job run for the transaction's community, or not; says who decided it."""
    row = {"job": job.name, "enabled": enabled, "actor": str(tx.actor), "changed_at": tx.now}
    mine = job_switch.c.community == tx.community, job_switch.c.job == job.name
    if not tx.execute(update(job_switch).where(*mine).values(**row)).rowcount:
        tx.execute(insert(job_switch).values(community=tx.community, **row))


def run_due(job: Job, database: Database, community: str) -> bool:
    """Run a job for the last time at which it was due, unless it is switched off or that time is claimed.

    Returns True when it ran here.
    """
    due_at = job.last_before(database.clock.now())
    if due_at is None:
        return False
    work = Work(database, community, due_at, job.name)
    if not _claim(work, job):
        return False
    outcome: str
    try:
        outcome, succeeded = job.work(work), True
    except CoopError as refusal:
        outcome, succeeded = refusal.message, False
    except Exception as error:
        # A bug in one job must not end the scheduler's thread; it shows on the page and in health.
        log.exception("job %s failed", job.name)
        words = f"{type(error).__name__}: {error}"[:ERROR_MAX]
        outcome, succeeded = say("the program failed on it: %(error)s", error=words), False
    with work.write() as tx:
        tx.execute(
            update(job_run).where(*_row_of(work)).values(finished_at=tx.now, succeeded=succeeded, outcome=outcome)
        )
    log.info("job %s of %s: %s", job.name, community, outcome)
    return True


def _claim(work: Work, job: Job) -> bool:
    try:
        with work.write() as tx:
            if not is_enabled(tx, job):
                return False
            lapsed = update(job_run).where(
                *_row_of(work), job_run.c.finished_at.is_(None), job_run.c.claimed_at < tx.now - CLAIM_LASTS
            )
            taken = lapsed.values(claimed_at=tx.now, claimed_by=_process(), attempts=job_run.c.attempts + 1)
            if tx.execute(taken).rowcount:
                return True
            tx.execute(
                insert(job_run).values(
                    community=tx.community,
                    job=work.job,
                    due_at=work.due_at,
                    claimed_at=tx.now,
                    claimed_by=_process(),
                    attempts=1,
                )
            )
    except IntegrityError:
        return False
    return True


def _row_of(work: Work) -> tuple[ColumnElement[bool], ...]:
    return job_run.c.community == work.community, job_run.c.job == work.job, job_run.c.due_at == work.due_at


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


@contextmanager
def scheduler(run_all_due: Callable[[], None]) -> Iterator[None]:
    """Look for what is due, now and at every tick, for as long as the block lasts."""
    background = BackgroundScheduler(timezone="UTC")
    background.add_job(
        run_all_due, IntervalTrigger(seconds=TICK_S), next_run_time=datetime.now(UTC), coalesce=True, max_instances=1
    )
    background.start()
    try:
        yield
    finally:
        background.shutdown(wait=True)


@dataclass(frozen=True)
class Run:
    """One run of a job: when it was due, when it ended, and how."""

    job: str
    due_at: datetime
    finished_at: datetime | None
    succeeded: bool | None
    outcome: str | None


def list_runs(tx: Tx, limit: int = 20) -> Sequence[Run]:
    """The newest runs of the community's jobs."""
    columns = job_run.c
    query = (
        select(columns.job, columns.due_at, columns.finished_at, columns.succeeded, columns.outcome)
        .where(columns.community == tx.community)
        .order_by(columns.due_at.desc())
        .limit(limit)
    )
    return [Run(*row) for row in tx.execute(query)]


@dataclass(frozen=True)
class JobState:
    """A job as a page shows it: whether it runs, when it is due next, and how the last run ended."""

    job: Job
    enabled: bool
    next_at: datetime | None
    last: Run | None

    @property
    def failed(self) -> bool:
        """True when the last finished run did not succeed."""
        return self.last is not None and self.last.succeeded is False


def list_states(tx: Tx, jobs: Sequence[Job]) -> list[JobState]:
    """State of each job for the transaction's community."""
    return [JobState(job, is_enabled(tx, job), job.next_after(tx.now), _last_run(tx, job)) for job in jobs]


def _last_run(tx: Tx, job: Job) -> Run | None:
    columns = job_run.c
    query = (
        select(columns.job, columns.due_at, columns.finished_at, columns.succeeded, columns.outcome)
        .where(columns.community == tx.community, columns.job == job.name)
        .order_by(columns.due_at.desc())
        .limit(1)
    )
    row = tx.execute(query).first()
    return Run(*row) if row else None
