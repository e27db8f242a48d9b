"""The page of stands that were read at a move and wait to be entered at the meters."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.members.access import ACCESS
from coop.members.entry import store
from coop.members.entry.pages.forms import FORM_MAX
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/register/stands"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("keep-register")
def stands_page(request: Request) -> Response:
    """List the stands that wait, in the order in which they were read."""
    with reading(request) as tx:
        waiting = store.list_waiting(tx)
    return render(request, "members/stands.html", waiting=waiting)


@routes.post("/{connection_id}/{read_on}")
@may("keep-register")
@body_max(FORM_MAX)
def mark(request: Request, connection_id: str, read_on: date, act: Annotated[str, Form()] = "") -> Response:
    """Note that the stands of a move were entered."""
    with writing(request) as tx:
        store.mark_entered(tx, connection_id, read_on)
    return redirect(PAGE, translate(language_of(request), "These stands are entered."))
