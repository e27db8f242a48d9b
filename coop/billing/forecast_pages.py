"""The page of what a guarantee year will cost, the member's monthly amount on it, and all amounts for the board."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Request, Response

from coop.billing import listings, views
from coop.billing.access import ACCESS
from coop.billing.amounts import forecast_texts
from coop.billing.amounts import texts as asking_texts
from coop.billing.amounts.commands import list_amount_rows, set_amount, view_amount
from coop.billing.amounts.firsts import list_firsts
from coop.billing.amounts.forecasts import forecast_contract
from coop.billing.amounts.releasing import confirm_release, list_held, propose_release, withdraw_release
from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.bills.sight import own_contract, visible_contract
from coop.billing.bodies import Name
from coop.billing.checking import words
from coop.communities.choices import GuaranteeChoice, PaymentChoice
from coop.communities.store import load_choices
from coop.kit.actor import name_id
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.values import BadInput, NotFound, Problem, say
from coop.web.downloads import Asked
from coop.web.forms import read_cents
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE: Final = "/billing/amounts"

routes = APIRouter(route_class=GuardedRoute, prefix="/billing", include_in_schema=False)
may = ACCESS.may


@routes.get("/contracts/{contract_id}/forecast")
@may("see-bills")
def forecast_page(request: Request, contract_id: str) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        contract = visible_contract(tx, session, contract_id)
        made = forecast_contract(tx, contract)
        issued = bills.find_bills(tx, contract_id=contract_id)
        year = views.guarantee_year(issued, lambda each: accounts.list_entries(tx, each))
        amount = view_amount(tx, contract)
        tap_share = load_choices(tx).on(GuaranteeChoice, made.days.start if made else tx.today).tap_share
    return render(
        request,
        "billing/forecast.html",
        made=made,
        chart=views.ceiling_chart(year, lang, [made]) if made and year and year.year == made.year else None,
        tap_share=tap_share,
        amount=amount,
        may_set=session.member_id == contract.member_id and ACCESS.allows(session, "set-own-amount"),
        asking_texts=asking_texts,
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


@routes.post("/contracts/{contract_id}/amount")
@may("set-own-amount")
def set_own_amount(request: Request, contract_id: str, amount: Annotated[Name, Form()]) -> Response:
    cents = read_cents(amount)
    if cents is None:
        raise BadInput([Problem(say("'%(text)s' is no amount in euros", text=amount), "amount")], "bad-amount")
    with writing(request) as tx:
        set_amount(tx, own_contract(tx, session_of(request), contract_id), cents)
    text = translate(language_of(request), "Your monthly amount is set, from the bill of this month on.")
    return redirect(f"/billing/contracts/{contract_id}/forecast", text)


@routes.get("/amounts")
@may("see-all-bills")
def amounts_page(request: Request) -> Response:
    with reading(request) as tx:
        rows, expected = list_amount_rows(tx), list_firsts(tx)
        held = list_held(tx, expected)
        plan = load_choices(tx).on(PaymentChoice, tx.today).plan
    return render(
        request,
        "billing/amounts.html",
        rows=rows,
        held=held,
        is_own=lambda entry: name_id(entry.entered_by) == name_id(str(session_of(request).actor("page"))),
        due_count=sum(not each.doubts for each in expected),
        may_release=ACCESS.allows(session_of(request), "release-runs"),
        plan=plan,
        texts=asking_texts,
    )


@routes.post("/amounts/{contract_id}/release")
@may("release-runs")
def release_amount(
    request: Request,
    contract_id: str,
    amount_cents: Annotated[int, Form(ge=0)],
    act: Annotated[Literal["propose", "confirm", "withdraw"], Form()] = "propose",
) -> Response:
    """Let a held first amount wait for a second person, set it as that person, or leave it out."""
    lang = language_of(request)
    with writing(request) as tx:
        if act == "withdraw":
            withdraw_release(tx, contract_id)
            return redirect(PAGE, translate(lang, "It is left out: nobody is asked this amount."))
        if act == "confirm":
            confirm_release(tx, contract_id, amount_cents)
            return redirect(PAGE, translate(lang, "The monthly amount is set, and the next bill asks it."))
        propose_release(tx, contract_id, amount_cents)
    return redirect(PAGE, translate(lang, "It waits for a second person. Until then nobody is asked it."))


@routes.get("/exports/held-amounts.{extension}")
@may("see-all-bills")
def export_held_amounts(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        held = [each for each in list_firsts(tx) if each.doubts]
    return asked.answer(listings.held_amounts_listing(held, language_of(request)))


@routes.get("/exports/amounts.{extension}")
@may("see-all-bills")
def export_amounts(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.amounts_listing(list_amount_rows(tx)))
