"""Jobs at set times: APScheduler fires them, the database decides who runs them.

Every process of a service may schedule the same job. Before it runs, a process claims the job's time for a community in
``job_run``; only one claim succeeds, so two schedulers fire once. A claim without an outcome is taken over after
``CLAIM_LASTS``, so a job that was killed runs again: its work may be repeated. Times are UTC: a local-time cron fires
twice on the autumn night.
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
from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tables import job_run, job_switch
from coop.kit.tx import Tx
from coop.values import CoopError

log = logging.getLogger(__name__)

CLAIM_LASTS = timedelta(hours=1)
OUTCOME_MAX = 500


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
        """The next time at which it is due."""
        due_at: datetime | None = CronTrigger.from_crontab(self.cron, timezone=UTC).get_next_fire_time(None, instant)
        return due_at


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


def run_due(job: Job, database: Database, community: str, due_at: datetime) -> bool:
    """Run a job for the minute in which it is due, unless it is switched off or claimed; True when it ran here."""
    work = Work(database, community, due_at.replace(second=0, microsecond=0), job.name)
    if not _claim(work, job):
        return False
    try:
        outcome, succeeded = job.work(work), True
    except CoopError as refusal:
        outcome, succeeded = f"{refusal.code}: {refusal.message}", False
    except Exception as error:
        # A bug in one job must not end the scheduler's thread; it shows on the page and in health.
        log.exception("job %s failed", job.name)
        outcome, succeeded = f"{type(error).__name__}: {error}", False
    with work.write() as tx:
        tx.execute(
            update(job_run)
            .where(*_row_of(work))
            .values(finished_at=tx.now, succeeded=succeeded, outcome=outcome[:OUTCOME_MAX])
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
def scheduler(jobs: Sequence[tuple[Job, Database]], communities: Callable[[], Sequence[str]]) -> Iterator[None]:
    """Fire ``jobs`` at their times, for every community, for as long as the block lasts."""
    if not jobs:
        yield
        return
    background = BackgroundScheduler(timezone="UTC")
    for job, database in jobs:
        background.add_job(
            _fire,
            CronTrigger.from_crontab(job.cron, timezone="UTC"),
            args=[job, database, communities],
            misfire_grace_time=3600,
            coalesce=True,
        )
    background.start()
    try:
        yield
    finally:
        background.shutdown(wait=False)


def _fire(job: Job, database: Database, communities: Callable[[], Sequence[str]]) -> None:
    for community in communities():
        run_due(job, database, community, database.clock.now())


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


def list_failed(tx: Tx, job_names: Sequence[str]) -> Sequence[str]:
    """Jobs whose newest finished run did not succeed."""
    columns = job_run.c
    failed = []
    for name in job_names:
        newest = (
            select(columns.succeeded)
            .where(columns.community == tx.community, columns.job == name, columns.finished_at.is_not(None))
            .order_by(columns.due_at.desc())
            .limit(1)
        )
        if tx.scalar(newest) is False:
            failed.append(name)
    return failed
