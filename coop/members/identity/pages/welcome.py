"""The page behind a one-time address: somebody chooses a password, or confirms that an e-mail address is theirs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, site_of
from coop.kit.session import COOKIE
from coop.members.access import ACCESS
from coop.members.identity.commands import addresses, emails
from coop.members.identity.commands.addresses import PATH, AddressRefused
from coop.members.identity.model import EmailChange
from coop.members.identity.pages.sign_in import FORM_MAX, origin_of
from coop.members.identity.texts import explain
from coop.values import BadInput, CoopError
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get(PATH)
@may("sign-in")
def welcome_page(request: Request, key: str = "") -> Response:
    if not key:
        return _render(request, "members/welcome_key.html", 200)
    try:
        opened = _open(request, key)
    except CoopError as refusal:
        return _refuse(request, refusal)
    return _show(request, opened, key)


@routes.post(PATH)
@may("sign-in")
@body_max(FORM_MAX)
def use_address(request: Request, key: Annotated[str, Form()] = "", new: Annotated[str, Form()] = "") -> Response:
    database, community, origin = request.state.database, site_of(request).community, origin_of(request)
    try:
        if _open(request, key).address.purpose == "confirm-email":
            return _confirm(request, emails.confirm_email(database, community, origin, key))
        addresses.set_password(database, community, origin, key, new)
    except BadInput as refusal:
        return _show(request, _open(request, key), key, explain(request, refusal))
    except CoopError as refusal:
        return _refuse(request, refusal)
    response = redirect("/members/sign-in", translate(language_of(request), "Your password is kept. Sign in with it."))
    response.delete_cookie(COOKIE, path="/")  # somebody else may be signed in here
    return response


def _confirm(request: Request, change: EmailChange) -> Response:
    return _render(request, "members/email_confirmed.html", 200, change=change)


def _open(request: Request, key: str) -> addresses.Opened:
    return addresses.open_address(request.state.database, site_of(request).community, origin_of(request), key)


def _show(request: Request, opened: addresses.Opened, key: str, error: str = "") -> Response:
    status = 422 if error else 200
    template = "members/welcome.html" if opened.address.purpose == "set-password" else "members/confirm_email.html"
    email = opened.address.email
    return _render(request, template, status, account=opened.account, email=email, key=key, error=error)


def _refuse(request: Request, refusal: CoopError) -> Response:
    status = 410 if isinstance(refusal, AddressRefused) else 429
    return _render(request, "members/welcome_refused.html", status, reason=explain(request, refusal))


def _render(request: Request, template: str, status: int, **context: object) -> Response:
    """A page whose address nobody else learns: it is kept nowhere, and no link on it says where it was clicked.

    Without any referrer a browser would send the form with the origin ``null``, which is refused as another site's.
    """
    response = render(request, template, status, **context)
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "strict-origin"})
    return response
