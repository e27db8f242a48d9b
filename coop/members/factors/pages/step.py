"""The second step of a sign-in, and a passkey as the only step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, site_of, writing
from coop.members.access import ACCESS
from coop.members.factors.commands import resets, step
from coop.members.factors.model import PasskeyRefused, Place
from coop.members.factors.pages.places import find_place, secrets_of
from coop.members.factors.store import find_waiting_reset
from coop.members.factors.texts import explain
from coop.members.identity.pages.sign_in import enter, keep_local, origin_of
from coop.values import CoopError
from coop.web.language import language_of, translate
from coop.web.shell import person_of, redirect, render

FORM_MAX = 64 * 1024
"""Largest form [bytes]: a browser's answer with a certificate of its device."""

PAGE = "/members/second-step"

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/second-step")
@may("take-second-step")
def second_step_page(request: Request, next: str = "/") -> Response:
    return _show(request, next)


@routes.post("/second-step")
@may("take-second-step")
@body_max(FORM_MAX)
def show_code(request: Request, code: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/") -> Response:
    origin = origin_of(request)
    try:
        session = step.pass_with_code(
            request.state.database, secrets_of(request), session_of(request), origin, code[:100]
        )
    except CoopError as refusal:
        return _show(request, next, explain(request, refusal))
    return enter(request, session, origin, keep_local(next))


@routes.post("/second-step/passkey")
@may("take-second-step")
@body_max(FORM_MAX)
def show_passkey(
    request: Request,
    sealed: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    origin = origin_of(request)
    try:
        place = _require_place(request)
        with writing(request) as tx:
            session = step.pass_with_passkey(
                tx, secrets_of(request), session_of(request), origin, place, sealed, answer
            )
    except CoopError as refusal:
        return _show(request, next, explain(request, refusal))
    return enter(request, session, origin, keep_local(next))


@routes.post("/second-step/lost")
@may("take-second-step")
@body_max(FORM_MAX)
def ask_reset(request: Request, next: Annotated[str, Form()] = "/") -> Response:
    with writing(request) as tx:
        resets.ask_reset(tx, session_of(request))
    return redirect(
        PAGE, translate(language_of(request), "Asked. Call somebody of the board: they confirm it."), "note"
    )


@routes.get("/sign-in/passkey")
@may("sign-in")
def passkey_page(request: Request, next: str = "/") -> Response:
    """Sign in with a passkey and nothing else."""
    if person_of(request):
        return redirect(keep_local(next))
    return _show_only_step(request, next)


@routes.post("/sign-in/passkey")
@may("sign-in")
@body_max(FORM_MAX)
def sign_in_with_passkey(
    request: Request,
    sealed: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    origin = origin_of(request)
    try:
        session = step.sign_in_with_passkey(
            request.state.database,
            site_of(request).community,
            secrets_of(request),
            origin,
            _require_place(request),
            sealed,
            answer,
        )
    except CoopError as refusal:
        return _show_only_step(request, next, explain(request, refusal))
    return enter(request, session, origin, keep_local(next))


def _show(request: Request, url: str, error: str = "") -> Response:
    place, session = find_place(request), session_of(request)
    with reading(request) as tx:
        passkey = step.offer_step(tx, secrets_of(request), session, place) if place else None
        waiting = find_waiting_reset(tx, session.account_id)
    return render(
        request,
        "members/second_step.html",
        422 if error else 200,
        next=keep_local(url),
        passkey=passkey,
        waiting=waiting,
        error=error,
    )


def _show_only_step(request: Request, url: str, error: str = "") -> Response:
    place, offered = find_place(request), None
    if place is not None:
        with request.state.database.read(site_of(request).community) as tx:
            offered = step.offer_only_step(tx, secrets_of(request), place)
    status = 422 if error else 200
    return render(request, "members/sign_in_passkey.html", status, next=keep_local(url), passkey=offered, error=error)


def _require_place(request: Request) -> Place:
    place = find_place(request)
    if place is None:
        raise PasskeyRefused
    return place
