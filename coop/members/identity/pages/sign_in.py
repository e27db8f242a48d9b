"""Signing in and out."""

from __future__ import annotations

import re
import secrets
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, site_of
from coop.kit.session import COOKIE, ENROLMENT, ENTERING, LIFETIME, SECOND_STEP, Session, sign
from coop.members.access import ACCESS
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.commands import sign_in as sign_in_commands
from coop.members.identity.model import Origin
from coop.members.identity.rules.tries import find_source
from coop.members.identity.texts import explain
from coop.values import CoopError
from coop.web.shell import person_of, redirect, render

FORM_MAX = 16 * 1024
"""Largest form [bytes] of whoever is not signed in yet."""

BROWSER_COOKIE = "coop_browser"
BROWSER_COOKIE_LASTS_S = 400 * 86400
"""Browsers keep no cookie longer."""

_BROWSER = re.compile(r"[\w-]{22}", re.ASCII)

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/sign-in")
@may("sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:
    if person_of(request):
        return redirect(keep_local(next))
    if request.state.entering is not None:
        return redirect(_find_step(request.state.entering, keep_local(next)))
    return render(request, "members/sign_in.html", next=keep_local(next), email="", error="")


@routes.post("/sign-in")
@may("sign-in")
@body_max(FORM_MAX)
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    origin, url = origin_of(request), keep_local(next)
    try:
        session = sign_in_commands.sign_in(request.state.database, _community(request), origin, email, password)
    except CoopError as refusal:
        error = explain(request, refusal)
        return render(request, "members/sign_in.html", 422, next=url, email=email, error=error)
    return enter(request, session, origin, url)


@routes.post("/sign-out")
@may("sign-out")
def sign_out(request: Request) -> Response:
    session = person_of(request) or request.state.entering
    if session and session.id:
        with request.state.database.write(session.community, session.actor(request.state.channel)) as tx:
            session_commands.sign_out(tx, session.account_id, session.id)
    return leave()


def origin_of(request: Request) -> Origin:
    """Find the source of a request. A browser without a mark gets one here, which counts once somebody signs in."""
    mark = request.cookies.get(BROWSER_COOKIE, "")
    host = request.client.host if request.client else ""
    return Origin(find_source(host), mark if _BROWSER.fullmatch(mark) else secrets.token_urlsafe(16))


def enter(request: Request, session: Session, origin: Origin, url: str, message: str = "") -> Response:
    """Send a browser on as somebody who is signed in, or to the step that is lacking."""
    settings = request.app.state.settings
    secure = settings.public_url().startswith("https://")
    response = redirect(_find_step(session, url), message)
    lasts = ENTERING if session.lacks else LIFETIME
    for name, value, lasts_s in (
        (COOKIE, sign(session, settings.signing_secret()), int(lasts.total_seconds())),
        (BROWSER_COOKIE, origin.browser, BROWSER_COOKIE_LASTS_S),
    ):
        response.set_cookie(name, value, max_age=lasts_s, httponly=True, samesite="lax", secure=secure, path="/")
    return response


def _find_step(session: Session, url: str) -> str:
    """Find where a session leads: on to an address, or to the step that it lacks first."""
    steps = {SECOND_STEP: "/members/second-step", ENROLMENT: "/members/factors"}
    return f"{steps[session.lacks]}?{urlencode({'next': url})}" if session.lacks else url


def leave(message: str = "") -> Response:
    """Send a browser to the home page as nobody."""
    response = redirect("/", message)
    response.delete_cookie(COOKIE, path="/")
    return response


def _community(request: Request) -> str:
    return site_of(request).community


def keep_local(url: str) -> str:
    """Keep a path on our own site, for where a sign-in leads may not be chosen by another site.

    >>> [keep_local(url) for url in ("/billing/?year=2025", "//evil.example", "https://evil.example")]
    ['/billing/?year=2025', '/', '/']
    """
    # Browsers read a backslash as a slash and leave out tabs and line ends, so neither may stand in it.
    plain = url.startswith("/") and not url.startswith("//") and "\\" not in url and url.isprintable()
    return url if plain and not urlsplit(url).netloc else "/"
