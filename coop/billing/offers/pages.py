"""The page of an offer to somebody who is no member yet: gas bills in, ceiling and expected bill out, and a letter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from coop.billing.access import ACCESS
from coop.billing.checking import words
from coop.billing.guarantee.derivation import derive_ceiling
from coop.billing.model import GasYear
from coop.billing.offers import texts as offer_texts
from coop.billing.offers.commands import preview_offer
from coop.billing.offers.paper import offer_pdf
from coop.billing.offers.rules import Offer
from coop.communities.store import profile_of
from coop.communities.tariff_texts import CLASS_NAMES
from coop.kit.http import GuardedRoute, reading
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form, read_cents, read_form
from coop.web.language import language_of
from coop.web.shell import render

ROWS: Final = 4
NAME_MAX: Final = 100

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/offers", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("")
@may("make-offers")
def show_offer_form(request: Request) -> Response:
    """Show the form, with the last four whole years."""
    with reading(request) as tx:
        today = tx.today
    years = {f"gas.{number}.year": str(today.year - ROWS + number) for number in range(ROWS)}
    return _show(request, Form({"starts_on": _next_month(today).isoformat(), **years}))


@routes.post("")
@may("make-offers")
def make_offer_page(request: Request, filled: Filled) -> Response:
    """Show what the gas bills make of ceiling and bills. Nothing of it is kept."""
    try:
        offer, _ = _reckon(request, filled)
    except CoopError as refusal:
        return _show(request, Form(filled).refused(refusal))
    return _show(request, Form(filled), offer)


@routes.post("/letter.pdf")
@may("make-offers")
def make_offer_letter(request: Request, filled: Filled) -> Response:
    """Answer the offer as a letter. Nothing of it is kept."""
    lang = language_of(request)
    try:
        offer, today = _reckon(request, filled)
    except CoopError as refusal:
        return _show(request, Form(filled).refused(refusal))
    with reading(request) as tx:
        profile = profile_of(tx, today)
    body = offer_pdf(offer, filled.get("name", "").strip(), profile, today, lang)
    headers = {"Content-Disposition": f'inline; filename="{offer_texts.file_name(lang)}"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


def _reckon(request: Request, filled: Mapping[str, str]) -> tuple[Offer, date]:
    """The offer that a form asks for, and the day of it.

    Raises:
        BadInput: something of it cannot be read, or is none that an offer can rest on.
        CoopError: as ``preview_offer``.
    """
    starts_on, gas = _read(filled)
    with reading(request) as tx:
        return preview_offer(tx, starts_on, gas, filled.get("customer_class", "full")), tx.today


def _read(filled: Mapping[str, str]) -> tuple[date, list[GasYear]]:
    problems, gas = [], []
    try:
        starts_on = date.fromisoformat(filled.get("starts_on", ""))
    except ValueError:
        starts_on = date.min
        problems.append(Problem(say("must be a date such as 2026-01-01"), "starts_on"))
    if len(filled.get("name", "")) > NAME_MAX:
        problems.append(Problem(say("is a name of at most %(most)s characters", most=NAME_MAX), "name"))
    for number in range(ROWS):
        year, gas_m3, amount = (filled.get(f"gas.{number}.{name}", "").strip() for name in ("year", "m3", "eur"))
        if not gas_m3 and not amount:
            continue
        cents = read_cents(amount)
        whole = {"year": year, "m3": gas_m3.replace(".", "")}
        wrong = [name for name, text in whole.items() if not (text.isascii() and text.isdecimal() and len(text) < 8)]
        problems += [Problem(say("is no whole number"), f"gas.{number}.{name}") for name in wrong]
        if cents is None:
            problems.append(Problem(say("is no amount in euros"), f"gas.{number}.eur"))
        if not wrong and cents is not None:
            gas.append(GasYear(int(year), int(whole["m3"]), cents))
    if problems:
        raise BadInput(problems, "bad-offer")
    return starts_on, gas


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _show(request: Request, form: Form, offer: Offer | None = None) -> Response:
    lang = language_of(request)
    said: dict[str, Any] = {}
    if offer is not None:
        derived = derive_ceiling(offer.promise)
        said = {
            "facts": offer_texts.offer_facts(lang, offer),
            "chart": offer_texts.draw_offer(lang, offer),
            "steps": words.ceiling_steps(lang, derived),
            "notes": offer_texts.offer_notes(lang, offer),
            "prices": offer_texts.offer_prices(lang, offer),
        }
    return render(
        request,
        "billing/offer.html",
        422 if form.problems else 200,
        form=form,
        rows=range(ROWS),
        classes=CLASS_NAMES,
        offer=offer,
        words=words,
        **said,
    )
