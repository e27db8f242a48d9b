"""Asking for a run at a door: made beside the request, so that its page can be looked at while it is made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date
from typing import Final

from fastapi import Request

from coop.billing.runs import commands, works
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.runs.results import RunResult
from coop.kit.database import Database
from coop.kit.http import reading, session_of, writing
from coop.values import CoopError, Period

PATIENCE_S: Final = 4.0
"""Seconds for which a page waits for a run before it shows the progress instead."""

_pool = ThreadPoolExecutor(4, thread_name_prefix="bill-run")


def ask_run(
    request: Request, name: str, issued_on: date | None, *, may_date: bool, patience_s: float | None = None
) -> RunResult | None:
    """Bill a period, or make corrections alone; None where that takes longer than ``patience_s``.

    Raises:
        BadInput, CoopError: as ``commands.run_bills``.
    """
    if request.state.tx is not None:  # its answer is kept in the same transaction
        with writing(request) as tx:
            period = None if name == CORRECTIONS else Period.parse(name)
            return commands.run_bills(tx, period, issued_on, may_date=may_date)
    with reading(request) as tx:
        day = commands.judge_day(tx, issued_on, may_date=may_date)
        dated = None if day == tx.today else day
    return _perform(request, name, "run", dated, patience_s)


def ask_release(request: Request, run_id: str, patience_s: float | None = None) -> RunResult | None:
    """Issue a held run although its brakes caught; None where that takes longer than ``patience_s``.

    Raises:
        NotFound, CoopError: as ``commands.release_run``.
    """
    if request.state.tx is not None:
        with writing(request) as tx:
            return commands.release_run(tx, run_id)
    return _perform(request, run_id, "release", None, patience_s)


def _perform(
    request: Request, name: str, asked: str, issued_on: date | None, patience_s: float | None
) -> RunResult | None:
    """Make the run in a thread of its own; whoever still waits hears a refusal, and then it is not kept."""
    database: Database = request.state.database
    community = session_of(request).community
    with reading(request) as tx:
        standing = works.find_standing(database, tx, name)
    if standing and standing.status == "running" and patience_s is not None:
        return None
    with writing(request) as tx:
        work = works.begin(tx, name, asked, issued_on)
    made = _pool.submit(works.carry_out, database, community, work)
    wait([made], patience_s)
    if not made.done():
        return None
    try:
        return made.result()
    except CoopError:
        with writing(request) as tx:
            works.forget(tx, name)
        raise
