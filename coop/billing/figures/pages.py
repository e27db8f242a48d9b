"""Tariffs with their notices and figures, as members see them, and the figures that the board enters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.billing.access import ACCESS
from coop.billing.bodies import Name, Sentence, Year
from coop.billing.checking import words
from coop.billing.figures import board
from coop.billing.figures import commands as terms
from coop.billing.model import PublishedFigure
from coop.billing.notices.commands import WAYS
from coop.billing.notices.store import list_open
from coop.billing.terms import store as stored_terms
from coop.communities import tariff_texts
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, redirect, render
from coop.web.writing import money, number

routes = APIRouter(route_class=GuardedRoute, prefix="/billing", include_in_schema=False)
may = ACCESS.may


@routes.get("/tariffs")
@may("see-tariffs")
def tariffs_page(request: Request, known_on: str = "") -> Response:
    session, day = session_of(request), _read_day(known_on)
    with reading(request) as tx:
        tariffs = board.list_tariffs(tx, session.member_id, known_on=day)
        reaches = board.measure_notices(tx) if ACCESS.allows(session, "see-notices") and day is None else {}
        figures = stored_terms.list_figures(tx)
        waiting = list_open(tx) if ACCESS.allows(session, "send-notices") else []
        today = tx.today
    return render(
        request,
        "billing/tariffs.html",
        tariffs=tariffs[::-1],
        texts=tariff_texts,
        figures=figures,
        reaches=reaches,
        may_notify=ACCESS.allows(session, "send-notices") and day is None,
        may_record=ACCESS.allows(session, "record-figures"),
        today=today,
        words=words,
        ways=WAYS,
        waiting=waiting,
        known_on=day,
    )


def _read_day(text: str) -> date | None:
    """The day on which something was known, None for now."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput([Problem(say("'%(text)s' is no day", text=text), "known_on")]) from None


@routes.post("/tariffs/figures")
@may("record-figures")
def enter_figure(
    request: Request,
    series: Annotated[Name, Form()],
    year: Annotated[Year, Form()],
    value: Annotated[Name, Form()],
    source: Annotated[Sentence, Form()],
    replaces: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    lang = language_of(request)
    figure = PublishedFigure(series, year, _read_number(value), source)
    with reading(request) as tx:
        known = stored_terms.find_figure(tx, series, year)
        if known is not None and known.value != figure.value and not replaces:
            return _ask_to_correct(request, tx, known, figure)
    with writing(request) as tx:
        terms.record_figure(tx, figure, _read_number(replaces) if replaces else None)
    return redirect("/billing/tariffs", translate(lang, "The figure is on file."))


def _read_number(text: str) -> Decimal:
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation as error:
        raise BadInput([Problem(say("'%(text)s' is not a number", text=text), "value")]) from error


def _ask_to_correct(request: Request, tx: Tx, known: PublishedFigure, figure: PublishedFigure) -> Response:
    """Show what follows from correcting a figure that is on file, before it is done."""
    lang = language_of(request)
    follows = terms.preview_figure(tx, figure, known.value)
    return confirm_page(
        request,
        title=translate(lang, "Correct this figure?"),
        text=translate(
            lang,
            "%(series)s of %(year)s is on file as %(known)s and becomes %(value)s. On issued bills %(count)s"
            " corrections follow, together %(total)s. You issue them under Bill runs.",
            series=translate(lang, words.SERIES.get(figure.series, figure.series)),
            year=str(figure.year),
            known=number(lang, known.value),
            value=number(lang, figure.value),
            count=str(follows.bill_count),
            total=money(lang, follows.total_cents),
        ),
        button=translate(lang, "Correct the figure"),
        action="/billing/tariffs/figures",
        back="/billing/tariffs",
        hidden={
            "series": figure.series,
            "year": str(figure.year),
            "value": str(figure.value),
            "source": figure.source,
            "replaces": str(known.value),
        },
    )
