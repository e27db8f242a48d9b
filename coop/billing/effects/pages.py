"""Pages of a tariff that is put to the vote: what it does to one's own bill, and for the board to everybody's."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Form, Request, Response

from coop.billing.access import ACCESS
from coop.billing.checking import words
from coop.billing.effects import views as effect_views
from coop.billing.effects.commands import Effects, ask_effects, ask_own_effects, find_proposal
from coop.billing.effects.rules import sum_effects
from coop.billing.effects.views import ORDERS, EffectView, view_effect
from coop.billing.terms import heard_store as heard
from coop.billing.terms.heard_store import ProposedTariff
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say
from coop.web.language import language_of
from coop.web.shell import card, render

PAGE_SIZE = 50

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/proposals", include_in_schema=False)
may = ACCESS.may
Order = Literal["change", "proposed", "contract"]
Weather = Literal["measured", "coldest"]


@routes.get("/{resolution_id}")
@may("see-own-effect")
def show_own_effect(request: Request, resolution_id: str) -> Response:
    """Show what a proposed tariff does to the reader's own bills."""
    return render(request, "billing/effect.html", **_read_own(request, resolution_id))


@routes.get("/{resolution_id}/own")
@may("see-own-effect")
def show_own_effect_card(request: Request, resolution_id: str) -> Response:
    """Show the same as a part of the page on which the reader votes."""
    return card(request, "billing/card_effect.html", **_read_own(request, resolution_id))


@routes.get("/{resolution_id}/all")
@may("see-all-effects")
def show_all_effects(
    request: Request, resolution_id: str, by: Order = "change", weather: Weather = "measured", page: int = 1
) -> Response:
    """Show what a proposed tariff does to everybody's bills, and together."""
    with reading(request) as tx:
        told = ask_effects(tx, find_proposal(tx, resolution_id), cold=weather == "coldest")
    listed = effect_views.sort_effects(told.effects, by)
    page = max(page, 1)
    return render(
        request,
        "billing/effects.html",
        **_describe(request, told),
        shown=listed[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        order=by,
        orders=ORDERS,
        weather=weather,
        page=page,
        pages=-(-len(listed) // PAGE_SIZE),
    )


@routes.get("/{resolution_id}/coldest")
@may("see-all-effects")
def show_coldest_card(request: Request, resolution_id: str) -> Response:
    """Show what all bills are together in the coldest year on file, as a part of the page on everybody's."""
    with reading(request) as tx:
        told = ask_effects(tx, find_proposal(tx, resolution_id), cold=True)
    return card(request, "billing/card_coldest.html", **_describe(request, told))


@routes.post("/look")
@may("see-all-effects")
def look_at_effects(
    request: Request, held_on: Annotated[date, Form()], parameters: Annotated[str, Form(max_length=200_000)]
) -> Response:
    """Show what a tariff would do to everybody's bills before its notice goes out. Nothing is kept."""
    proposal = ProposedTariff(held_on, _read_parameters(parameters))
    with reading(request) as tx:
        usual, cold = ask_effects(tx, proposal), ask_effects(tx, proposal, cold=True)
    return render(
        request,
        "billing/effects_look.html",
        **_describe(request, usual),
        cold=_describe(request, cold),
        shown=effect_views.sort_effects(usual.effects, "change"),
    )


def _describe(request: Request, told: Effects) -> dict[str, Any]:
    """Sentences of the pages on everybody's bills."""
    lang = language_of(request)
    return {
        "told": told,
        "sums": sum_effects(told.effects),
        "explained": effect_views.explain_effects(lang, told),
        "winter": effect_views.explain_winter(lang, told),
        "words": words,
    }


def _read_parameters(text: str) -> dict[str, Any]:
    """The parameters of a tariff as a form of governance sends them along.

    Raises:
        BadInput: they are none.
    """
    try:
        parameters = orjson.loads(text)
    except orjson.JSONDecodeError:
        parameters = None
    if not isinstance(parameters, dict):
        raise BadInput([Problem(say("is no tariff that can be read"), "parameters")])
    return parameters


def _read_own(request: Request, resolution_id: str) -> dict[str, Any]:
    lang, member_id = language_of(request), session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with reading(request) as tx:
        told = ask_own_effects(tx, find_proposal(tx, resolution_id), member_id)
        views = _view_all(tx, lang, told)
    return {
        "told": told,
        "views": views,
        "explained": effect_views.explain_effects(lang, told),
        "words": words,
        "sees_all": ACCESS.allows(session_of(request), "see-all-effects"),
    }


def _view_all(tx: Tx, lang: str, told: Effects) -> list[EffectView]:
    numbers = heard.list_connection_numbers(tx)
    return [view_effect(lang, effect, numbers.get(effect.connection_id, "")) for effect in told.effects]
