"""The page of what a guarantee year will cost, and its list as a file."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.billing import forecast_texts, listings, views, words
from coop.billing.access import ACCESS
from coop.billing.handlers.forecasts import forecast_contract
from coop.billing.sight import visible_contract
from coop.billing.storage import accounts, bills
from coop.communities.choices import GuaranteeChoice
from coop.communities.store import load_choices
from coop.kit.http import GuardedRoute, reading, session_of
from coop.values import NotFound, say
from coop.web.downloads import Asked
from coop.web.language import language_of
from coop.web.shell import render

routes = APIRouter(route_class=GuardedRoute, prefix="/billing", include_in_schema=False)
may = ACCESS.may


@routes.get("/contracts/{contract_id}/forecast")
@may("see-bills")
def forecast_page(request: Request, contract_id: str) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        contract = visible_contract(tx, session_of(request), contract_id)
        made = forecast_contract(tx, contract)
        issued = bills.find_bills(tx, contract_id=contract_id)
        year = views.guarantee_year(issued, lambda each: accounts.list_entries(tx, each))
        tap_share = load_choices(tx).on(GuaranteeChoice, made.days.start if made else tx.today).tap_share
    return render(
        request,
        "billing/forecast.html",
        made=made,
        chart=views.ceiling_chart(year, lang, [made]) if made and year and year.year == made.year else None,
        tap_share=tap_share,
        texts=forecast_texts,
        words=words,
    )


@routes.get("/exports/forecast.{extension}")
@may("see-bills")
def export_forecast(request: Request, asked: Asked, contract: str) -> Response:
    with reading(request) as tx:
        made = forecast_contract(tx, visible_contract(tx, session_of(request), contract))
        if made is None:
            raise NotFound(say("nothing can be told yet of what contract %(contract)s will cost", contract=contract))
        return asked.answer(listings.forecast_listing(made))
