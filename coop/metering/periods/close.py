"""Closing a period: its results are computed, written down with what they rest on, and told. Correcting it the same
way.

Invariant: what was told stays. A correction makes the next revision, which tells only the measurements and allocations
that came out differently; ``PeriodClosed`` counts what *its* revision told, so whoever heard that many facts of a
revision has heard them all. Closing twice, or correcting when nothing changed, changes nothing and answers the same.
Nothing is read before the lock on readings is held: a reading that comes in meanwhile waits, and marks the period late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from coop.kit import documents
from coop.kit.tx import Tx
from coop.metering.periods import acceptance, grounds
from coop.metering.periods import store as periods
from coop.metering.periods.changes import Changes, Decided, LateReading, Told, ToldRun, diff
from coop.metering.periods.facts import energy_allocated, period_closed, period_measured
from coop.metering.periods.open_ends import OpenEnd
from coop.metering.periods.results import Results, compute_period
from coop.metering.periods.standing import keep_runs, keep_standing, load_before
from coop.metering.periods.store import Closed, Measurement
from coop.metering.register import store as register
from coop.metering.register.locking import lock
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


def close_period(tx: Tx, period: Period, *, accept: Collection[str] = (), reason: str = "") -> Closed:
    """Close a period and tell what it came to; ``accept`` names the meters, connections and groups whose estimates are
    accepted, with the reason.

    Raises:
        PeriodIncomplete: readings are missing and nobody accepted to go on without them, or a break is undecided.
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
    _ask(tx, period, results, accept, reason)
    before = Told(tx.community, period)
    changes = diff(before, results)
    _keep(tx, period, results, changes)
    return _write_and_tell(tx, before, results, changes, None)


def correct_period(tx: Tx, period: Period, *, accept: Collection[str] = (), reason: str = "") -> Closed:
    """Compute a closed period again and tell what came out differently, as its next revision. Where nothing does, late
    values that marked it changed nothing, and their marks go. It asks what closing asks, and accepts in the same way.

    Raises:
        PeriodIncomplete: as ``close_period``.
        CoopError: the period was not closed.
    """
    lock(tx)
    revisions = periods.list_revisions(tx, period)
    if not revisions:
        raise CoopError("period-not-closed", say("%(period)s was not closed", period=period))
    newest = revisions[-1]
    measurements = {one.subject: one for one in periods.list_measurements(tx, period)}.values()
    results = compute_period(tx, period, before=load_before(tx, period, measurements))
    _ask(tx, period, results, accept, reason)
    others = grounds.compare(grounds.load(tx, period), results.grounds)
    before = load_told(tx, newest, measurements, grounds.say_cause(others))
    changes = diff(before, results)
    _keep(tx, period, results, changes)
    if changes.is_nothing:
        periods.clear_late(tx, newest)
        return newest
    return _write_and_tell(tx, before, results, changes, newest)


def _ask(tx: Tx, period: Period, results: Results, accept: Collection[str], reason: str) -> None:
    """Refuse to go on while something blocks, or is missing and not accepted."""
    acceptance.accept(tx, period, results.lacking, accept, reason)
    lacking = acceptance.find_open(results.lacking, acceptance.list_acceptances(tx, period))
    if results.blocking or lacking:
        raise PeriodIncomplete(period, (*(one.said for one in results.blocking), *lacking))


def _keep(tx: Tx, period: Period, results: Results, changes: Changes) -> None:
    """Keep what a period was computed with, and what of it stands until something is said of it. A run that came out
    otherwise in what nobody is told, as how much a roof made, is written only once something is: it does not stand."""
    untold = {(told.run.group_id, told.run.period) for told in changes.runs} if changes.is_nothing else set()
    grounds.keep(tx, period, results.grounds)
    keep_standing(tx, period, results.kept)
    keep_runs(tx, period, {which: one for which, one in results.kept_runs.items() if which not in untold})


def load_told(tx: Tx, newest: Closed, measurements: Iterable[Measurement], otherwise: str) -> Told:
    """Load what was told of a period up to its newest revision, ``measurements`` of which are loaded."""
    runs = {(run.group_id, run.period): run for run in periods.list_runs(tx, newest.period)}
    return Told(
        tx.community,
        newest.period,
        newest.revision,
        tuple(measurements),
        tuple(
            ToldRun(run, tuple(periods.list_allocations(tx, run.id)), tuple(periods.list_givings(tx, run.id)))
            for run in runs.values()
        ),
        newest.heat_system,
        _name_late(tx, newest),
        tuple(Decided(one.subject, one.cause) for one in periods.list_decisions(tx, newest)),
        otherwise,
    )


def _name_late(tx: Tx, newest: Closed) -> dict[str, LateReading]:
    """By register, which reading came late since a revision: of which meter, and on which day of the period."""
    late_values = periods.list_late(tx, newest)
    serials = register.serials_of(tx, {late.register_id for late in late_values})
    first, last = newest.period.start, newest.period.end - timedelta(days=1)
    return {
        late.register_id: LateReading(serials[late.register_id], min(max(late.civil_day, first), last))
        for late in reversed(late_values)
    }


def _write_and_tell(tx: Tx, before: Told, results: Results, changes: Changes, newest: Closed | None) -> Closed:
    documents.keep_all(tx, changes.documents)
    periods.add_measurements(tx, changes.measurements)
    for told in changes.runs:
        periods.add_run(tx, told.run, told.shares, told.givings)
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
    )
    periods.add_closed(tx, closed, _open_ends(results, closed))
    tx.tell(
        *(period_measured(one) for one in changes.measurements),
        *(energy_allocated(run, share) for run, share in allocations),
        *([changes.heat_system] if changes.heat_system else []),
        period_closed(closed),
    )
    return closed


def _open_ends(results: Results, closed: Closed) -> set[OpenEnd]:
    uses = [use for one in results.measured for use in one.uses]
    ends = {
        (use.span.register_id, after_s, before_s, by_device)
        for use in uses
        for by_device, stretches in ((False, use.open_s + use.watched_s), (True, use.unheard_s))
        for after_s, before_s in stretches
        if after_s < before_s
    }
    ends |= {(*end, False) for whose in results.standing for end in results.kept[whose].ends}
    return {
        OpenEnd(register_id, before_s, closed.period.start, closed.revision, after_s, by_device)
        for register_id, after_s, before_s, by_device in ends
        # What any reading would change, one of the device would as well.
        if not (by_device and (register_id, after_s, before_s, False) in ends)
    }
