"""Closing a period: its results are computed, written down with what they rest on, and told. Correcting it the same
way.

Invariant: what was told stays. A correction makes the next revision, which tells only the measurements and allocations
that came out differently; ``PeriodClosed`` counts what *its* revision told, so whoever heard that many facts of a
revision has heard them all. Closing twice, or correcting when nothing changed, changes nothing and answers the same.
Nothing is read before the lock on readings is held: a reading that comes in meanwhile waits, and marks the period late.
"""

from __future__ import annotations

from collections.abc import Sequence

from coop.kit import documents
from coop.kit.tx import Tx
from coop.metering.heat.degree_days import civil_day
from coop.metering.locking import lock
from coop.metering.periods import store as periods
from coop.metering.periods.changes import Changes, Told, ToldRun, diff
from coop.metering.periods.facts import energy_allocated, period_closed, period_measured
from coop.metering.periods.results import Results, compute_period
from coop.metering.periods.store import Closed
from coop.metering.register import store as register
from coop.values import CoopError, Period, Said, join_said, say, say_count

LACKING_SAID_MAX = 20
"""Most things that are missing which one sentence names."""


class PeriodIncomplete(CoopError):
    """Readings are missing and nobody has yet accepted to go on with estimates, or a register broke and nobody has yet
    decided what happened. ``lacking`` names what is missing or undecided."""

    def __init__(self, period: Period, lacking: Sequence[Said]) -> None:
        shown = [*lacking[:LACKING_SAID_MAX]]
        if more := len(lacking[LACKING_SAID_MAX:]):
            shown.append(say_count("and %(num)s more", "and %(num)s more", more))
        super().__init__(
            "period-incomplete", say("%(period)s is not complete: %(lacking)s", period=period, lacking=join_said(shown))
        )
        self.lacking = tuple(lacking)


def close_period(tx: Tx, period: Period, *, accept_estimates: bool = False) -> Closed:
    """Close a period and tell what it came to.

    Raises:
        PeriodIncomplete: readings are missing and ``accept_estimates`` is False, or a break is undecided.
        CoopError: it overlaps a closed period, is not over, or two members hold one connection.
    """
    lock(tx)
    revisions = periods.list_revisions(tx, period)
    if revisions:
        return revisions[0]
    for other in periods.list_closed(tx):
        if other.period.overlap(period):
            raise CoopError(
                "period-overlaps",
                say("%(period)s overlaps %(other)s, which is closed", period=period, other=other.period),
            )
    if period.end_at > tx.now:
        raise CoopError("period-not-over", say("%(period)s is not over at %(now)s", period=period, now=tx.now))
    results = compute_period(tx, period)
    if results.blocking or (results.lacking and not accept_estimates):
        raise PeriodIncomplete(period, (*results.blocking, *results.lacking))
    before = Told(tx.community, period)
    return _write_and_tell(tx, before, results, diff(before, results), None)


def correct_period(tx: Tx, period: Period) -> Closed:
    """Compute a closed period again and tell what came out differently, as its next revision. Where nothing does, late
    values that marked it changed nothing, and their marks go.

    Raises:
        PeriodIncomplete: a break is undecided.
        CoopError: the period was not closed.
    """
    lock(tx)
    revisions = periods.list_revisions(tx, period)
    if not revisions:
        raise CoopError("period-not-closed", say("%(period)s was not closed", period=period))
    newest = revisions[-1]
    results = compute_period(tx, period)
    if results.blocking:
        raise PeriodIncomplete(period, results.blocking)
    before = _load_told(tx, newest)
    changes = diff(before, results)
    if changes.is_nothing:
        periods.clear_late(tx, newest)
        return newest
    return _write_and_tell(tx, before, results, changes, newest)


def _load_told(tx: Tx, newest: Closed) -> Told:
    """Load what was told of a period up to its newest revision."""
    measurements = {one.subject: one for one in periods.list_measurements(tx, newest.period)}
    runs = {(run.group_id, run.period): run for run in periods.list_runs(tx, newest.period)}
    return Told(
        tx.community,
        newest.period,
        newest.revision,
        tuple(measurements.values()),
        tuple(ToldRun(run, tuple(periods.list_allocations(tx, run.id))) for run in runs.values()),
        newest.heat_system,
        _name_causes(tx, newest),
        tuple(decision.cause for decision in periods.list_decisions(tx, newest)),
    )


def _name_causes(tx: Tx, newest: Closed) -> dict[str, str]:
    """By register, which reading came late since a revision: "late reading of meter X on 2025-03-31"."""
    serials = {one.id: one.serial for one in register.list_registers(tx)}
    return {
        late.register_id: f"late reading of meter {serials[late.register_id]} on {civil_day(late.day)}"
        for late in reversed(periods.list_late(tx, newest))
    }


def _write_and_tell(tx: Tx, before: Told, results: Results, changes: Changes, newest: Closed | None) -> Closed:
    documents.keep_all(tx, changes.documents)
    periods.add_measurements(tx, changes.measurements)
    for told in changes.runs:
        periods.add_run(tx, told.run, told.shares)
    allocations = changes.allocations
    closed = Closed(
        period=before.period,
        revision=before.revision + 1,
        closed_at=tx.now,
        measured_count=len(changes.measurements),
        allocated_count=len(allocations),
        run_id=changes.run_id or (newest.run_id if newest else ""),
        cause=changes.cause,
        heat_system=changes.heat_system or before.heat_system,
        open_ends=_open_ends(results),
    )
    periods.add_closed(tx, closed)
    tx.tell(
        *(period_measured(one) for one in changes.measurements),
        *(energy_allocated(run, share) for run, share in allocations),
        *([changes.heat_system] if changes.heat_system else []),
        period_closed(closed),
    )
    return closed


def _open_ends(results: Results) -> dict[str, tuple[tuple[int, int], ...]]:
    """By register, between which instants [s since 1970] a reading would change a bound that was estimated, or shed
    light on a break."""
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for one in results.measured:
        for use in one.uses:
            if opened_s := use.open_s + use.watched_s:
                found[use.span.register_id] = found.get(use.span.register_id, ()) + opened_s
    return found
