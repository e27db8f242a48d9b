"""A member's energy: the year's heat and shared electricity, a month day by day, and the newest reading."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import NotAllowed
from coop.metering.access import ACCESS
from coop.metering.amounts import read_known, read_period
from coop.metering.provenance import views
from coop.metering.provenance.views import DayUse, MemberYear
from coop.values import Period
from coop.web import charts
from coop.web.language import N_, language_of, translate
from coop.web.shell import card, redirect, render
from coop.web.writing import energy, month, percent

_GJ, _KWH = Decimal("1e-9"), Decimal("1e-3")

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/")
@may("see-energy")
def show_year(
    request: Request, year: int | None = None, known_at: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Show a member's year; those who keep the books go on to the data of all."""
    session, lang = session_of(request), language_of(request)
    if session.member_id is None:
        if ACCESS.allows(session, "see-data"):
            return redirect("/metering/data")
        raise NotAllowed
    with reading(request) as tx:
        known, today = read_known(known_at, tx.now), tx.today
        found = views.member_year(tx, session.member_id, year, known)
        own = views.own_connections(tx, session.member_id)
    return render(
        request,
        "metering/energy.html",
        year=found,
        known_at=known_at,
        query=urlencode({"year": found.year} | ({"known_at": known_at} if known_at else {})),
        known=known,
        today=today,
        connections=own,
        heat=heat_chart(found, lang) if found.heat else None,
        shared=shared_chart(found, lang) if found.shared else None,
    )


@routes.get("/days/{connection_id}/{period}")
@may("see-own-energy")
def show_days(request: Request, connection_id: str, period: str) -> Response:
    """Show a month of a member's heat, day by day."""
    lang, wanted, member_id = language_of(request), read_period(period), _member_of(request)
    with reading(request) as tx:
        if connection_id not in views.own_connections(tx, member_id):
            raise NotAllowed
        days = views.heat_by_day(tx, connection_id, member_id, wanted)
    known = any(day.energy_j is not None for day in days)
    return render(
        request,
        "metering/days.html",
        period=wanted,
        connection_id=connection_id,
        days=days,
        chart=days_chart(days, wanted, lang) if known else None,
    )


@routes.get("/latest")
@may("see-own-energy")
def show_latest(request: Request) -> Response:
    """Show the newest stand of a member's heat meter."""
    with reading(request) as tx:
        newest = views.latest_reading(tx, _member_of(request))
    return card(request, "metering/latest.html", reading=newest)


@routes.get("/cards/energy")
@may("see-own-energy")
def show_energy_card(request: Request) -> Response:
    """Show a member's newest year in short."""
    with reading(request) as tx:
        found = views.member_year(tx, _member_of(request), None)
    return card(
        request,
        "metering/card_energy.html",
        year=found if found.years else None,
        title=N_("Your energy"),
        href="/metering/",
        refresh_s=60,
    )


def heat_chart(found: MemberYear, lang: str) -> charts.Chart:
    """Heat by month."""
    by_month: dict[str, Decimal] = {}
    for one in found.heat:
        label = month(lang, one.period.start, "short")
        by_month[label] = by_month.get(label, Decimal(0)) + one.energy_j * _GJ
    most = max(found.heat, key=lambda one: one.energy_j)
    return charts.bars(
        title=translate(lang, "Heat in %(year)s", year=found.year),
        sentence=translate(
            lang,
            "Together %(total)s; the most in %(month)s, with %(most)s.",
            total=energy(lang, int(found.heat_j), "J"),
            month=month(lang, most.period.start),
            most=energy(lang, int(most.energy_j), "J"),
        ),
        heading=translate(lang, "Month"),
        labels=list(by_month),
        series={translate(lang, "Heat"): list(by_month.values())},
        unit="GJ",
        lang=lang,
        digits=2,
    )


def shared_chart(found: MemberYear, lang: str) -> charts.Chart:
    """Electricity by month: what the shared roofs covered, and the rest."""
    labels: list[str] = []
    covered: list[Decimal] = []
    rest: list[Decimal] = []
    for one in found.shared:
        label = month(lang, one.period.start, "short")
        if label not in labels:
            labels.append(label)
            covered.append(Decimal(0))
            rest.append(Decimal(0))
        place = labels.index(label)
        covered[place] += one.allocated_wh * _KWH
        rest[place] += (one.consumed_wh - one.allocated_wh) * _KWH
    share = Decimal(found.allocated_wh) / found.consumed_wh if found.consumed_wh else Decimal(0)
    return charts.bars(
        title=translate(lang, "Shared electricity in %(year)s", year=found.year),
        sentence=translate(
            lang,
            "The shared roofs covered %(allocated)s of the %(consumed)s that you took: %(share)s.",
            allocated=energy(lang, found.allocated_wh, "Wh", 0),
            consumed=energy(lang, found.consumed_wh, "Wh", 0),
            share=percent(lang, share),
        ),
        heading=translate(lang, "Month"),
        labels=labels,
        series={translate(lang, "From the shared roofs"): covered, translate(lang, "From the grid"): rest},
        unit="kWh",
        lang=lang,
    )


def days_chart(days: list[DayUse], period: Period, lang: str) -> charts.Chart:
    """Heat by day."""
    total = sum((day.energy_j for day in days if day.energy_j is not None), Decimal(0))
    known = sum(day.energy_j is not None for day in days)
    return charts.bars(
        title=translate(lang, "Heat in %(month)s, day by day", month=month(lang, period.start)),
        sentence=translate(
            lang,
            "Together %(total)s on %(known)s days with readings.",
            total=energy(lang, int(total), "J"),
            known=known,
        ),
        heading=translate(lang, "Day"),
        labels=[str(day.day.day) for day in days],
        series={translate(lang, "Heat"): [(day.energy_j or Decimal(0)) * _GJ for day in days]},
        unit="GJ",
        lang=lang,
        digits=3,
    )


def _member_of(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id
