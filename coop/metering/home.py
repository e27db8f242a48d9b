"""Lines of the home page on metering: the steps to a first month, and the months that wait to be closed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.metering.access import ACCESS
from coop.metering.entries.corrections import list_corrections
from coop.metering.heat.decisions import list_proposals
from coop.metering.intake import meter_changes
from coop.metering.intake.silence import list_silent
from coop.metering.intake.withdrawals import list_withdrawals
from coop.metering.periods import store as periods
from coop.metering.provenance.contradictions import find_contradictions
from coop.metering.readings import store as readings
from coop.metering.register import store as register
from coop.values import Period, say, say_count
from coop.web.language import N_, language_of, translate, translate_counted
from coop.web.waiting import Step, Waiting, show_step, show_waiting
from coop.web.writing import month

METERS_STEP = N_("Meters of the connections")
MONTH_STEP = N_("Readings, and the first month closed")

NAMED_MAX = 5
"""Most gateways that the home page names."""

CONTRADICTIONS_MAX = 100
"""Most contradictions that the home page counts."""

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/step-meters")
@may("see-register")
def meters_step(request: Request) -> Response:
    with reading(request) as tx:
        meters = register.list_meters(tx)
        held = {hold.connection_id for hold in register.list_occupancies(tx) if hold.end is None}
    bare = held - {meter.connection_id for meter in meters if meter.connection_id and meter.removed_at is None}
    missing = []
    if not meters:
        missing.append(say("There is no meter yet."))
    elif bare:
        missing.append(say_count("%(num)s connection has no meter.", "%(num)s connections have no meter.", len(bare)))
    done = (say_count("%(num)s meter", "%(num)s meters", len(meters)),) if meters else ()
    return show_step(request, Step(say(METERS_STEP), "/metering/meters", done, tuple(missing)))


@routes.get("/step-month")
@may("see-data")
def month_step(request: Request) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        closed, due, first_day = periods.list_closed(tx), list_due(tx), readings.find_first_day(tx)
    if closed:
        text = translate(lang, "%(month)s is closed.", month=month(lang, closed[0].period.start))
        return show_step(request, Step(say(MONTH_STEP), "/metering/data", (text,)))
    if first_day is None:
        step = Step(say(MONTH_STEP), "/metering/data", missing=(say("No reading has come in yet."),))
    elif due:
        text = translate(lang, "%(month)s is over and can be closed.", month=month(lang, due[0].start))
        step = Step(say(MONTH_STEP), f"/metering/periods/{due[0]}", missing=(text,))
    else:
        text = say("The first month is not over yet.")
        come = say("Readings come in since %(day)s.", day=first_day)
        step = Step(say(MONTH_STEP), "/metering/data", (come,), (text,))
    return show_step(request, step)


@routes.get("/waiting")
@may("close-period")
def waiting(request: Request) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        due, today = list_due(tx), tx.today
        lines = [*_list_silent(tx), *_list_proposed(tx, session_of(request))]
    if not due:
        return show_waiting(request, lines, today)
    text = translate_counted(
        lang,
        "Close %(month)s, so that it can be billed; %(num)s month waits",
        "Close %(month)s, so that it can be billed; %(num)s months wait",
        len(due),
        month=month(lang, due[0].start),
    )
    return show_waiting(request, [Waiting(text, f"/metering/periods/{due[0]}"), *lines], today)


def _list_silent(tx: Tx) -> list[Waiting]:
    """The gateways that should have been heard by now, in one line."""
    silent = list_silent(tx)
    if not silent:
        return []
    text = say_count(
        "%(num)s gateway is silent: %(names)s",
        "%(num)s gateways are silent: %(names)s",
        len(silent),
        names=tuple(one.gateway for one in silent[:NAMED_MAX]),
    )
    return [Waiting(text, "/metering/gateways")]


def _list_proposed(tx: Tx, session: Session) -> list[Waiting]:
    """Proposals of somebody else about readings, which this reader has to look at as the second person."""
    if not ACCESS.allows(session, "correct-reading"):
        return []
    me = f"{session.kind}:{session.account_id}"
    lines = [
        Waiting(
            say("Look at a corrected reading of meter %(meter)s as the second person", meter=correction.serial),
            f"/metering/meters/{quote(correction.serial)}/reading",
        )
        for correction, answer in list_corrections(tx)
        if answer is None and correction.proposed_by != me
    ]
    serials = {one.id: one.serial for one in register.list_registers(tx)}
    lines += [
        Waiting(
            say("Look at a withdrawn reading of meter %(meter)s as the second person", meter=serials[one.register_id]),
            f"/metering/meters/{quote(serials[one.register_id])}/withdraw?register={one.register_id}&at={one.at_s}",
        )
        for one, answer in list_withdrawals(tx)
        if answer is None and one.proposed_by != me
    ]
    lines += [
        Waiting(
            say("Look at a change of meter %(meter)s as the second person", meter=change.serial),
            f"/metering/meters/{quote(change.serial)}",
        )
        for change, answer in meter_changes.list_proposals(tx)
        if answer is None and change.proposed_by != me
    ]
    breaks = [proposal for proposal, answer in list_proposals(tx) if answer is None and proposal.proposed_by != me]
    if breaks:
        text = say_count(
            "Look as the second person at what somebody made of %(num)s break of a meter",
            "Look as the second person at what somebody made of %(num)s breaks of meters",
            len(breaks),
        )
        lines.append(Waiting(text, "/metering/breaks"))
    found = list(islice(find_contradictions(tx), CONTRADICTIONS_MAX))
    if found:
        text = say_count(
            "Settle %(num)s reading of an account that contradicts a meter",
            "Settle %(num)s readings of accounts that contradict a meter",
            len(found),
        )
        if len(found) == CONTRADICTIONS_MAX:
            text = say("Settle the readings of accounts that contradict a meter")
        lines.append(Waiting(text, "/metering/contradictions"))
    return lines


def list_due(tx: Tx) -> list[Period]:
    """Months that are over and not closed, oldest first: after the last closed one, or since the first reading."""
    closed = periods.list_closed(tx)
    first_day = closed[-1].period.end if closed else _find_first_day(tx)
    if first_day is None:
        return []
    due, period = [], Period.month(first_day.year, first_day.month)
    while period.end_at <= tx.now:
        due.append(period)
        after = period.start + timedelta(days=31)
        period = Period.month(after.year, after.month)
    return due


def _find_first_day(tx: Tx) -> date | None:
    """The first day of which there is something to measure: the readings of a first night are of the day before."""
    oldest = readings.find_first_day(tx)
    starts = [hold.start for hold in register.list_occupancies(tx)]
    return max(oldest + timedelta(days=1), min(starts)) if oldest and starts else None
