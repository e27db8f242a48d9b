"""The walk back: a measurement to its telegrams, an allocation to its quarter-hours and the key behind them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from fastapi import APIRouter, Request, Response

from coop.kit.auth import NotAllowed, require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering import provenance, queries, views, wording
from coop.metering.handlers.verify import explain_allocation, verify_allocation, verify_measurement
from coop.metering.queries import BOOK_READERS
from coop.metering.storage import periods
from coop.metering.views import RunDay
from coop.values import AMSTERDAM, BadInput, NotFound, Problem
from coop.web import charts
from coop.web.language import language_of, translate
from coop.web.shell import render
from coop.web.writing import civil_day, energy


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes of the walk back."""
    routes = APIRouter(prefix="/metering")

    @routes.get("/readings/{measurement_id}")
    def measurement(request: Request, measurement_id: str) -> Response:
        session = require(request)
        with database.read() as connection:
            row = periods.measurement_by_id(connection, session.community, measurement_id)
            if row is None:
                raise NotFound
            if not session.has(*BOOK_READERS) and row.member_id != session.member_id:
                raise NotAllowed
            sources = provenance.sources_of(connection, session.community, row)
            findings = verify_measurement(connection, session.community, measurement_id)
        return render(
            request,
            "metering/measurement.html",
            row=row,
            energy_j=Decimal(row.energy_j),
            sources=sources,
            findings=findings,
            words=wording,
        )

    @routes.get("/allocations/{run_id}/{connection_id}")
    def allocation(
        request: Request, run_id: str, connection_id: str, day: date | None = None, at: str = ""
    ) -> Response:
        session, lang = require(request), language_of(request)
        reader = session.has(*BOOK_READERS)
        with database.read() as connection:
            queries.require_own(connection, session, run_id, connection_id)
            run = periods.run_by_id(connection, session.community, run_id)
            rows = [
                row
                for row in periods.allocations(connection, run_id)
                if row.connection_id == connection_id and (reader or row.member_id == session.member_id)
            ]
            chosen = _instant(at) if at else None
            why = None
            if chosen is not None:
                queries.require_own(connection, session, run_id, connection_id, chosen)
                why = explain_allocation(connection, session.community, run_id, connection_id, chosen)
                day = why.at.astimezone(AMSTERDAM).date()
            whose = None if reader else session.member_id
            totals, quarters = views.run_days(connection, session.community, run_id, connection_id, whose, day)
            findings = verify_allocation(connection, session.community, run_id)
        return render(
            request,
            "metering/allocation.html",
            run=run,
            connection_id=connection_id,
            consumed_wh=sum(row.consumed_wh for row in rows),
            allocated_wh=sum(row.allocated_wh for row in rows),
            totals=totals,
            chart=_days_chart(totals, lang),
            quarters=quarters,
            quarters_chart=_quarters_chart(quarters, lang) if quarters else None,
            why=why,
            findings=findings,
            words=wording,
        )

    return routes


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput([Problem(f"{text!r} is no instant", "at")]) from error
    # A bare time of day is one on the clocks of Amsterdam.
    return at if at.tzinfo else at.replace(tzinfo=AMSTERDAM)


def _days_chart(totals: list[tuple[date, int, int]], lang: str) -> charts.Chart:
    used, got = sum(one[1] for one in totals), sum(one[2] for one in totals)
    return charts.bars(
        title=translate(lang, "Day by day"),
        sentence=translate(
            lang,
            "%(got)s of %(used)s came from the shared roofs.",
            got=energy(lang, got, "Wh"),
            used=energy(lang, used, "Wh"),
        ),
        heading=translate(lang, "Day"),
        labels=[str(one[0].day) for one in totals],
        series={
            translate(lang, "From the shared roofs"): [Decimal(one[2]).scaleb(-3) for one in totals],
            translate(lang, "From the grid"): [Decimal(one[1] - one[2]).scaleb(-3) for one in totals],
        },
        unit="kWh",
        lang=lang,
    )


def _quarters_chart(quarters: RunDay, lang: str) -> charts.Chart:
    labels = [f"{start.astimezone(AMSTERDAM):%H:%M}" for start in quarters.starts]
    pairs = list(zip(quarters.consumed_wh, quarters.allocated_wh, strict=True))
    return charts.bars(
        title=translate(lang, "Quarter-hours of %(day)s", day=civil_day(lang, quarters.day)),
        sentence=translate(
            lang,
            "In %(count)s of %(all)s quarter-hours something came from the shared roofs.",
            count=sum(got > 0 for got in quarters.allocated_wh),
            all=len(pairs),
        ),
        heading=translate(lang, "Quarter-hour"),
        # In autumn an hour comes twice: the second time is told apart by an accent.
        labels=[label + ("′" if label in labels[:i] else "") for i, label in enumerate(labels)],
        series={
            translate(lang, "From the shared roofs"): list(quarters.allocated_wh),
            translate(lang, "From the grid"): [used - got for used, got in pairs],
        },
        unit="Wh",
        lang=lang,
        digits=0,
    )
