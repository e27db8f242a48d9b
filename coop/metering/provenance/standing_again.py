"""Results of closed periods beside the whole computation: nothing stands that counting it would give otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from coop.kit.documents import UNREADABLE
from coop.kit.tx import Tx
from coop.metering.periods import store as periods
from coop.metering.periods.changes import diff
from coop.metering.periods.close import load_told
from coop.metering.periods.results import Results, compute_period
from coop.metering.periods.standing import is_changed, load_before, load_runs
from coop.metering.periods.store import Closed
from coop.metering.provenance.with_period import verify_with_period
from coop.metering.readings.log import find_days_since
from coop.metering.readings.store import day_number
from coop.values import Period

_EPOCH = date(1970, 1, 1)


@dataclass
class StandingAgain:
    """Number of periods that were looked at, what is wrong, and what was found of results that were verified with
    them, by id."""

    periods: int = 0
    findings: list[str] = field(default_factory=list)
    verified: dict[str, tuple[str, ...]] = field(default_factory=dict)


def verify_standing(tx: Tx, again: StandingAgain | None = None) -> StandingAgain:
    """Compute every closed period whole, and name what a correction would wrongly leave as it was told.

    Args:
        again: where to write it, for whoever wants what was found before readings were missed.

    Raises:
        ReadingsDetached: readings are set aside.
        CoopError: two members hold one connection at the same time.
    """
    again = again or StandingAgain()
    for closed in periods.list_closed(tx):
        again.periods += 1
        if is_changed(tx, closed.period):
            again.findings.append(f"{closed.period}: what was kept of it when it was computed was changed")
            continue
        try:
            _verify_one(tx, closed, again)
        except UNREADABLE as broken:
            again.findings.append(f"{closed.period}: it cannot be computed again: {broken}")
    return again


def _verify_one(tx: Tx, closed: Closed, again: StandingAgain) -> None:
    """Compute a period whole; only where that would tell something, the short way has to tell the same."""
    period = closed.period
    measurements = {one.subject: one for one in periods.list_measurements(tx, period)}.values()
    before = load_told(tx, closed, measurements, "")
    whole = compute_period(tx, period)
    again.verified |= verify_with_period(tx, before, whole)
    again.findings += [
        f"{period}: what was kept of {_EPOCH + timedelta(days=day)} in group {group_id} is not what that day came to"
        for group_id, day in _find_changed_days(tx, period, whole)
    ]
    missed = diff(before, whole)
    if not missed.measurements and not missed.runs:
        return
    told = diff(before, compute_period(tx, period, before=load_before(tx, period, measurements)))
    for one in missed.measurements:
        if one not in told.measurements:
            again.findings.append(
                f"{period}: {one.quantity.value} of connection {one.connection_id} is kept as it was told, and comes"
                " out otherwise"
            )
    for run in missed.runs:
        if run not in told.runs:
            again.findings.append(f"{period}: group {run.run.group_id} is kept as it was told, and comes out otherwise")


def _find_changed_days(tx: Tx, period: Period, whole: Results) -> list[tuple[str, int]]:
    """Days of runs, of which nobody spoke since, of which something else is kept than they come to."""
    before = load_runs(tx, period)
    first, last = day_number(period.start_at), day_number(period.end_at)
    spoken = find_days_since(tx, before.known, first, last)
    found = []
    for which, run in before.kept.items():
        now = whole.kept_runs.get(which)
        if now is not None and now.sha256 == run.sha256:
            same = {day.day: day for day in now.days}
            found += [(which[0], day.day) for day in run.days if day.day not in spoken and same.get(day.day) != day]
    return found
