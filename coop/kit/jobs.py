"""Jobs at set times: APScheduler fires them, the database decides who runs them.

Every process of a service may schedule the same job. Before it runs, a process claims the job's time in ``job_run``;
only one claim succeeds, so two schedulers fire once. Times are UTC: a local-time cron fires twice on the autumn night.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from coop.kit import clock
from coop.kit.database import Database
from coop.kit.journal import verify_chain
from coop.kit.tables import job_run
from coop.values import CoopError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Work at set times: ``cron`` in UTC as five fields; ``work`` returns a sentence on what it did."""

    name: str
    cron: str
    database: Database
    work: Callable[[datetime], str]


def run_due(job: Job, due_at: datetime) -> bool:
    """Run a job for the minute in which it is due, unless another process has claimed it; True when it ran here."""
    due_at = due_at.replace(second=0, microsecond=0)
    try:
        with job.database.write() as connection:
            connection.execute(insert(job_run).values(job=job.name, due_at=due_at))
    except IntegrityError:
        return False
    try:
        outcome = job.work(due_at)
    except CoopError as refusal:
        outcome = f"{refusal.code}: {refusal.message}"
    with job.database.write() as connection:
        connection.execute(
            job_run.update()
            .where(job_run.c.job == job.name, job_run.c.due_at == due_at)
            .values(finished_at=clock.now(), outcome=outcome[:500])
        )
    log.info("job %s: %s", job.name, outcome)
    return True


@contextmanager
def scheduler(jobs: Sequence[Job]) -> Iterator[None]:
    """Fire ``jobs`` at their times for as long as the block lasts."""
    if not jobs:
        yield
        return
    background = BackgroundScheduler(timezone="UTC")
    for job in jobs:
        background.add_job(
            _fire,
            CronTrigger.from_crontab(job.cron, timezone="UTC"),
            args=[job],
            misfire_grace_time=3600,
            coalesce=True,
        )
    background.start()
    try:
        yield
    finally:
        background.shutdown(wait=False)


def chain_check(database: Database) -> Job:
    """The nightly walk over a service's chain; a break is told loudly in the log and the job's outcome."""

    def work(_due_at: datetime) -> str:
        with database.read() as connection:
            whole, broken = verify_chain(connection)
        if broken:
            log.critical("journal of %s: position %d %s", database.service, broken.position, broken.reason)
            return f"BROKEN at {broken.position}: {broken.reason}"
        return f"{whole} facts, chain whole"

    return Job(f"{database.service}-chain-check", "17 3 * * *", database, work)


def last_runs(database: Database, limit: int = 20) -> Sequence[tuple[str, datetime, str | None]]:
    """The newest runs: job, when due, outcome."""
    with database.read() as connection:
        rows = connection.execute(select(job_run).order_by(job_run.c.due_at.desc()).limit(limit))
        return [(row.job, row.due_at, row.outcome) for row in rows]


def _fire(job: Job) -> None:
    run_due(job, clock.now())
