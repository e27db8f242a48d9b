"""Tariffs that the meeting adopted, and the published figures of each year."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import Field

from coop.billing.bodies import Name, Sentence, Year
from coop.billing.fields import Channel, ResolutionId, SentOn, TariffId, make_router, may
from coop.billing.figures import board, commands
from coop.billing.model import PublishedFigure
from coop.billing.terms import store as terms
from coop.communities.tariffs import Product
from coop.communities.terms import TariffTerms
from coop.events.terms import Described
from coop.kit.answers import Answer, Body, ExactDecimal
from coop.kit.http import reading, refuses, session_of, writing
from coop.kit.paging import Paged

routes = make_router()


class MailingOut(Answer):
    """The notices of one day and way."""

    sent_on: SentOn
    channel: Channel
    count: Annotated[int, Field(examples=[98])]
    """Number of members who were written to."""
    to_reader: bool
    """Whether the member who is signed in is among them."""
    has_proof: bool
    """Whether they went out from here, each with its proof; otherwise two people say that they were sent."""


class ComponentOut(Answer):
    """A priced component of a tariff."""

    name: Annotated[str, Field(examples=["Heat"])]
    """Name that it has on bills."""
    product: Product
    """Product that it prices."""
    per: Annotated[str, Field(examples=["GJ"])]
    """Unit that its price is per: `GJ`, `kWh`, `year` or `once`."""
    price_eur: Annotated[ExactDecimal, Field(examples=["38.12"])]
    """Price [EUR], VAT included at the rate of the first day."""
    classes: tuple[str, ...]
    """Classes of customers who pay it."""
    above: Annotated[ExactDecimal, Field(examples=["0"])]
    """Use of a year from which it counts [`per`]."""
    up_to: Annotated[ExactDecimal | None, Field(examples=["37"])]
    """Use of a year up to which it counts [`per`]; null without an end."""
    cap_eur_per_year: Annotated[ExactDecimal | None, Field(examples=["250"])]
    """Most that it costs in a year [EUR]; null without one."""
    years: Annotated[int | None, Field(examples=[30])]
    """Years from the start of a contract for which it is paid; null where it has no end."""
    in_guarantee: bool
    """Whether it counts towards the ceiling of Niet Meer Dan Nu."""
    account: Annotated[str, Field(examples=["heat-variable"])]
    """Account of its revenue."""
    vat: Annotated[str, Field(examples=["energy"])]
    """Category of VAT: `energy`, `standard` or `none`."""


class TariffOut(Answer):
    """A tariff as the meeting adopted it."""

    tariff_id: TariffId
    resolution_id: ResolutionId
    meeting_id: str
    """Meeting that adopted it."""
    valid_from: date
    """First day on which it may bind."""
    decided_on: date
    """Day of the resolution."""
    parameters: Annotated[dict[str, Any], Described(TariffTerms)]
    """First day and components, exactly as they were put to the vote."""
    components: list[ComponentOut]
    """Priced components."""
    parameters_hash: str
    """SHA-256 of the parameters, the same in notice and resolution."""
    maximum_on_file: bool
    """Whether the legal maximum of its year is on file."""
    history: bool
    """Whether its meeting was held before it came on file, and two people entered it from its minutes."""
    mailings: list[MailingOut]
    """Written notices, by day and way."""


class FigureIn(Body):
    """A published figure of a year."""

    series: Annotated[Name, Field(examples=["cpi-households"])]
    """Series: `cpi-households` (factor), `wdd` or `wdd-normal` (degree days)."""
    year: Annotated[Year, Field(examples=[2026])]
    """Year that it is of."""
    factor: Annotated[ExactDecimal, Field(examples=["1.033"])]
    """The figure."""
    source: Annotated[Sentence, Field(examples=["CBS, 83131NED"])]
    """Publication that it stands in."""
    replaces: Annotated[ExactDecimal | None, Field(examples=["1.33"])] = None
    """Value on file that was mistyped and that this one corrects; null where there is none."""
    dry_run: bool = False
    """Whether only to see what corrections would follow."""


class KeptFigureOut(Answer):
    """A published figure of a year; only looked at, with the corrections of issued bills that would follow from it."""

    series: str
    """Series that it is of."""
    year: int
    """Year that it is of."""
    factor: Annotated[ExactDecimal, Field(examples=["1.033"])]
    """The figure."""
    source: str
    """Publication that it stands in."""
    correction_count: Annotated[int | None, Field(examples=[12])]
    """Number of corrections that would follow; null where the figure was kept."""
    total_cents: Annotated[int | None, Field(examples=[-5000])]
    """Total of them [euro cents], VAT included; null where the figure was kept."""


class FigureOut(Answer):
    """A published figure of a year."""

    series: str
    """Series that it is of."""
    year: int
    """Year that it is of."""
    factor: Annotated[ExactDecimal, Field(examples=["1.033"])]
    """The figure."""
    source: str
    """Publication that it stands in."""


@routes.get("/tariffs")
@may("see-tariffs")
def list_tariffs(
    request: Request,
    page: Paged,
    known_on: Annotated[
        date | None, Query(description="Only what was known here of tariffs, notices and law at the end of this day.")
    ] = None,
) -> list[TariffOut]:
    """Every tariff with its resolution and its mailings, oldest first; as they are known now, or were on a day."""
    member_id = session_of(request).member_id
    with reading(request) as tx:
        tariffs = page.close(board.list_tariffs(tx, member_id, page.window, known_on), board.tariff_key)
    return [TariffOut.model_validate(tariff) for tariff in tariffs]


@routes.post("/index")
@may("record-figures")
@refuses("bad-input", "figure-known", "period-incomplete", "no-tariff", "figure-missing", "tariff-not-voted")
def record_figure(request: Request, body: FigureIn) -> KeptFigureOut:
    """Keep a published yearly figure with its source, or correct a mistyped one by the value that it replaces."""
    figure = PublishedFigure(body.series, body.year, body.factor, body.source)
    follows = None
    with reading(request) if body.dry_run else writing(request) as tx:
        if body.dry_run:
            follows = commands.preview_figure(tx, figure, body.replaces)
        else:
            commands.record_figure(tx, figure, body.replaces)
    return KeptFigureOut(
        series=figure.series,
        year=figure.year,
        factor=figure.value,
        source=figure.source,
        correction_count=follows.bill_count if follows else None,
        total_cents=follows.total_cents if follows else None,
    )


@routes.get("/index")
@may("see-tariffs")
def list_figures(request: Request, page: Paged) -> list[FigureOut]:
    """Published yearly figures, by series and year."""
    with reading(request) as tx:
        figures = page.close(terms.list_figures(tx, page.window), lambda figure: (figure.series, figure.year))
    return [_figure_out(figure) for figure in figures]


def _figure_out(figure: PublishedFigure) -> FigureOut:
    return FigureOut(series=figure.series, year=figure.year, factor=figure.value, source=figure.source)
