"""Help for who lost a second factor: one person asks to take it off, another does it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.members.access import ACCESS, grants_of
from coop.members.factors import store
from coop.members.factors.commands import resets
from coop.members.identity.store import get_account, list_names, list_without_factor
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/lost-factors"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("reset-factors")
def lost_factors_page(request: Request) -> Response:
    """Resets that wait, and accounts that have no second factor though their roles need one."""
    session = session_of(request)
    with reading(request) as tx:
        names = list_names(tx)
        waiting = [(reset, get_account(tx, reset.account_id)) for reset in store.list_waiting_resets(tx)]
        without = list_without_factor(tx)
    mine, grants = f"account:{session.account_id}", grants_of(session)
    return render(
        request,
        "members/lost_factors.html",
        waiting=[
            (
                reset,
                account,
                names.get(reset.proposed_by.removeprefix("account:"), reset.proposed_by),
                mine not in (reset.proposed_by, f"account:{account.account_id}") and account.roles <= grants,
            )
            for reset, account in waiting
        ],
        without=without,
    )


@routes.post("/accounts/{account_id}")
@may("reset-factors")
def propose_reset(request: Request, account_id: str) -> Response:
    with writing(request) as tx:
        resets.propose_reset(tx, grants_of(session_of(request)), account_id)
    return redirect(PAGE, translate(language_of(request), "Asked. A second person confirms it here."), "note")


@routes.post("/{reset_id}/confirm")
@may("reset-factors")
def confirm_reset(request: Request, reset_id: str) -> Response:
    with writing(request) as tx:
        account = resets.confirm_reset(tx, grants_of(session_of(request)), reset_id)
    text = translate(
        language_of(request),
        "%(name)s has no second factor any more and chooses another at the next sign-in. They are told.",
        name=account.name,
    )
    return redirect(PAGE, text)


@routes.post("/{reset_id}/withdraw")
@may("reset-factors")
def withdraw_reset(request: Request, reset_id: str) -> Response:
    with writing(request) as tx:
        account = resets.withdraw_reset(tx, grants_of(session_of(request)), reset_id)
    text = translate(language_of(request), "The second factor of %(name)s stays.", name=account.name)
    return redirect(PAGE, text)
