"""Every correction a second time, the whole way: what stands and is not computed again is what computing it gives.

``check_corrections`` puts itself in the place of the function by which ``close`` computes a period. So whatever a test
of metering plays, each correction in it is held against the whole computation: figures, documents, what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from coop.kit.tx import Tx
from coop.metering.periods import close
from coop.metering.periods import store as periods
from coop.metering.periods.changes import diff, tell_parts
from coop.metering.periods.results import Before, Results, compute_period
from coop.metering.sharing import computing, runs
from coop.metering.sharing.computing import Run
from coop.values import Period


@dataclass
class Seen:
    """How many corrections were held against the whole computation, and how much stood in them."""

    corrections: int = 0
    standing: int = 0
    counted: int = 0
    standing_runs: int = 0
    counted_runs: int = 0
    by_day: int = 0
    """Runs of which only the days were shared again of which somebody spoke."""


def check_corrections(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Let every correction from now on be computed both ways, and fail where they differ."""
    seen = Seen()

    def compute(tx: Tx, period: Period, before: Before | None = None) -> Results:
        short = compute_period(tx, period, before=before)
        if before is not None:
            compare(tx, period, short, compute_period(tx, period), seen)
        return short

    def renew(*asked: Any) -> list[Run] | None:
        found = computing.renew(*asked)
        seen.by_day += len(found or ())
        return found

    monkeypatch.setattr(close, "compute_period", compute)
    monkeypatch.setattr(runs, "renew", renew)
    return seen


def compare(tx: Tx, period: Period, short: Results, whole: Results, seen: Seen) -> None:
    """Fail where a period that was computed the short way is not what the whole computation gives."""
    seen.corrections += 1
    seen.standing += len(short.standing)
    seen.counted += len(short.measured)
    seen.standing_runs += len(short.standing_runs)
    seen.counted_runs += len(short.runs)
    told = {one.subject: one for one in periods.list_measurements(tx, period)}
    for one in whole.measured:
        if one.subject in short.standing:
            was = told[one.subject]
            assert (str(one.energy_j), one.estimated) == (str(was.energy_j), was.estimated)
            assert tuple(part for use in one.uses for part in tell_parts(use)) == was.parts
            assert str(short.standing[one.subject]) == str(one.energy_j)
    counted = tuple(one for one in whole.measured if one.subject not in short.standing)
    assert short.standing.keys() <= {one.subject for one in whole.measured}
    assert short.measured == counted
    which = {(run.group_id, run.period): run for run in whole.runs}
    assert short.standing_runs <= which.keys()
    assert short.runs == tuple(run for key, run in which.items() if key not in short.standing_runs)
    as_one = replace(short, measured=whole.measured, standing={}, runs=whole.runs, standing_runs=frozenset())
    assert as_one == whole, "all but what stands is computed alike"
    newest = periods.list_revisions(tx, period)[-1]
    assert close._open_ends(short, newest) == close._open_ends(whole, newest)
    before = close.load_told(tx, newest, told.values(), "")
    assert diff(before, short) == diff(before, whole)
