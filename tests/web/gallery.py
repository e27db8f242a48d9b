"""A gallery of everything that the shell offers, with plausible data: to look at, and for the tests to walk through.

Run it with ``uvicorn tests.web.gallery:app`` and open ``/?as=member``, ``/bill``, ``/board`` ...
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from coop.kit.access import ANYBODY, SIGNED_IN, Access, roles
from coop.kit.service import Card, Entrance, Pages, Section
from coop.kit.session import Session
from coop.values import Period, Problem
from coop.web import charts, heatmap, shell
from coop.web.catalogs import languages
from coop.web.writing import energy, month

HERE = Path(__file__).resolve().parent
LINES = (
    ("Warmte", energy("nl", 1_070_000_000, "J"), "€ 43,79 / GJ", 4_686),
    ("Vastrecht warmte, 30 dagen", "30 dgn", "€ 2,0843 / dag", 6_253),
    ("Gedeelde zonnestroom", energy("nl", 70_300, "Wh"), "€ 0,1420 / kWh", 998),
    ("Teruggave", "", "", -4_997),
)


VISITORS = {
    "member": Session("a1", "Noor de Wit", frozenset({"member"}), "m1", "demo"),
    "board": Session("a2", "Bram Hendriks", frozenset({"member", "board"}), "m2", "demo"),
    "partner": Session("a3", "Gemeente Amsterdam", frozenset({"partner"}), None, "demo"),
}
HOUSE = Pages(
    name="house",
    label="Huis",
    access=Access("house", {"look": ANYBODY, "own": SIGNED_IN, "use": roles("member"), "run": roles("board")}),
    sections=(
        Section("/", "Begin", "look", rank=0),
        Section("/bill", "Rekening", "use", rank=20, holds=("/bills",)),
        Section("/forms", "Formulieren", "own", rank=30),
    ),
    cards=(
        Card("/bill", "/cards/cost", "Uw kosten", "use", rank=10, wide=True),
        Card("/board", "", "Beheer", "run", rank=40, lines=("/cards/first", "/cards/second")),
    ),
    entrance=Entrance("/enter", "/leave"),
    motto="Iedere euro is terug te volgen.",
)
OFFICE = Pages(
    name="office",
    label="Kantoor",
    access=Access("office", {"run": roles("board")}),
    sections=(Section("/board", "Bestuur", "run", rank=10),),
    cards=(Card("/board", "/cards/board", "Voortgang", "run", rank=20),),
)

app = FastAPI(openapi_url=None)
app.state.site_name = "Warm in de Wijk"
app.state.language = "nl"
app.state.pages = (HOUSE, OFFICE)
shell.mount_static(app)


@app.middleware("http")
async def sign_in(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Take the visitor from ``?as=``, a cookie in a browser."""
    name = request.query_params.get("as", request.cookies.get("as", ""))
    request.state.session = VISITORS.get(name)
    response = await call_next(request)
    if "as" in request.query_params:
        response.set_cookie("as", name)
    return response


for lang in languages():
    # The gallery stands beside the services: its templates have a folder of their own.
    pages = jinja2.PrefixLoader({"gallery": jinja2.FileSystemLoader(HERE / "pages")})
    shell.environment(lang).loader = jinja2.ChoiceLoader([shell.environment(lang).loader or pages, pages])


def page(request: Request, name: str, **context: Any) -> HTMLResponse:
    """A page of the gallery's own template folder."""
    return shell.render(request, f"gallery/{name}.html", **context)


def fragment(request: Request, name: str, **context: Any) -> HTMLResponse:
    """A fragment of the gallery's own template folder."""
    return shell.card(request, f"gallery/{name}.html", **context)


def use_chart() -> charts.Chart:
    """A year of heat and shared power in bars."""
    labels = [month("nl", p.start, "short") for p in Period.year(2025).months()]
    return charts.bars(
        title="Energie per maand",
        sentence="Van april tot september komt meer dan de helft van uw stroom van een dak.",
        heading="Maand",
        labels=labels,
        series={
            "Van het net": [190, 171, 140, 96, 80, 71, 70, 78, 97, 139, 170, 196],
            "Gedeelde zon": [14, 26, 58, 92, 118, 126, 121, 104, 70, 36, 17, 10],
            "Eigen zon": [5, 9, 20, 31, 40, 42, 41, 35, 24, 12, 6, 4],
        },
        unit="kWh",
        lang="nl",
        digits=0,
    )


def supply_chart(lang: str = "nl") -> charts.Chart:
    """A line chart over days."""
    days = [date(2025, 1, 1) + timedelta(days=i) for i in range(90)]
    return charts.lines(
        title="Aanvoertemperatuur",
        sentence="De aanvoer bleef tussen 46 en 58 °C; het kanaal koelde in februari af tot 4 °C.",
        heading="Dag",
        days=days,
        series={
            "Aanvoer": [52 + 5 * math.cos(i / 14) for i in range(90)],
            "Retour": [38 + 3 * math.cos(i / 14) if i not in range(40, 46) else None for i in range(90)],
            "Kanaal": [7 - 3 * math.sin(i / 30) for i in range(90)],
        },
        unit="°C",
        lang=lang,
    )


def quality_chart() -> charts.Chart:
    """Meters by days."""
    meters = [f"WM-{n:04d}" for n in range(1, 25)]
    levels = [
        [
            3 if (m * 7 + d) % 61 == 0 else 2 if (m * 3 + d * 5) % 47 == 0 else 1 if (m + d) % 37 == 0 else 0
            for d in range(31)
        ]
        for m in range(24)
    ]
    return heatmap.heatmap(
        title="Volledigheid in januari",
        sentence="Van 744 meterdagen zijn er 706 geheel gemeten; 11 ontbreken nog.",
        heading="Meter",
        rows=meters,
        columns=[str(d + 1) for d in range(31)],
        levels=levels,
        legend=["Gemeten", "Geschat", "Deels", "Ontbreekt"],
    )


def year_chart() -> charts.Chart:
    """Quarter-hours by days of a year: 35,040 cells."""
    power = [
        [
            max(
                0.0,
                math.sin((q - 24) / 48 * math.pi)
                * (0.6 - 0.45 * math.cos((d + 10) / 365 * 2 * math.pi))
                * (0.5 + 0.5 * math.sin(d * d * 12.9)),
            )
            if 24 <= q <= 72
            else 0.0
            for d in range(365)
        ]
        for q in range(96)
    ]
    starts = {p.start.timetuple().tm_yday - 1: month("nl", p.start, "short") for p in Period.year(2025).months()}
    return heatmap.heatmap(
        title="Zon van het dak, ieder kwartier",
        sentence="In december blijven de panelen vaak onder 1 kWh per kwartier.",
        heading="Uur",
        rows=[f"{q // 4}:00" if q % 16 == 0 else "" for q in range(96)],
        columns=[starts.get(d, "") for d in range(365)],
        levels=heatmap.amount_levels(power, [0.02, 0.2, 0.4, 0.6, 0.8]),
        legend=["geen", "< 1 kWh", "< 2 kWh", "< 3 kWh", "< 4 kWh", "4 kWh en meer"],
        fills=heatmap.AMOUNT,
        row_px=3,
    )


@app.get("/")
def home(request: Request) -> HTMLResponse:
    """The home page of an installation, with the cards of the gallery."""
    return shell.render(
        request,
        "operator/home.html",
        cards=shell.cards_for(request),
        steps=shell.steps_for(request),
        waiting=shell.waiting_for(request),
    )


@app.get("/cards/cost")
def cost_card(request: Request) -> HTMLResponse:
    """A card with a chart."""
    return fragment(request, "card_cost", chart=use_chart())


@app.get("/cards/{name}")
def other_card(request: Request, name: str) -> HTMLResponse:
    """A card with figures that moves."""
    return fragment(request, "card_energy", heat_j=28_040_000_000, power_wh=1_213_400, now=datetime.now(UTC))


@app.get("/bill")
def bill(request: Request) -> HTMLResponse:
    """A long table, and the way back of one of its lines."""
    return page(request, "bill", lines=LINES, use=use_chart())


@app.get("/board")
def board(request: Request) -> HTMLResponse:
    """Charts, tables and progress that a board watches."""
    return page(request, "board", quality=quality_chart(), supply=supply_chart(), year=year_chart())


@app.get("/forms")
def forms(request: Request) -> HTMLResponse:
    """Fields, choices, badges, empty state."""
    return page(request, "forms")


@app.get("/confirm")
def confirm(request: Request) -> HTMLResponse:
    """The question before something final."""
    return shell.confirm_page(
        request,
        title="Rekeningenloop september vrijgeven",
        text="96 rekeningen worden uitgegeven. Uitgegeven rekeningen veranderen nooit meer.",
        button="Vrijgeven",
        action="/forms",
        back="/board",
    )


@app.get("/error/{status}")
def error(request: Request, status: int) -> HTMLResponse:
    """Each refusal, with problems where it has any."""
    problems = [
        Problem("EAN has a wrong check digit: 871687120000000013", "ean", 4),
        Problem("leaves before it joins", "leave_date", 17),
        Problem("row has 5 columns instead of 7", line=23),
    ]
    said = "This file has three lines that cannot be read." if status == 422 else ""
    return shell.error_page(request, status, "bad-input", said, problems if status == 422 else ())


@app.get("/empty")
def empty(request: Request) -> HTMLResponse:
    """A page with nothing yet."""
    return page(request, "empty")
