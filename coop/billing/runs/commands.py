"""Bill runs: preview, issue, release, correct.

Invariants: a run issues all of its bills or none, in one transaction, numbered without a gap in order of contract. Runs
of a co-operative are issued one after the other, under one lock, for each leaves the guarantee years as the next finds
them. The id of a run follows from what is asked, so the same run again answers the same and changes nothing. A period
is billed once; what changes afterwards (a revision by metering, an end of contract, a tariff that came to bind) reopens
it, and the next run brings every reopened period up to date with correction bills.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.runs import store as runs
from coop.billing.runs.drafting import DraftedRun, bad_date, draft
from coop.billing.runs.issuing import CORRECTIONS, issue
from coop.billing.runs.progress import Watch, nobody
from coop.billing.runs.results import RunResult, as_drafted, as_issued, bill_id_of
from coop.billing.runs.store import BillRun
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, Period, civil_date, derive_id, say

LOCK = "bills"
"""Held by whoever issues, from before the first look at what is there to the end of the transaction."""


def preview_named(tx: Tx, name: str) -> RunResult:
    """See what a page calls by a month or a year, by ``corrections``, or by the id of a run."""
    if is_period(name):
        return preview_period(tx, Period.parse(name))
    return preview_corrections(tx, tx.today) if name == CORRECTIONS else preview_run(tx, name)


def is_period(name: str) -> bool:
    """True for a month such as 2025-01, or a year; anything else names a run."""
    return re.fullmatch(r"\d{4}(-\d\d)?", name) is not None


def list_names(tx: Tx, name: str) -> tuple[str, ...]:
    """Every name of what a page calls ``name``: a run has one of its own, and that of its period."""
    if is_period(name):
        return name, _id_of_period(tx, Period.parse(name))
    run = None if name == CORRECTIONS else runs.find_run(tx, name)
    return (name, str(run.period)) if run and run.period else (name,)


def run_bills(tx: Tx, period: Period | None, day: date | None, *, may_date: bool, dry_run: bool = False) -> RunResult:
    """Bill a period, or make corrections alone, as somebody asks at a door; ``dry_run`` only looks.

    Bills have the day on which they are made. Only who enters those of before (``may_date``) says another ``day``.

    Raises:
        BadInput: somebody else asks for another day; or as ``issue_bills``.
        CoopError: as ``preview_bills``.
    """
    issued_on = judge_day(tx, day, may_date=may_date)
    if period is None:
        return (preview_corrections if dry_run else correct_bills)(tx, issued_on)
    return (preview_bills if dry_run else issue_bills)(tx, period, issued_on)


def preview_bills(tx: Tx, period: Period, issued_on: date) -> RunResult:
    """See what a run of a period would issue on a day, or what it did.

    Raises:
        BadInput: no bill can have this date.
        CoopError: ``period-incomplete`` (says what is missing), ``no-tariff`` or ``figure-missing``.
    """
    run_id = _id_of_period(tx, period)
    run = runs.find_run(tx, run_id)
    if run is not None and run.status == "issued":
        return _as_issued(tx, run)
    return as_drafted(tx, run_id, _draft_in_order(tx, period, issued_on), "preview")


def preview_corrections(tx: Tx, issued_on: date) -> RunResult:
    """See what corrections would be issued on a day.

    Raises:
        BadInput, CoopError: as ``preview_bills``.
    """
    drafted = _draft_in_order(tx, None, issued_on)
    return as_drafted(tx, _id_of_corrections(tx, drafted), drafted, "preview")


def preview_run(tx: Tx, run_id: str) -> RunResult:
    """See what a held run would issue now, or what an issued one did.

    Raises:
        NotFound: there is no such run.
        BadInput, CoopError: as ``preview_bills``.
    """
    run = _get_run(tx, run_id)
    if run.status == "issued":
        return _as_issued(tx, run)
    return as_drafted(tx, run.id, draft(tx, run.period, _choose_day_of_release(tx, run)), "held", run)


def preview_period(tx: Tx, period: Period) -> RunResult:
    """See how a period stands: its run as it was issued or held, or what a run would issue today.

    Raises:
        BadInput, CoopError: as ``preview_bills``.
    """
    run = runs.find_run(tx, _id_of_period(tx, period))
    return preview_run(tx, run.id) if run else preview_bills(tx, period, tx.today)


def issue_bills(tx: Tx, period: Period, issued_on: date, watch: Watch = nobody) -> RunResult:
    """Bill a period, and correct earlier ones that were reopened; brakes hold the whole run.

    Raises:
        BadInput, CoopError: as ``preview_bills``.
    """
    tx.lock(LOCK)
    run_id = _id_of_period(tx, period)
    run = runs.find_run(tx, run_id)
    if run is not None and run.status == "issued":
        return _as_issued(tx, run)
    return _hold_or_issue(tx, run_id, _draft_in_order(tx, period, issued_on, watch), watch)


def correct_bills(tx: Tx, issued_on: date, watch: Watch = nobody) -> RunResult:
    """Correct every reopened period without billing a new one. When there is nothing to correct, the answer is the last
    corrections run of that day, or an empty one.

    Raises:
        BadInput, CoopError: as ``preview_bills``.
    """
    tx.lock(LOCK)
    drafted = _draft_in_order(tx, None, issued_on, watch)
    if drafted.drafts:
        return _hold_or_issue(tx, _id_of_corrections(tx, drafted), drafted, watch)
    accounts.add_entries(tx, (), drafted.moves)
    newest = runs.newest_corrections(tx, issued_on)
    if newest is not None:
        return _as_issued(tx, newest)
    return as_drafted(tx, _id_of_corrections(tx, drafted), drafted, "issued")


def release_run(tx: Tx, run_id: str, watch: Watch = nobody) -> RunResult:
    """Issue a held run although its brakes caught: a second person has looked. A brake that was not there when the run
    was held holds it again. The bills have the day of the release, for from it on the member has time to pay.

    Raises:
        NotFound: there is no such run.
        CoopError: ``second-person``, whoever ran it cannot release it.
        BadInput, CoopError: as ``preview_bills``.
    """
    tx.lock(LOCK)
    run = _get_run(tx, run_id)
    if run.status == "issued":
        return _as_issued(tx, run)
    if is_same_person(tx, run.run_by):
        raise CoopError("second-person", say("you ran these bills yourself: somebody else looks and releases them"))
    drafted = draft(tx, run.period, _choose_day_of_release(tx, run), watch=watch)
    run = replace(run, issued_on=drafted.issued_on)
    if any(brake not in run.brakes for brake in drafted.brakes):
        return _hold(tx, replace(run, brakes=drafted.brakes), drafted)
    released = replace(run, status="issued", brakes=drafted.brakes, released_at=tx.now, released_by=tx.actor.id)
    return _issue(tx, released, drafted, watch)


def _hold_or_issue(tx: Tx, run_id: str, drafted: DraftedRun, watch: Watch) -> RunResult:
    """Hold a run whose brakes caught, else issue it."""
    status = "held" if drafted.brakes else "issued"
    run = BillRun(run_id, drafted.kind, drafted.period, drafted.issued_on, status, drafted.brakes, tx.actor.id, tx.now)
    return _hold(tx, run, drafted) if drafted.brakes else _issue(tx, run, drafted, watch)


def judge_day(tx: Tx, asked: date | None, *, may_date: bool) -> date:
    """The day of bills that somebody asks for: today, or another where they may say it.

    Raises:
        BadInput: somebody else asks for another day.
    """
    if asked is None or asked == tx.today:
        return tx.today
    if not may_date:
        raise bad_date(say("bills have the day on which they are made, %(today)s", today=tx.today))
    return asked


def _draft_in_order(tx: Tx, period: Period | None, issued_on: date, watch: Watch = nobody) -> DraftedRun:
    """Draft a run; nothing new is dated before the newest bill."""
    drafted = draft(tx, period, issued_on, watch=watch)
    newest = bills.find_newest_day(tx)
    if drafted.drafts and newest is not None and issued_on < newest:
        raise bad_date(say("%(day)s is before the newest bill, of %(newest)s", day=issued_on, newest=newest))
    return drafted


def _choose_day_of_release(tx: Tx, run: BillRun) -> date:
    """Today; a run that was dated otherwise than it was made keeps its day, and comes after the newest bill."""
    if run.issued_on == civil_date(run.run_at):
        return tx.today
    return max(run.issued_on, bills.find_newest_day(tx) or run.issued_on)


def _hold(tx: Tx, run: BillRun, drafted: DraftedRun) -> RunResult:
    runs.save_run(tx, run)
    runs.forget_proposals(tx, [str(run.period or CORRECTIONS)])
    return as_drafted(tx, run.id, drafted, "held", run)


def _issue(tx: Tx, run: BillRun, drafted: DraftedRun, watch: Watch) -> RunResult:
    return as_issued(run, issue(tx, run, drafted, watch))


def _as_issued(tx: Tx, run: BillRun) -> RunResult:
    return as_issued(run, bills.list_heads(tx, run_id=run.id))


def _get_run(tx: Tx, run_id: str) -> BillRun:
    run = runs.find_run(tx, run_id)
    if run is None:
        raise NotFound(say("there is no bill run %(run_id)s", run_id=run_id))
    return run


def _id_of_period(tx: Tx, period: Period) -> str:
    return derive_id("bill-run", tx.community, str(period))


def _id_of_corrections(tx: Tx, drafted: DraftedRun) -> str:
    """Identity of a run of corrections: another revision on the same day is another run."""
    terms = [f"{covered.period} {covered.revision} {covered.terms.sha256}" for covered in drafted.covers]
    made = [bill_id_of(tx, draft) for draft in drafted.drafts]
    return derive_id("bill-run", tx.community, CORRECTIONS, drafted.issued_on, *terms, *made)
