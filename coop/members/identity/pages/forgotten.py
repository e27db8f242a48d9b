"""The page for whoever forgot their password: the answer is the same whether somebody has the address or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from starlette.background import BackgroundTask

from coop.kit.http import GuardedRoute, body_max, site_of
from coop.members.access import ACCESS
from coop.members.identity.commands.invitations import ask_reset
from coop.members.identity.pages.sign_in import FORM_MAX, origin_of
from coop.web.shell import render

PAGE = "/members/forgotten"

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get(PAGE)
@may("sign-in")
def forgotten_page(request: Request) -> Response:
    return render(request, "members/forgotten.html", asked=False)


@routes.post(PAGE)
@may("sign-in")
@body_max(FORM_MAX)
def ask_password(request: Request, email: Annotated[str, Form()] = "") -> Response:
    """Answer first and look the address up afterwards, so that time tells nothing either."""
    response = render(request, "members/forgotten.html", asked=True)
    community, database = site_of(request).community, request.state.database
    response.background = BackgroundTask(ask_reset, database, community, origin_of(request), email)
    return response
