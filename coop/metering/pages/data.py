"""The board's view: how complete the data are, what is parked, which periods are closed, and how the heat system
does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit import clock
from coop.kit.auth import require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering import queries, views, wording
from coop.metering.handlers import parking
from coop.metering.handlers.close import close_period, compute_period, correct_period
from coop.metering.queries import BOOK_READERS, Completeness
from coop.metering.storage import periods, register
from coop.values import CoopError, Period
from coop.web import charts, heatmap
from coop.web.language import language_of, translate
from coop.web.shell import card, redirect, render
from coop.web.writing import month, number

_KEEPERS = ("board", "operator")
_CLOSERS = ("board", "treasurer", "operator")
_MOST_ROWS = 40
"""Meters in one picture: those that lack the most."""


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes of the board's view."""
    routes = APIRouter(prefix="/metering")

    @routes.get("/data")
    def data(request: Request, period: str = "") -> Response:
        session, lang = require(request, *BOOK_READERS), language_of(request)
        with database.read() as connection:
            closed = periods.closed(connection, session.community)
            months = views.complete_months(closed, _last_day(closed))
            wanted = Period.parse(period) if period else _current(closed)
            found = queries.completeness(connection, session.community, wanted)
            letters = parking.parked_telegrams(connection, session.community, 100)
            serials = {one.id: one.serial for one in register.all_registers(connection, session.community)}
            newest = {one.period.start: one for one in closed}
            late = [
                row
                for row in periods.late(connection, session.community)
                if row.period_start in newest and newest[row.period_start].revision == row.revision
            ]
        return render(
            request,
            "metering/data.html",
            period=wanted,
            months=months,
            found=found,
            kinds=found.by_kind(),
            chart=completeness_chart(found, wanted, lang),
            letters=letters,
            late=[(row, serials[row.register_id]) for row in late[:100]],
            late_count=len(late),
            late_days=date(1970, 1, 1),
            day=timedelta(days=1),
            late_by_period={start: sum(row.period_start == start for row in late) for start in newest},
            closed=closed[::-1],
            may_keep=session.has(*_KEEPERS),
            may_close=session.has(*_CLOSERS),
            words=wording,
        )

    @routes.post("/data/parked/{letter_id}")
    def parked(request: Request, letter_id: str, act: Annotated[str, Form()]) -> Response:
        session, lang = require(request, *_KEEPERS), language_of(request)
        try:
            with database.write() as connection:
                if act == "replay":
                    taken = parking.replay_telegram(connection, session.community, letter_id)
                    said = translate(lang, "Taken in: %(count)s readings.", count=taken.values)
                else:
                    parking.discard_telegram(connection, session.community, letter_id)
                    said = translate(lang, "Discarded; it stays in the register of what was refused.")
        except CoopError as refusal:
            return redirect("/metering/data#parked", refusal.message[:300], "refused")
        return redirect("/metering/data#parked", said)

    @routes.get("/periods/{period}")
    def look(request: Request, period: str) -> Response:
        session = require(request, *BOOK_READERS)
        wanted = Period.parse(period)
        with database.read() as connection:
            revisions = periods.revisions(connection, session.community, wanted)
            results = compute_period(connection, session.community, wanted)
        return render(
            request,
            "metering/period.html",
            period=wanted,
            revisions=revisions,
            results=results,
            energy_j=sum((one.energy_j for one in results.measured), Decimal(0)),
            allocated_wh=sum(share.allocated_wh for run in results.runs for share in run.outcome.shares),
            shares=sum(len(run.outcome.shares) for run in results.runs),
            over=wanted.end_at <= clock.now(),
            may_close=session.has(*_CLOSERS),
            words=wording,
        )

    @routes.post("/periods/{period}")
    def close(
        request: Request, period: str, act: Annotated[str, Form()], accept_estimates: Annotated[str, Form()] = ""
    ) -> Response:
        session, lang = require(request, *_CLOSERS), language_of(request)
        wanted, now = Period.parse(period), clock.now()
        try:
            with database.write() as connection:
                if act == "correct":
                    done = correct_period(connection, session.community, wanted, now)
                else:
                    accepted = accept_estimates == "yes"
                    done = close_period(connection, session.community, wanted, now, accept_estimates=accepted)
        except CoopError as refusal:
            return redirect(f"/metering/periods/{wanted}", refusal.message[:300], "refused")
        said = translate(
            lang,
            "Revision %(revision)s tells %(measured)s measurements and %(allocated)s allocations.",
            revision=done.revision,
            measured=done.measured_count,
            allocated=done.allocated_count,
        )
        return redirect(f"/metering/periods/{wanted}", said)

    @routes.get("/plant")
    def plant(request: Request) -> Response:
        session, lang = require(request), language_of(request)
        with database.read() as connection:
            reports = views.heat_systems(connection, session.community)
        return render(
            request,
            "metering/plant.html",
            reports=reports[::-1],
            chart=plant_chart(reports[-12:], lang) if reports else None,
            words=wording,
        )

    @routes.get("/cards/completeness")
    def completeness_card(request: Request) -> Response:
        session = require(request, *BOOK_READERS)
        with database.read() as connection:
            closed = periods.closed(connection, session.community)
            wanted = _current(closed)
            found = queries.completeness(connection, session.community, wanted)
            waiting = len(parking.parked_telegrams(connection, session.community))
        return card(request, "metering/card_completeness.html", period=wanted, found=found, waiting=waiting)

    return routes


def completeness_chart(found: Completeness, period: Period, lang: str) -> charts.Chart | None:
    """Meters by days: those that lack something, the worst first, then those with estimates; None without any."""
    notable = [i for i in range(len(found.serials)) if found.lacks(i) or any(found.estimated[i])]
    order = sorted(notable, key=lambda i: (not found.lacks(i), sum(found.share_percent[i]), found.serials[i]))
    rows = order[:_MOST_ROWS]
    if not rows:
        return None
    levels = [
        [_level(share, guess) for share, guess in zip(found.share_percent[i], found.estimated[i], strict=True)]
        for i in rows
    ]
    return heatmap.heatmap(
        title=translate(lang, "What needs care in %(month)s", month=_written(period, lang)),
        sentence=translate(
            lang,
            "%(count)s of %(all)s meters lack something or hold estimates; %(percent)s%% of all readings is there.",
            count=number(lang, len(notable)),
            all=number(lang, sum(map(found.hung, range(len(found.serials))))),
            percent=number(lang, found.percent),
        ),
        heading=translate(lang, "Meter"),
        rows=[found.serials[i] for i in rows],
        columns=[str(day.day) for day in found.days],
        levels=levels,
        legend=[
            translate(lang, "Measured"),
            translate(lang, "Estimated"),
            translate(lang, "Partly there"),
            translate(lang, "Missing"),
            translate(lang, "Not installed"),
        ],
        fills=(*heatmap.QUALITY, "none"),
    )


def plant_chart(reports: list[dict[str, object]], lang: str) -> charts.Chart:
    """Heat fed in, split in what arrived and what was lost, by month of at most a year."""
    labels, arrived, lost = [], [], []
    for one in reports:
        period = one["period"]
        assert isinstance(period, Period)
        fed, delivered = Decimal(str(one["heat_produced_j"])), Decimal(str(one["heat_delivered_j"]))
        labels.append(month(lang, period.start, "short"))
        arrived.append(delivered.scaleb(-9))
        lost.append(max(fed - delivered, Decimal(0)).scaleb(-9))
    return charts.bars(
        title=translate(lang, "Heat of the neighbourhood"),
        sentence=translate(
            lang,
            "%(arrived)s GJ arrived in homes, %(lost)s GJ was lost on the way.",
            arrived=number(lang, sum(arrived, Decimal(0)), 0),
            lost=number(lang, sum(lost, Decimal(0)), 0),
        ),
        heading=translate(lang, "Month"),
        labels=labels,
        series={translate(lang, "Arrived"): arrived, translate(lang, "Lost"): lost},
        unit="GJ",
        lang=lang,
    )


def _level(share: int, estimated: bool) -> int:
    if share < 0:
        return 4
    if share == 0:
        return 3
    return 2 if share < 100 else 1 if estimated else 0


def _written(period: Period, lang: str) -> str:
    return month(lang, period.start) if period == Period.month(period.start.year, period.start.month) else str(period)


def _current(closed: list[periods.Closed]) -> Period:
    """The last closed period, or the last month that is over where none is closed."""
    if closed:
        return closed[-1].period
    today = clock.today()
    before = date(today.year, today.month, 1) - timedelta(days=1)
    return Period.month(before.year, before.month)


def _last_day(closed: list[periods.Closed]) -> date:
    today = clock.today()
    return min(today, closed[-1].period.end + timedelta(days=62)) if closed else today
