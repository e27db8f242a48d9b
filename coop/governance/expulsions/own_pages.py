"""Page on the own expulsion: the decision, its reason, until when one may appeal, and the button for that."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.expulsions.commands import appeal
from coop.governance.expulsions.views import STATES, WAYS, view_expulsions
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.values import CoopError
from coop.web.forms import Form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE: Final = "/governance/expulsion"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("appeal-expulsion")
def show_own(request: Request) -> Response:
    """Show the member how the end of their membership stands."""
    return _show(request, Form({}))


@routes.post("")
@may("appeal-expulsion")
def appeal_own(request: Request) -> Response:
    """Appeal to the members' meeting, as the member whose session this is."""
    try:
        with writing(request) as tx:
            appeal(tx, session_of(request).member_id or "")
    except CoopError as refusal:
        return _show(request, Form({}).refused(refusal))
    said = translate(language_of(request), "You appealed. The members' meeting decides on it.")
    return redirect(PAGE, said)


def _show(request: Request, form: Form) -> Response:
    with reading(request) as tx:
        views = view_expulsions(tx, session_of(request).member_id or "")
    return render(
        request,
        "governance/expulsion.html",
        422 if form.problems else 200,
        form=form,
        views=views,
        ways=WAYS,
        states=STATES,
    )
