"""The own factors: what I have, an app and passkeys to add or remove, and codes for paper."""

from __future__ import annotations

from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request, Response
from markupsafe import Markup

from coop.communities.store import find_profile
from coop.kit.http import GuardedRoute, body_max, reading, session_of, site_of, writing
from coop.kit.seal import Unsealable
from coop.kit.session import Session
from coop.members.access import ACCESS
from coop.members.factors.commands import own
from coop.members.factors.model import PasskeyRefused, WrongCode
from coop.members.factors.pages.places import find_place, secrets_of
from coop.members.factors.pages.step import FORM_MAX
from coop.members.factors.store import load_factors
from coop.members.factors.texts import explain
from coop.members.identity.commands.sessions import complete_session, sign_out
from coop.members.identity.pages.sign_in import enter, keep_local, leave, origin_of
from coop.members.identity.store import list_roles_with_factor
from coop.values import BadInput
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/factors"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("keep-own-factors")
def factors_page(request: Request, next: str = "/") -> Response:
    """The own factors; for whoever has to choose one first, the ways there are."""
    session = session_of(request)
    with reading(request) as tx:
        factors = load_factors(tx, session.account_id)
        is_needed = bool(session.roles & list_roles_with_factor(tx))
        is_fresh = own.is_fresh(tx, session)
        profile = find_profile(tx)
    return render(
        request,
        "members/factors.html",
        factors=factors,
        is_needed=is_needed,
        is_fresh=is_fresh,
        is_demonstration=profile is not None and profile.is_demonstration,
        enrols=bool(session.lacks),
        place=find_place(request),
        next=keep_local(next),
    )


@routes.get("/app")
@may("keep-own-factors")
def app_page(request: Request, next: str = "/") -> Response:
    """An app that shows codes: a QR code, and the secret to type."""
    with reading(request) as tx:
        offered = own.offer_app(tx, secrets_of(request), session_of(request), site_of(request).name)
    return _show_app(request, offered, next)


@routes.post("/app")
@may("keep-own-factors")
@body_max(FORM_MAX)
def confirm_app(
    request: Request,
    sealed: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    secrets, session = secrets_of(request), session_of(request)
    try:
        with writing(request) as tx:
            made = own.confirm_app(tx, secrets, session, sealed, code[:100])
            entered = complete_session(tx, session, origin_of(request)) if session.lacks else None
        return _go_on(request, entered, made, next)
    except Unsealable as refusal:
        return redirect(PAGE, explain(request, refusal), "refused")
    except WrongCode as refusal:
        with reading(request) as tx:
            offered = own.read_offer(tx, secrets, session, sealed, site_of(request).name)
        return _show_app(request, offered, next, explain(request, refusal))


@routes.post("/app/remove")
@may("keep-own-factors")
def remove_app(request: Request) -> Response:
    with writing(request) as tx:
        own.remove_app(tx, session_of(request))
    return redirect(PAGE, translate(language_of(request), "The app is removed."))


@routes.get("/passkeys/new")
@may("keep-own-factors")
def passkey_page(request: Request, next: str = "/") -> Response:
    """A passkey to add."""
    return _show_passkey(request, next)


@routes.post("/passkeys/new")
@may("keep-own-factors")
@body_max(FORM_MAX)
def confirm_passkey(
    request: Request,
    name: Annotated[str, Form()] = "",
    sealed: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    session, place = session_of(request), find_place(request)
    try:
        if place is None:
            raise PasskeyRefused
        with writing(request) as tx:
            made = own.confirm_passkey(tx, secrets_of(request), session, place, sealed, answer, name)
            entered = complete_session(tx, session, origin_of(request)) if session.lacks else None
        return _go_on(request, entered, made, next)
    except BadInput as refusal:
        return _show_passkey(request, next, name, "; ".join(str(problem.reason) for problem in refusal.problems))
    except (PasskeyRefused, Unsealable) as refusal:
        return _show_passkey(request, next, name, explain(request, refusal))


@routes.post("/passkeys/{passkey_id}/remove")
@may("keep-own-factors")
def remove_passkey(request: Request, passkey_id: str) -> Response:
    with writing(request) as tx:
        own.remove_passkey(tx, session_of(request), passkey_id)
    return redirect(PAGE, translate(language_of(request), "The passkey is removed."))


@routes.post("/codes")
@may("keep-own-factors")
def renew_codes(request: Request) -> Response:
    with writing(request) as tx:
        made = own.renew_recovery_codes(tx, session_of(request))
    return _show_codes(request, made, PAGE)


@routes.post("/again")
@may("keep-own-factors")
def sign_in_again(request: Request) -> Response:
    """Sign out, and come back here after signing in."""
    session = session_of(request)
    with writing(request) as tx:
        sign_out(tx, session.account_id, session.id)
    response = leave()
    response.headers["location"] = f"/members/sign-in?next={PAGE}"
    return response


def _go_on(request: Request, session: Session | None, made: list[str], url: str) -> Response:
    """After a factor was added: show the codes that came with it, and sign in whoever lacked it."""
    done = translate(language_of(request), "Your second factor is ready.")
    url = keep_local(url) if session else PAGE
    response = _show_codes(request, made, url) if made else redirect(url, done)
    if session:
        entered = enter(request, session, origin_of(request), url)
        response.raw_headers.extend(header for header in entered.raw_headers if header[0] == b"set-cookie")
    return response


def _show_app(request: Request, offered: own.OfferedApp, url: str, error: str = "") -> Response:
    code = segno.make(offered.address, error="m", micro=False)
    picture = code.svg_inline(scale=5, border=4, dark="#000", light="#fff")
    response = render(
        request,
        "members/factor_app.html",
        422 if error else 200,
        offered=offered,
        picture=Markup(picture),
        next=keep_local(url),
        error=error,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _show_passkey(request: Request, url: str, name: str = "", error: str = "") -> Response:
    place, offered = find_place(request), None
    if place is not None:
        with reading(request) as tx:
            offered = own.offer_passkey(tx, secrets_of(request), session_of(request), place, site_of(request).name)
    return render(
        request,
        "members/factor_passkey.html",
        422 if error else 200,
        passkey=offered,
        name=name,
        next=keep_local(url),
        error=error,
    )


def _show_codes(request: Request, made: list[str], url: str) -> Response:
    """The page with new recovery codes: in no cookie, no address and no cache, so they are seen once."""
    response = render(request, "members/recovery_codes.html", codes=made, next=url)
    response.headers["Cache-Control"] = "no-store"
    return response
