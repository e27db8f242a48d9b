"""The board's view: how complete the data are, what is parked, which periods are closed, and how the heat system
does."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from coop.events.metering import HeatSystemReported
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.paging import Paged
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.amounts import month_of, read_known, read_period
from coop.metering.intake import parking
from coop.metering.periods import acceptance
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period, correct_period
from coop.metering.periods.grounds import list_others
from coop.metering.periods.meter_views import list_touched
from coop.metering.periods.results import compute_period
from coop.metering.provenance import views
from coop.metering.provenance.record_views import list_missing_times
from coop.metering.readings.completeness import Completeness
from coop.metering.register import connections
from coop.metering.register import store as register
from coop.values import CoopError, Period
from coop.web import charts, heatmap
from coop.web.language import language_of, translate
from coop.web.shell import card, redirect, render
from coop.web.writing import month, number, speak

ROWS_MAX = 40
"""Meters in one picture: those that lack the most."""

KnownText = Annotated[str, Query(max_length=40)]
"""Day or instant as of which a page is asked."""

METERS_SHOWN = 20
"""Meters of which the gaps stand on one page."""

LATE_SHOWN = 100
"""Late values on one page."""

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/data")
@may("see-data")
def show_data(
    request: Request,
    page: Paged,
    period: str = "",
    late_page: Annotated[int, Query(ge=1)] = 1,
    known_at: KnownText = "",
) -> Response:
    """Show how complete a month is, what is parked, late and closed; what is parked and late in pages. Completeness and
    closed periods are shown as they were known on a day, where one is asked."""
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        known, today = read_known(known_at, tx.now), tx.today
        quality = views.data_quality(tx, read_period(period) if period else None, known)
        letters = page.close(parking.list_telegrams(tx, page.window), lambda letter: (letter.parked_at, letter.id))
        named = {letter.id: parking.list_meters(letter) for letter in letters}
        registered = register.meters_of(tx, set().union(*named.values()))
    return render(
        request,
        "metering/data.html",
        quality=quality,
        known_at=known_at,
        known=known,
        today=today,
        period=quality.period,
        found=quality.found,
        kinds=quality.found.by_kind(),
        chart=completeness_chart(quality.found, quality.period, lang),
        letters=letters,
        meters_of={letter_id: sorted(set(serials) & registered.keys()) for letter_id, serials in named.items()},
        behind_first=page.window.after is not None,
        next_address=page.next_address,
        late=quality.late[(late_page - 1) * LATE_SHOWN : late_page * LATE_SHOWN],
        late_page=late_page,
        late_pages=-(-len(quality.late) // LATE_SHOWN),
        closed=quality.closed[::-1],
        may_keep=ACCESS.allows(session, "settle-parked"),
        may_import=ACCESS.allows(session, "import-readings"),
        may_close=ACCESS.allows(session, "close-period"),
        words=texts,
    )


@routes.get("/missing")
@may("see-data")
def show_missing(request: Request, period: str = "", page: Annotated[int, Query(ge=1)] = 1) -> Response:
    """Show every time of a month of which nothing is known of a meter, and why; so many meters on a page."""
    with reading(request) as tx:
        wanted = read_period(period) if period else month_of(tx.today)
        missing = list_missing_times(tx, wanted, (page - 1) * METERS_SHOWN, METERS_SHOWN)
    return render(
        request,
        "metering/missing.html",
        period=wanted,
        missing=missing,
        page=page,
        pages=-(-missing.meters // METERS_SHOWN),
        words=texts,
    )


@routes.post("/data/parked/{letter_id}")
@may("settle-parked")
def settle_parked(request: Request, letter_id: str, act: Annotated[str, Form()]) -> Response:
    """Replay or discard a parked telegram."""
    lang = language_of(request)
    try:
        with writing(request) as tx:
            if act == "replay":
                taken = parking.replay_telegram(tx, letter_id)
                said = translate(lang, "Taken in: %(count)s readings.", count=taken.values)
            else:
                parking.discard_telegram(tx, letter_id)
                said = translate(lang, "Discarded; it stays in the register of what was refused.")
    except CoopError as refusal:
        return redirect("/metering/data#parked", speak(lang, refusal.message)[:300], "refused")
    return redirect("/metering/data#parked", said)


@routes.get("/periods/{period}")
@may("see-data")
def show_period(request: Request, period: str, known_at: KnownText = "") -> Response:
    """Show what a period comes to now, or by what was known on a day, and its revisions."""
    wanted = read_period(period)
    with reading(request) as tx:
        known, today = read_known(known_at, tx.now), tx.today
        revisions, results, is_over = (
            views.list_revisions(tx, wanted, known),
            compute_period(tx, wanted, known),
            wanted.end_at <= tx.now,
        )
        others = [] if known else list_others(tx, [wanted]).get(wanted, [])
        touched = list_touched(tx, wanted, others)
        numbers = connections.list_numbers(tx)
        runs = periods.list_runs(tx, wanted) if known is None else []
        decisions = periods.list_decisions(tx, revisions[-1]) if revisions else []
        decisions = [one for one in decisions if known is None or one.decided_at <= known]
        accepted = [one for one in acceptance.list_acceptances(tx, wanted) if known is None or one.accepted_at <= known]
        serials = {meter.serial for meter in register.list_meters(tx)}
    return render(
        request,
        "metering/period.html",
        period=wanted,
        known_at=known_at,
        known=known,
        today=today,
        revisions=revisions,
        results=results,
        energy_j=results.energy_j,
        allocated_wh=results.allocated_wh,
        shares=sum(len(run.outcome.shares) for run in results.runs),
        over=is_over,
        touched=touched,
        others=[one for one in others if one.subject not in {change.serial for change in touched}],
        numbers=numbers,
        runs=runs,
        serials=serials,
        decisions=decisions,
        accepted=accepted,
        open_ones=acceptance.find_open(results.lacking, accepted),
        subject_of=acceptance.subject_of,
        may_close=ACCESS.allows(session_of(request), "close-period"),
        may_decide=ACCESS.allows(session_of(request), "decide-break"),
        words=texts,
    )


@routes.post("/periods/{period}")
@may("close-period")
def close_or_correct(
    request: Request,
    period: str,
    act: Annotated[str, Form()],
    accept: Annotated[list[str] | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Close a period, or correct it, with the estimates that are accepted by name."""
    lang, wanted = language_of(request), read_period(period)
    try:
        with writing(request) as tx:
            if act == "correct":
                done = correct_period(tx, wanted, accept=accept or (), reason=reason)
            else:
                done = close_period(tx, wanted, accept=accept or (), reason=reason)
    except CoopError as refusal:
        return redirect(f"/metering/periods/{wanted}", speak(lang, refusal.message)[:300], "refused")
    said = translate(
        lang,
        "Revision %(revision)s tells %(measured)s measurements and %(allocated)s allocations.",
        revision=done.revision,
        measured=done.measured_count,
        allocated=done.allocated_count,
    )
    return redirect(f"/metering/periods/{wanted}", said)


@routes.get("/plant")
@may("see-plant")
def show_plant(request: Request) -> Response:
    """Show how the heat system does."""
    with reading(request) as tx:
        reports = views.heat_systems(tx)
    return render(
        request,
        "metering/plant.html",
        reports=reports[::-1],
        chart=plant_chart(reports[-12:], language_of(request)) if reports else None,
        may_see_account=ACCESS.allows(session_of(request), "see-data"),
        words=texts,
    )


@routes.get("/cards/completeness")
@may("see-data")
def show_completeness_card(request: Request) -> Response:
    """Show how complete the last closed period is, and how many telegrams are parked."""
    with reading(request) as tx:
        quality = views.data_quality(tx)
    return card(
        request,
        "metering/card_completeness.html",
        period=quality.period,
        found=quality.found,
        waiting=quality.parked_count,
    )


def completeness_chart(found: Completeness, period: Period, lang: str) -> charts.Chart | None:
    """Meters by days: those that lack something, the worst first, then those with estimates; None without any."""
    notable = [i for i in range(len(found.serials)) if found.lacks(i) or any(found.estimated[i])]
    order = sorted(notable, key=lambda i: (not found.lacks(i), sum(found.share_percent[i]), found.serials[i]))
    rows = order[:ROWS_MAX]
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


def plant_chart(reports: Sequence[HeatSystemReported], lang: str) -> charts.Chart:
    """Heat fed in, split in what arrived and what was lost, by month of at most a year."""
    labels, arrived, lost = [], [], []
    for one in reports:
        labels.append(month(lang, one.period_start, "short"))
        arrived.append(one.heat_delivered_j.scaleb(-9))
        lost.append(max(one.heat_produced_j - one.heat_delivered_j, Decimal(0)).scaleb(-9))
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
