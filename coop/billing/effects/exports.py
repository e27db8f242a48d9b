"""Effect of a proposed tariff on bills, as files: everybody's for the board, one's own for a member."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from coop.billing.access import ACCESS
from coop.billing.effects import listings as effect_listings
from coop.billing.effects.commands import ask_effects, ask_own_effects, find_proposal
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import NotAllowed
from coop.web.downloads import Asked

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/exports", include_in_schema=False)
may = ACCESS.may


@routes.get("/effects.{extension}")
@may("see-all-effects")
def export_effects(
    request: Request, asked: Asked, resolution: str, weather: Literal["measured", "coldest"] = "measured"
) -> Response:
    with reading(request) as tx:
        told = ask_effects(tx, find_proposal(tx, resolution), cold=weather == "coldest")
    return asked.answer(effect_listings.effects_listing(told.effects))


@routes.get("/effect-months.{extension}")
@may("see-own-effect")
def export_effect_months(request: Request, asked: Asked, resolution: str, contract: str = "") -> Response:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with reading(request) as tx:
        told = ask_own_effects(tx, find_proposal(tx, resolution), member_id)
    effects = [effect for effect in told.effects if contract in ("", effect.contract_id)]
    return asked.answer(effect_listings.effect_months_listing(effects))
