"""The home page, signing in and out, and the choice of an own password."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response

from coop.kit import clock
from coop.kit.auth import COOKIE, LIFETIME_S, Session, sign
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.members import accounts
from coop.members.accounts import OneTimePassword
from coop.values import BadInput, CoopError
from coop.web.language import N_, gettext, language_of, translate
from coop.web.shell import home_page, person_of, redirect, render

REFUSALS = {
    "wrong-sign-in": N_("The e-mail address or the password is not right."),
    "sign-in-paused": N_("Too many tries. Wait five minutes, then try again."),
    "bad-input": N_("Choose at least 10 characters, and another password than the one you have now."),
}


def add_routes(routes: APIRouter, database: Database, settings: Settings) -> None:
    """Add the routes of these pages."""
    secret = settings.signing_secret()
    secure = settings.public_url().startswith("https://")

    def enter(session: Session, url: str, message: str = "") -> Response:
        response = redirect(url, message)
        response.set_cookie(
            COOKIE, sign(session, secret), max_age=LIFETIME_S, httponly=True, samesite="lax", secure=secure, path="/"
        )
        return response

    @routes.get("/")
    def home(request: Request) -> Response:
        return home_page(request)

    @routes.get("/members/sign-in")
    def sign_in_form(request: Request, next: str = "/") -> Response:
        if person_of(request):
            return redirect(local(next))
        return render(request, "members/sign_in.html", next=local(next), email="", error="")

    @routes.post("/members/sign-in")
    def sign_in(
        request: Request,
        email: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",
    ) -> Response:
        try:
            session = accounts.sign_in(database, settings.community, email, password, clock.now())
        except OneTimePassword:
            return render(request, "members/new_password.html", next=local(next), email=email, error="")
        except CoopError as refusal:
            error = refusal_text(request, refusal)
            return render(request, "members/sign_in.html", 422, next=local(next), email=email, error=error)
        return enter(session, local(next))

    @routes.get("/members/new-password")
    def new_password_form(request: Request, next: str = "/") -> Response:
        return render(request, "members/new_password.html", next=local(next), email="", error="")

    @routes.post("/members/new-password")
    def new_password(
        request: Request,
        email: Annotated[str, Form()] = "",
        old: Annotated[str, Form()] = "",
        new: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",
    ) -> Response:
        try:
            session = accounts.choose_password(database, settings.community, email, old, new, clock.now())
        except CoopError as refusal:
            error = refusal_text(request, refusal)
            return render(request, "members/new_password.html", 422, next=local(next), email=email, error=error)
        return enter(
            session, local(next), translate(language_of(request), "From now on you sign in with this password.")
        )

    @routes.post("/members/sign-out")
    def sign_out(request: Request) -> Response:
        response = redirect("/")
        response.delete_cookie(COOKIE, path="/")
        return response


def refusal_text(request: Request, refusal: CoopError) -> str:
    """Why a password was not taken, in the reader's language."""
    code = "bad-input" if isinstance(refusal, BadInput) else refusal.code
    return gettext(language_of(request), REFUSALS.get(code, refusal.message))


def local(url: str) -> str:
    """A path on our own site, for where a sign-in leads may not be chosen by another site.

    >>> local("/billing/?year=2025"), local("//evil.example"), local("https://evil.example"), local("/\\\\evil.example")
    ('/billing/?year=2025', '/', '/', '/')
    """
    # Browsers read a backslash as a slash and leave out tabs and line ends, so neither may stand in it.
    plain = url.startswith("/") and not url.startswith("//") and "\\" not in url and url.isprintable()
    return url if plain and not urlsplit(url).netloc else "/"
