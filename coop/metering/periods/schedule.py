"""Periods that are due: the month to close next, and the closed periods to correct."""

from __future__ import annotations

from datetime import date, timedelta

from coop.kit.tx import Tx
from coop.metering.heat import lines
from coop.metering.periods import store as periods
from coop.metering.periods.grounds import list_others
from coop.metering.periods.store import Closed
from coop.metering.readings import store as readings
from coop.values import Period

REST = timedelta(days=2)
"""Time for which a month that is over is left alone: what was under way when it ended still comes in."""

REACH = timedelta(seconds=lines.REACH_S)
"""Time after a period in which readings may still show one of its stands to be wrong."""


def find_month_to_close(tx: Tx) -> Period | None:
    """The month after the last closed period or, before the first closing, the last month; None where that is not over
    for ``REST``, or nothing was read in it.

    The months before the first closing are the board's to close: they may have been billed elsewhere.
    """
    closed = periods.list_closed(tx)
    first = closed[-1].period.end if closed else _month_before(tx.today - REST)
    month = Period(first, Period.month(first.year, first.month).end)
    if month.end + REST > tx.today or not readings.has_any(tx, month):
        return None
    return month


def list_touched(tx: Tx) -> list[Closed]:
    """Closed periods in their newest revision that wait for a correction, in order: late values or decisions
    touched them since, or what they were computed with is known otherwise."""
    marks = {(late.period_start, late.revision) for late in periods.list_late(tx)}
    marks |= {(decision.period_start, decision.revision) for decision in periods.list_decisions(tx)}
    found = periods.list_closed(tx)
    others = list_others(tx, [closed.period for closed in found])
    return [closed for closed in found if others[closed.period] or (closed.period.start, closed.revision) in marks]


def list_in_reach(tx: Tx) -> list[Closed]:
    """Closed periods that readings of these days may still show otherwise, in order: what is read after a stand can
    prove it wrong, and temperatures that come later share an estimate anew. Neither is of the period itself, so
    neither marks it; computing it again finds it."""
    return [closed for closed in periods.list_closed(tx) if closed.period.end + REACH >= tx.today]


def _month_before(day: date) -> date:
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1)
