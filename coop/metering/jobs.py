"""Work that metering does by itself: closing months that are over, correcting what late values touched, and making room
for the readings of months to come."""

from __future__ import annotations

from datetime import date, timedelta

from coop.kit.jobs import Job, Work
from coop.metering.handlers.close import PeriodIncomplete, close_period, correct_period
from coop.metering.handlers.schedule import find_month_to_close, list_touched
from coop.metering.storage.readings import make_months
from coop.values import CoopError, Period
from coop.web.language import N_


def close_months(work: Work) -> str:
    """Close every month that is over, in order, up to the first that is not complete; says which, and what is missing.

    Raises:
        CoopError: a month cannot be closed for another reason than readings that are missing.
    """
    done: list[str] = []
    while True:
        try:
            with work.write() as tx:
                month = find_month_to_close(tx)
                if month is None:
                    break
                closed = close_period(tx, month)
        except PeriodIncomplete as incomplete:
            done.append(incomplete.message)
            break
        done.append(f"{month} closed: {closed.measured_count} measurements, {closed.allocated_count} allocations")
    return "; ".join(done) or "no month waits to be closed"


def correct_periods(work: Work) -> str:
    """Correct every closed period that late values touched; says what came out differently.

    Raises:
        CoopError: a correction is refused; the others are made.
    """
    with work.write() as tx:
        touched = list_touched(tx)
    done, refused = [], []
    for before in touched:
        try:
            with work.write() as tx:
                after = correct_period(tx, before.period)
        except CoopError as refusal:
            refused.append(f"{before.period} cannot be corrected: {refusal.message}")
            continue
        if after.revision == before.revision:
            done.append(f"{before.period} comes out the same")
        else:
            counts = f"{after.measured_count} measurements, {after.allocated_count} allocations"
            done.append(f"{before.period} corrected: {counts}")
    if refused:
        raise CoopError("correction-refused", "; ".join([*refused, *done]))
    return "; ".join(done) or "no late value touched a closed period"


MONTHS_AHEAD = 3


def make_room(work: Work) -> str:
    """Make the months that come, so that no reading has to wait for its month; one that is there stays."""
    with work.write() as tx:
        if tx.is_sqlite:
            return "a file has room for every month"
        ahead = Period(tx.today, tx.today + timedelta(days=31 * MONTHS_AHEAD)).months()
        wanted = [date(month.start.year, month.start.month, 1) for month in ahead]
        make_months(tx, wanted)
    return f"there is room up to {wanted[-1]:%Y-%m}"


JOBS = (
    Job("make-room", N_("Make room for the readings of coming months"), "5 1 * * *", make_room),
    Job("close-months", N_("Close months that are over"), "15 3 * * *", close_months),
    Job("correct-periods", N_("Correct periods that late values touched"), "45 3 * * *", correct_periods),
)
