"""Making bills as work that takes a while: asked for, watched, and taken up again where its process was killed.

Invariant: who asks is on file before the work begins, and the row goes in the transaction that issues or holds the run.
Killed anywhere, the run is whole or is not there, and then the row says so; a job makes it again in the name of who
asked. Whoever asks twice gets the same run.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, update

from coop.billing.runs import commands
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.runs.progress import Meter, Progress, find_noted
from coop.billing.runs.results import RunResult
from coop.billing.tables.bills import run_work
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx
from coop.values import CoopError, Period, Said, civil_date, say

log = logging.getLogger(__name__)

ERROR_MAX = 300


@dataclass(frozen=True)
class Work:
    """A run that somebody asked for: ``name`` is a period, ``corrections``, or the id of a held run to be released.
    ``refusal`` says why it ended without a run."""

    name: str
    asked: str
    issued_on: date | None
    actor_kind: str
    actor_id: str
    channel: str
    asked_at: datetime
    stage: str | None = None
    done: int | None = None
    total: int | None = None
    begun_at: datetime | None = None
    noted_at: datetime | None = None
    refusal: str | None = None

    @property
    def actor(self) -> Actor:
        """Whoever asked for it."""
        return Actor(self.actor_kind, self.actor_id, self.channel)

    @property
    def progress(self) -> Progress | None:
        """The last note; None where nothing was yet."""
        if not (self.stage and self.begun_at and self.noted_at):
            return None
        return Progress(self.stage, self.done or 0, self.total or 0, self.begun_at, self.noted_at)


@dataclass(frozen=True)
class Standing:
    """State of a work: ``running`` (with its progress), ``stopped`` by a kill, or ``refused``."""

    work: Work
    status: str
    progress: Progress | None


def begin(tx: Tx, name: str, asked: str, issued_on: date | None = None) -> Work:
    """Put on file that somebody asks for a run, or again for one that stopped or was refused. Of two who ask at once
    the second waits until the first is on file, and asks again for the same."""
    tx.lock(f"ask for run {name}")
    actor = tx.actor
    work = Work(name, asked, issued_on, actor.kind, actor.id, actor.channel, tx.now)
    forget(tx, name)
    insert_nouns(tx, run_work, [work])
    return work


def forget(tx: Tx, name: str) -> None:
    """Take a work off file: its run is there, or somebody asks for it anew."""
    tx.execute(delete(run_work).where(*_row_of(tx, name)))


def list_standing(database: Database, tx: Tx) -> list[Standing]:
    """Every work that is on file with its state, in order of their names."""
    return [_standing(database, tx, work) for work in select_as(tx, Work, run_work, order_by=[run_work.c.name])]


def find_standing(database: Database, tx: Tx, *names: str) -> Standing | None:
    """The work that is called by one of these names with its state, or None."""
    return next((found for found in list_standing(database, tx) if found.work.name in names), None)


def carry_out(database: Database, community: str, work: Work) -> RunResult:
    """Make the run, in the name of who asked for it.

    Raises:
        BadInput, CoopError: as the command; the refusal is on file then.
    """
    try:
        with Meter(database, community, work.name) as watch, database.write(community, work.actor) as tx:
            tx.lock(_lock_of(work.name))
            result = _make(tx, work, watch)
            forget(tx, work.name)
        return result
    except CoopError as refusal:
        _refuse(database, community, work, refusal.message)
        raise
    except Exception as error:  # a bug: it stands on the page of the run, also where nobody waits for the answer
        log.exception("the run %s failed", work.name)
        words = f"{type(error).__name__}: {error}"[:ERROR_MAX]
        _refuse(database, community, work, say("the program failed on it: %(error)s", error=words))
        raise


def resume(database: Database, community: str) -> tuple[int, int]:
    """Make every run anew whose process was killed; returns how many were made and how many refused.

    Bills have the day on which somebody asked for them to be made: of one that was asked for on another day, nobody
    knows whether it is still wanted.
    """
    with database.read(community) as tx:
        stopped = [found.work for found in list_standing(database, tx) if found.status == "stopped"]
        today = tx.today
    made = 0
    for work in stopped:
        if civil_date(work.asked_at) != today:
            reason = say("it was stopped on %(day)s and nobody asked for it again", day=civil_date(work.asked_at))
            _refuse(database, community, work, reason)
            continue
        try:
            carry_out(database, community, work)
            made += 1
        except CoopError as refusal:
            log.info("the run %s that was stopped is refused: %s", work.name, refusal.message)
    return made, len(stopped) - made


def _make(tx: Tx, work: Work, watch: Meter) -> RunResult:
    if work.asked == "release":
        return commands.release_run(tx, work.name, watch)
    issued_on = work.issued_on or tx.today
    if work.name == CORRECTIONS:
        return commands.correct_bills(tx, issued_on, watch)
    return commands.issue_bills(tx, Period.parse(work.name), issued_on, watch)


def _standing(database: Database, tx: Tx, work: Work) -> Standing:
    if work.refusal is not None:
        return Standing(work, "refused", None)
    here, noted = find_noted(database, tx.community, work.name)
    # Elsewhere it runs where its lock is held; with SQLite there is no elsewhere.
    running = here or tx.is_locked(_lock_of(work.name))
    return Standing(work, "running" if running else "stopped", noted or work.progress)


def _refuse(database: Database, community: str, work: Work, reason: Said | str) -> None:
    with database.write(community, work.actor) as tx:
        tx.execute(update(run_work).where(*_row_of(tx, work.name)).values(refusal=reason))


def _lock_of(name: str) -> str:
    return f"run {name}"


def _row_of(tx: Tx, name: str) -> tuple[ColumnElement[bool], ...]:
    return run_work.c.community == tx.community, run_work.c.name == name
