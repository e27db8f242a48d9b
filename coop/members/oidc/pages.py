"""To the provider and back, and the question whether it may open the account from now on."""

from __future__ import annotations

import hmac
import json
import logging
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, site_of, writing
from coop.kit.seal import Unsealable, seal_until, unseal_in_time
from coop.kit.session import ENTERING
from coop.kit.settings import Settings
from coop.members.access import ACCESS
from coop.members.identity.pages.sign_in import FORM_MAX, enter, keep_local, origin_of
from coop.members.oidc import commands, store
from coop.members.oidc.formats.provider import discover, fetch_id_token
from coop.members.oidc.model import OidcRefused, Provider
from coop.members.oidc.rules import address_provider, draw, read_id_token
from coop.values import NotFound
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

WAY_COOKIE: Final = "coop_oidc"
SUBJECT_COOKIE: Final = "coop_oidc_subject"
ON_THE_WAY: Final = timedelta(minutes=15)
"""Time to come back from the provider."""

BACK: Final = "/members/sign-in/provider/back"
BIND: Final = "/members/provider"

log = logging.getLogger(__name__)
routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/sign-in/provider")
@may("sign-in")
def go_to_provider(request: Request, next: str = "/") -> Response:
    """Send a browser to the provider, with a sealed note of which sign-in this is."""
    provider = _provider_of(request)
    try:
        discovered = discover(provider)
    except OidcRefused as refusal:
        return _refuse(request, provider, refusal)
    state, nonce, verifier = draw(), draw(), draw()
    way = json.dumps({"state": state, "nonce": nonce, "verifier": verifier, "next": keep_local(next)})
    response = redirect(address_provider(provider, discovered, _back(request), state, nonce, verifier))
    _keep(request, response, WAY_COOKIE, way, ON_THE_WAY, "way")
    return response


@routes.get("/sign-in/provider/back")
@may("sign-in")
def come_back(request: Request, code: str = "", state: str = "", error: str = "", iss: str = "") -> Response:
    """Sign in whoever the provider recognised."""
    provider, origin = _provider_of(request), origin_of(request)
    try:
        way = _read(request, WAY_COOKIE, ON_THE_WAY, "way")
        if not hmac.compare_digest(way["state"].encode(), state.encode()):
            raise OidcRefused("sign-in-mixed-up", "another state")
        if iss and iss != provider.issuer:
            raise OidcRefused("provider-wrong", f"the answer is of {iss!r}")
        if error or not code:
            raise OidcRefused("provider-refused", error)
        discovered = discover(provider)
        token = fetch_id_token(provider, discovered, code, _back(request), way["verifier"])
        now = request.state.database.clock.now()
        claims = read_id_token(token, provider, discovered.keys, way["nonce"], now)
        entered = commands.sign_in(request.state.database, site_of(request).community, origin, provider, claims)
    except OidcRefused as refusal:
        return _refuse(request, provider, refusal)
    url = way["next"] if entered.is_bound else f"{BIND}?{urlencode({'next': way['next']})}"
    response = enter(request, entered.session, origin, url)
    response.delete_cookie(WAY_COOKIE, path="/members")
    if not entered.is_bound:
        said = json.dumps({"subject": claims.subject})
        _keep(request, response, SUBJECT_COOKIE, said, ENTERING, f"subject {entered.session.account_id}")
    return response


@routes.get("/provider")
@may("see-own")
def provider_page(request: Request, next: str = "/") -> Response:
    """Ask whether the provider may open the account from now on, or say that it does."""
    provider, session = _provider_of(request), session_of(request)
    with reading(request) as tx:
        bound = store.find_by_account(tx, provider.issuer, session.account_id)
    return render(
        request,
        "members/provider.html",
        provider=provider,
        bound=bound,
        came=SUBJECT_COOKIE in request.cookies,
        next=keep_local(next),
    )


@routes.post("/provider/bind")
@may("see-own")
@body_max(FORM_MAX)
def bind(request: Request, next: Annotated[str, Form()] = "/") -> Response:
    provider, session = _provider_of(request), session_of(request)
    try:
        subject = _read(request, SUBJECT_COOKIE, ENTERING, f"subject {session.account_id}")["subject"]
        with writing(request) as tx:
            commands.bind(tx, session, provider, subject)
    except OidcRefused as refusal:
        return _refuse(request, provider, refusal)
    text = translate(language_of(request), "%(provider)s opens your account from now on.", provider=provider.name)
    response = redirect(keep_local(next), text)
    response.delete_cookie(SUBJECT_COOKIE, path="/members")
    return response


@routes.post("/provider/unbind")
@may("see-own")
def unbind(request: Request) -> Response:
    provider = _provider_of(request)
    with writing(request) as tx:
        commands.unbind(tx, session_of(request), provider)
    text = translate(language_of(request), "%(provider)s is not connected any more.", provider=provider.name)
    return redirect("/members/me", text)


def _provider_of(request: Request) -> Provider:
    settings: Settings = request.app.state.settings
    if not settings.oidc_issuer:
        raise NotFound
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        settings.oidc_name,
        frozenset(settings.oidc_domains.lower().replace(",", " ").split()),
        frozenset(settings.oidc_addresses.lower().replace(",", " ").split()),
    )


def _back(request: Request) -> str:
    return f"{site_of(request).url}{BACK}"


def _keep(request: Request, response: Response, name: str, text: str, lasts: timedelta, purpose: str) -> None:
    settings: Settings = request.app.state.settings
    now = request.state.database.clock.now()
    bound_to = f"{site_of(request).community} {purpose}"
    sealed = seal_until(settings.signing_secrets(), "oidc", text.encode(), bound_to, now + lasts)
    secure, lasts_s = settings.public_url().startswith("https://"), int(lasts.total_seconds())
    response.set_cookie(name, sealed, lasts_s, httponly=True, samesite="lax", secure=secure, path="/members")


def _read(request: Request, name: str, longest: timedelta, purpose: str) -> dict[str, str]:
    settings: Settings = request.app.state.settings
    now = request.state.database.clock.now()
    bound_to = f"{site_of(request).community} {purpose}"
    try:
        text = unseal_in_time(settings.signing_secrets(), "oidc", request.cookies.get(name, ""), bound_to, now, longest)
    except Unsealable:
        raise OidcRefused("sign-in-mixed-up", f"no cookie {name}") from None
    kept: dict[str, str] = json.loads(text)
    return kept


def _refuse(request: Request, provider: Provider, refusal: OidcRefused) -> Response:
    log.warning("sign-in by %s refused: %s %s", provider.issuer, refusal.code, refusal.detail)
    response = render(request, "members/provider_refused.html", 422, provider=provider, refusal=refusal)
    response.delete_cookie(WAY_COOKIE, path="/members")
    return response
