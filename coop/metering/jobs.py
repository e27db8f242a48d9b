"""Work that metering does by itself: closing months that are over, correcting what late values touched, and making room
for the readings of months to come."""

from __future__ import annotations

from datetime import date, timedelta

from coop.kit.jobs import Job, Work
from coop.metering.intake.silence import list_silent
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.periods.schedule import find_month_to_close, list_in_reach, list_touched
from coop.metering.provenance import odd_looks
from coop.metering.readings.log import make_months
from coop.metering.readings.sealing import list_to_seal, seal_days
from coop.values import CoopError, Period, Said, join_said, say, say_count
from coop.web.language import N_


def close_months(work: Work) -> str:
    """Close every month that is over, in order, up to the first that is not complete; says which, and what is missing.

    Raises:
        CoopError: a month cannot be closed for another reason than readings that are missing.
    """
    done: list[Said] = []
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
        done.append(
            say(
                "%(month)s closed: %(measured)s measurements, %(allocated)s allocations",
                month=month,
                measured=closed.measured_count,
                allocated=closed.allocated_count,
            )
        )
    return join_said(done or [say("no month waits to be closed")])


def correct_periods(work: Work) -> str:
    """Correct every closed period that late values touched, or that what was read since shows otherwise; says what came
    out differently.

    Raises:
        CoopError: a correction is refused; the others are made.
    """
    with work.write() as tx:
        touched = {closed.period: closed for closed in list_touched(tx)}
        looked_at = touched | {closed.period: closed for closed in list_in_reach(tx)}
    done: list[Said] = []
    refused: list[Said] = []
    for _, before in sorted(looked_at.items(), key=lambda one: one[0].start):
        try:
            with work.write() as tx:
                after = correct_period(tx, before.period)
        except CoopError as refusal:
            refused.append(
                say("%(period)s cannot be corrected: %(message)s", period=before.period, message=refusal.message)
            )
            continue
        if after.revision == before.revision:
            if before.period not in touched:
                continue
            done.append(say("%(period)s comes out the same", period=before.period))
        else:
            done.append(
                say(
                    "%(period)s corrected: %(measured)s measurements, %(allocated)s allocations",
                    period=before.period,
                    measured=after.measured_count,
                    allocated=after.allocated_count,
                )
            )
    if refused:
        raise CoopError("correction-refused", join_said([*refused, *done]))
    return join_said(done or [say("no late value touched a closed period")])


MONTHS_AHEAD = 3


def make_room(work: Work) -> str:
    """Make the months that come, so that no reading has to wait for its month; one that is there stays."""
    with work.write() as tx:
        if tx.is_sqlite:
            return say("a file has room for every month")
        ahead = Period(tx.today, tx.today + timedelta(days=31 * MONTHS_AHEAD)).months()
        wanted = [date(month.start.year, month.start.month, 1) for month in ahead]
        make_months(tx, wanted)
    return say("there is room up to %(month)s", month=f"{wanted[-1]:%Y-%m}")


SEALED_AT_A_TIME = 200
"""Days that are sealed in one transaction: whoever brings readings waits no longer than that takes."""


def seal_past_days(work: Work) -> str:
    """Pack what many deliveries said of a day that is over into one block, day by day; says of how many."""
    count = 0
    while True:
        with work.write() as tx:
            keys = list_to_seal(tx, SEALED_AT_A_TIME)
            count += seal_days(tx, keys)
        if len(keys) < SEALED_AT_A_TIME:
            return say_count("%(num)s day of a register packed", "%(num)s days of registers packed", count)


def name_silent_gateways(work: Work) -> str:
    """Name the gateways that should have been heard by now; the board's and the operator's home names them too."""
    with work.write() as tx:
        silent = list_silent(tx)
    if not silent:
        return say("every gateway is heard")
    return say("not heard: %(gateways)s", gateways=tuple(one.gateway for one in silent))


def look_for_oddities(work: Work) -> str:
    """Look at the meters of each month of which something was told since the last look; says of how many months, and
    what was found. Reading takes long and hinders nobody; what is written is a few rows."""
    with work.database.read(work.community) as tx:
        due = odd_looks.list_due(tx)
    count = 0
    for month in due:
        with work.database.read(work.community) as tx:
            look, found = odd_looks.look_at(tx, month)
        with work.write() as tx:
            odd_looks.keep(tx, look, found)
        count += len(found)
    if not due:
        return say("nothing was told since the last look at odd meters")
    return say("%(months)s looked at: %(count)s odd", months=tuple(str(month) for month in due), count=count)


JOBS = (
    Job("seal-days", N_("Pack the readings of days that are over"), "20 1 * * *", seal_past_days),
    Job("make-room", N_("Make room for the readings of coming months"), "5 1 * * *", make_room),
    Job("silent-gateways", N_("Name the gateways that fell silent"), "20 * * * *", name_silent_gateways),
    Job("odd-meters", N_("Look for odd meters"), "35 2 * * *", look_for_oddities),
    Job("close-months", N_("Close months that are over"), "15 3 * * *", close_months),
    Job("correct-periods", N_("Correct periods that late values touched"), "45 3 * * *", correct_periods),
)
