"""A gallery of everything that the shell offers, with plausible data: to look at, and for the tests to walk through.

Run it with ``uvicorn tests.web.gallery:app`` and open ``/?as=member``, ``/bill``, ``/board`` ...
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from coop.values import Period, Problem
from coop.web import charts, heatmap, pdf, shell
from coop.web.language import LANGUAGES
from coop.web.writing import energy, money, month

HERE = Path(__file__).resolve().parent
TODAY = date(2025, 10, 1)


@dataclass(frozen=True)
class Visitor:
    """A signed-in person as ``coop.kit.auth`` describes one."""

    name: str
    roles: frozenset[str]


VISITORS = {
    "member": Visitor("Noor de Wit", frozenset({"member"})),
    "board": Visitor("Bram Hendriks", frozenset({"member", "board"})),
    "partner": Visitor("Gemeente Amsterdam", frozenset({"partner"})),
}

app = FastAPI(openapi_url=None)
app.state.site_name = "Warm in de Wijk"
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


for lang in LANGUAGES:
    # The gallery stands beside the services: its templates have a folder of their own.
    pages = jinja2.PrefixLoader({"gallery": jinja2.FileSystemLoader(HERE / "pages")})
    shell.environment(lang).loader = jinja2.ChoiceLoader([shell.environment(lang).loader or pages, pages])


def page(request: Request, name: str, **context: Any) -> HTMLResponse:
    """A page of the gallery's own template folder."""
    return shell.render(request, f"gallery/{name}.html", **context)


def fragment(request: Request, name: str, **context: Any) -> HTMLResponse:
    """A fragment of the gallery's own template folder."""
    return shell.card(request, f"gallery/{name}.html", **context)


def cost_chart(lang: str = "nl") -> charts.Chart:
    """Example E9 of domain.md as a running year."""
    days = [month.end - timedelta(days=1) for month in Period.year(2025).months()]
    monthly = [21_450, 19_320, 15_580, 11_240, 7_180, 5_020, 4_610, 4_880, 6_940]
    cost = [sum(monthly[: i + 1]) for i in range(9)]
    expected: list[int | None] = [None] * 8 + [cost[-1], cost[-1] + 12_100, cost[-1] + 28_400, cost[-1] + 48_900]
    so_far, ceiling = money(lang, cost[-1]), money(lang, 159_817)
    sentence = {
        "nl": f"Tot en met september kostte uw energie {so_far}, van een plafond van {ceiling}.",
        "en": f"Until September your energy cost {so_far} of a ceiling of {ceiling}.",
    }[lang]
    title = {"nl": "Kosten tegen het plafond", "en": "Cost against the ceiling"}[lang]
    return charts.progress_against_ceiling(
        title=title,
        sentence=sentence,
        days=days,
        cost_cents=cost,
        ceiling_cents=159_817,
        lang=lang,
        expected_cents=expected,
    )


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


def supply_chart() -> charts.Chart:
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
        lang="nl",
    )


def programme_chart() -> charts.Chart:
    """Phases of a programme."""
    plan = [
        charts.Milestone("Vergunning kade", date(2025, 1, 6), date(2025, 3, 31), date(2025, 3, 20), "Bereikt"),
        charts.Milestone(
            "Bron in bedrijf", date(2025, 3, 1), date(2025, 7, 15), date(2025, 8, 2), "Bereikt, 18 dagen later"
        ),
        charts.Milestone("60 woningen aangesloten", date(2025, 6, 1), date(2025, 11, 30), None, "Loopt"),
        charts.Milestone("Seizoensopslag", date(2025, 9, 15), date(2026, 5, 31), None, "Loopt"),
    ]
    return charts.milestones(
        title="Programma 2025-2026",
        sentence="Twee van vier mijlpalen zijn bereikt; de bron kwam 18 dagen later in bedrijf dan gepland.",
        plan=plan,
        today=TODAY,
        lang="nl",
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


app.get("/")(shell.home_page)


@app.get("/billing/cards/cost")
def cost_card(request: Request) -> HTMLResponse:
    """A card with a chart."""
    return fragment(request, "card_cost", chart=cost_chart())


@app.get("/metering/cards/{name}")
@app.get("/governance/cards/{name}")
def other_card(request: Request, name: str) -> HTMLResponse:
    """A card with figures that moves."""
    return fragment(request, "card_energy", heat_j=28_040_000_000, power_wh=1_213_400, now=datetime.now(UTC))


@app.get("/bill")
def bill(request: Request) -> HTMLResponse:
    """A bill and the walk back of one line."""
    return page(request, "bill", bill=BILL, cost=cost_chart(), use=use_chart())


@app.get("/bill.pdf")
def bill_file(lang: str = "nl") -> Response:
    """The same bill on paper."""
    return Response(pdf.bill_pdf(BILL | {"chart_svg": cost_chart(lang).printed()}, lang), media_type="application/pdf")


@app.get("/board")
def board(request: Request) -> HTMLResponse:
    """Charts, tables and progress that a board watches."""
    return page(
        request, "board", programme=programme_chart(), quality=quality_chart(), supply=supply_chart(), year=year_chart()
    )


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
    return shell.error_page(request, status, said, problems if status == 422 else (), code="bad-input")


@app.get("/empty")
def empty(request: Request) -> HTMLResponse:
    """A page with nothing yet."""
    return page(request, "empty")


BILL: pdf.BillDocument = {
    "number": "2025-000412",
    "kind": "bill",
    "issued": date(2025, 10, 3),
    "due": date(2025, 10, 17),
    "period": Period.month(2025, 9),
    "sender": {
        "name": "Energiecoöperatie Warm in de Wijk U.A.",
        "lines": ["Gedempt Hamerkanaal 101", "1021 KP Amsterdam"],
        "references": [("KvK", "12345678"), ("Btw", "NL001234567B01"), ("IBAN", "NL13TEST0123456789")],
        "contact": "rekeningen@warmindewijk.example · 020 000 00 00",
    },
    "recipient": {"name": "N. de Wit", "lines": ["Gedempt Hamerkanaal 23-2", "1021 KL Amsterdam"], "member": "L-0042"},
    "lines": [
        {
            "text": "Warmte",
            "quantity": energy("nl", 1_070_000_000, "J"),
            "price": "€ 43,79 / GJ",
            "amount_cents": 4_686,
            "source": ["R1", "T1"],
        },
        {
            "text": "Vastrecht warmte, 30 dagen",
            "quantity": "30 dgn",
            "price": "€ 2,0843 / dag",
            "amount_cents": 6_253,
            "source": ["T1"],
        },
        {
            "text": "Gedeelde zonnestroom",
            "quantity": energy("nl", 70_300, "Wh"),
            "price": "€ 0,1420 / kWh",
            "amount_cents": 998,
            "source": ["A1", "T2"],
        },
        {"text": "Krediet Niet Meer Dan Nu", "quantity": "", "price": "", "amount_cents": -4_997, "source": ["G1"]},
    ],
    "net_cents": 5_736,
    "vat": [("21%", 5_736, 1_204)],
    "total_cents": 6_940,
    "guarantee": {
        "ceiling_cents": 159_817,
        "so_far_cents": 96_220,
        "credit_cents": 4_997,
        "text": "Referentie: vier gasnota's 2019-2022, geïndexeerd.",
    },
    "payment": "Wij incasseren dit bedrag op 17 oktober 2025 van NL•• •••• •••• ••61 89, machtiging M-0042.",
    "sources": [
        {
            "mark": "R1",
            "kind": "Meterstanden",
            "text": "WM-0042 warmte, 1 sep 0:00 tot 1 okt 0:00, 30 dagen, versie 1; 12 sep versie 2",
            "code": "rd-0042/2025-09#30v1,1v2",
        },
        {
            "mark": "A1",
            "kind": "Verdeling",
            "text": "Zon Hamerkwartier, sleutel dynamisch, 2.880 kwartieren",
            "code": "alloc-2025-09-01",
        },
        {
            "mark": "T1",
            "kind": "Tarief",
            "text": "Warmte 2025; besluit 2024-11 van de ALV van 28 november 2024, 71 voor, 4 tegen",
            "code": "tariff-heat-2025v1",
        },
        {
            "mark": "T2",
            "kind": "Tarief",
            "text": "Gedeelde stroom 2025; besluit 2024-12 van dezelfde ALV",
            "code": "tariff-power-2025v1",
        },
        {
            "mark": "G1",
            "kind": "Garantie",
            "text": "Niet Meer Dan Nu, referentie € 1.502,05, index 1,033 × 1,030",
            "code": "nmdn-0042v1",
        },
    ],
    "hash": "9c1f6b7e0a3d5528c2b90f41d7aa6e35104fb2c98e77d01f3f8f2b6a5de4c713",
    "dispute": "Klopt er iets niet? Laat het weten; het betwiste deel hoeft u zolang niet te betalen.",
}
