"""Lists of one meter's page as files, each under the entry of the page: a member gets those of their own meter."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.metering.access import ACCESS
from coop.metering.amounts import read_period
from coop.metering.heat import decisions
from coop.metering.intake.silence import list_heard
from coop.metering.intake.withdrawals import list_withdrawals
from coop.metering.provenance import record_listings
from coop.metering.provenance.pages.meter import AskedRecord, note_looks
from coop.metering.provenance.record_views import list_missing_times, view_record
from coop.metering.provenance.records import list_statements
from coop.metering.provenance.year_listings import measurements_listing
from coop.metering.register.store import list_registers, registers_of
from coop.values import NotFound, Period, say
from coop.web.downloads import Asked

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/exports", include_in_schema=False)
may = ACCESS.may


@routes.get("/statements.{extension}")
@may("see-meter")
def export_statements(request: Request, asked: Asked, meter: str, wanted: AskedRecord) -> Response:
    """Everything that was said of a register in a period, or on a day of it."""
    with reading(request) as tx:
        chosen = wanted.read(tx)
        own = view_record(tx, session_of(request), meter, chosen)
        note_looks(request, own)
        if own.record is None:
            raise NotFound(say("there is no meter %(meter)s with readings", meter=meter))
        within = Period(own.day, own.day + timedelta(days=1)) if own.day else own.period
        statements = list_statements(tx, own.record, within, chosen.known_at)
        return asked.answer(record_listings.statements_listing(own.record, statements, names_people=own.names_people))


@routes.get("/recorded-days.{extension}")
@may("see-meter")
def export_recorded_days(request: Request, asked: Asked, meter: str, wanted: AskedRecord) -> Response:
    """A register day by day."""
    with reading(request) as tx:
        own = view_record(tx, session_of(request), meter, wanted.read(tx))
        note_looks(request, own)
        if own.record is None:
            raise NotFound(say("there is no meter %(meter)s with readings", meter=meter))
        return asked.answer(record_listings.days_listing(own.record))


@routes.get("/gaps.{extension}")
@may("see-meter")
def export_gaps(request: Request, asked: Asked, meter: str, wanted: AskedRecord) -> Response:
    """Times of a period of which nothing is known, and why."""
    with reading(request) as tx:
        own = view_record(tx, session_of(request), meter, wanted.read(tx))
        note_looks(request, own)
        return asked.answer(record_listings.gaps_listing(own.gaps))


@routes.get("/resting.{extension}")
@may("see-meter")
def export_resting(request: Request, asked: Asked, meter: str, wanted: AskedRecord) -> Response:
    """Heat of a period that rests on a meter."""
    with reading(request) as tx:
        own = view_record(tx, session_of(request), meter, wanted.read(tx))
        note_looks(request, own)
        return asked.answer(measurements_listing(own.measurements))


@routes.get("/heard.{extension}")
@may("see-register")
def export_heard(request: Request, asked: Asked) -> Response:
    """Time at which each gateway was heard last."""
    with reading(request) as tx:
        return asked.answer(record_listings.heard_listing((one, one.is_silent(tx.now)) for one in list_heard(tx)))


@routes.get("/missing-times.{extension}")
@may("see-data")
def export_missing_times(request: Request, asked: Asked, period: str) -> Response:
    """Every time of a period of which nothing is known of a meter that should have said something, and why."""
    with reading(request) as tx:
        missing = list_missing_times(tx, read_period(period))
        return asked.answer(record_listings.missing_times_listing(missing.gaps))


@routes.get("/withdrawals.{extension}")
@may("see-register")
def export_withdrawals(request: Request, asked: Asked, meter: str) -> Response:
    """Withdrawals of a meter's readings that were proposed, newest first."""
    with reading(request) as tx:
        registers = registers_of(tx, [meter])
        proposals = [pair for pair in list_withdrawals(tx) if pair[0].register_id in registers]
        return asked.answer(record_listings.withdrawals_listing(proposals, registers))


@routes.get("/breaks.{extension}")
@may("see-data")
def export_breaks(request: Request, asked: Asked, register: str | None = None) -> Response:
    """Proposals about breaks (of one register), oldest first."""
    with reading(request) as tx:
        registers = {one.id: one for one in list_registers(tx)}
        return asked.answer(record_listings.breaks_listing(decisions.list_proposals(tx, register), registers))
