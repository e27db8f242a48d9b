"""The walk back: a measurement to its telegrams, an allocation to its quarter-hours and the key behind them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.metering import looks, texts
from coop.metering.access import ACCESS
from coop.metering.amounts import utc
from coop.metering.looks import note_look
from coop.metering.provenance import run_views, views
from coop.metering.provenance.run_views import RunDay
from coop.metering.provenance.taking_home import take_allocation, take_measurement
from coop.values import AMSTERDAM, BadInput, Problem, say
from coop.web import charts
from coop.web.language import language_of, translate
from coop.web.shell import render
from coop.web.writing import civil_day

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/readings/{measurement_id}.json")
@may("see-energy")
def measurement_to_check(request: Request, measurement_id: str) -> Response:
    """Answer a measurement with every value that it was made of, to be checked at home."""
    with reading(request) as tx:
        told = views.find_own_measurement(tx, session_of(request), measurement_id)
        body = take_measurement(tx, told, language_of(request))
    note_look(request, looks.READINGS, told.member_id)
    return _file(body, f"reading-{told.quantity.value}-{told.period.start}-{measurement_id[:8]}.json")


@routes.get("/readings/{measurement_id}")
@may("see-energy")
def show_measurement(request: Request, measurement_id: str) -> Response:
    """Show the readings behind a measurement, and whether it comes out the same again."""
    with reading(request) as tx:
        own = views.walk_back(tx, session_of(request), measurement_id)
    note_look(request, looks.READINGS, own.measurement.member_id)
    return render(
        request,
        "metering/measurement.html",
        measurement=own.measurement,
        sources=own.sources,
        findings=own.findings,
        words=texts,
    )


@routes.get("/allocations/{run_id}/{connection_id}.json")
@may("see-energy")
def allocation_to_check(request: Request, run_id: str, connection_id: str) -> Response:
    """Answer what a member's connection got in a run, quarter-hour by quarter-hour, to be checked at home."""
    with reading(request) as tx:
        share = run_views.find_own_share(tx, session_of(request), run_id, connection_id)
        body = take_allocation(tx, share, language_of(request))
    note_look(request, looks.QUARTER_HOURS, share.member_id)
    return _file(body, f"shared-{run_id[:8]}.json")


@routes.get("/allocations/{run_id}/{connection_id}")
@may("see-energy")
def show_allocation(
    request: Request, run_id: str, connection_id: str, day: date | None = None, at: str = ""
) -> Response:
    """Show what a connection got in a run, day by day, and why it got it in a quarter-hour."""
    lang, instant = language_of(request), _instant(at) if at else None
    with reading(request) as tx:
        own = run_views.explain_run(tx, session_of(request), run_id, connection_id, day, instant)
    for member_id in own.members:
        note_look(request, looks.QUARTER_HOURS, member_id)
    return render(
        request,
        "metering/allocation.html",
        run=own.run,
        connection_id=connection_id,
        consumed_wh=own.consumed_wh,
        allocated_wh=own.allocated_wh,
        totals=own.totals,
        chart=_days_chart(own.totals, lang),
        quarters=own.quarters,
        quarters_chart=_quarters_chart(own.quarters, lang) if own.quarters else None,
        why=own.why,
        givers=own.givers,
        roofs=own.roofs,
        findings=own.findings,
        words=texts,
    )


def _file(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/json", headers=headers)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput([Problem(say("'%(text)s' is no instant", text=text), "at")]) from error
    # A bare time of day is one on the clocks of Amsterdam.
    return utc(at if at.tzinfo else at.replace(tzinfo=AMSTERDAM), "at")


def _days_chart(totals: list[tuple[date, int, int]], lang: str) -> charts.Chart:
    used, got = sum(one[1] for one in totals), sum(one[2] for one in totals)
    return charts.bars(
        title=translate(lang, "Day by day"),
        sentence=translate(
            lang,
            "%(got)s of %(used)s came from the shared roofs.",
            got=texts.kilowatt_hours(lang, got),
            used=texts.kilowatt_hours(lang, used),
        ),
        heading=translate(lang, "Day"),
        labels=[str(one[0].day) for one in totals],
        series={
            translate(lang, "From the shared roofs"): [Decimal(one[2]).scaleb(-6) for one in totals],
            translate(lang, "From the grid"): [Decimal(one[1] - one[2]).scaleb(-6) for one in totals],
        },
        unit="kWh",
        lang=lang,
    )


def _quarters_chart(quarters: RunDay, lang: str) -> charts.Chart:
    labels = [f"{start.astimezone(AMSTERDAM):%H:%M}" for start in quarters.starts]
    pairs = list(zip(quarters.consumed, quarters.allocated, strict=True))
    return charts.bars(
        title=translate(lang, "Quarter-hours of %(day)s", day=civil_day(lang, quarters.day)),
        sentence=translate(
            lang,
            "In %(count)s of %(all)s quarter-hours something came from the shared roofs.",
            count=sum(got > 0 for got in quarters.allocated),
            all=len(pairs),
        ),
        heading=translate(lang, "Quarter-hour"),
        # In autumn an hour comes twice: the second time is told apart by an accent.
        labels=[label + ("′" if label in labels[:i] else "") for i, label in enumerate(labels)],
        series={
            translate(lang, "From the shared roofs"): [Decimal(got).scaleb(-3) for got in quarters.allocated],
            translate(lang, "From the grid"): [Decimal(used - got).scaleb(-3) for used, got in pairs],
        },
        unit="Wh",
        lang=lang,
        digits=0,
    )
