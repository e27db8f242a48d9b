"""The page of own tokens: which are out, a form for another one, the token once, and its end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS
from coop.members.own_tokens import commands, store
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/me/tokens"
FORM_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("keep-own-tokens")
def tokens_page(request: Request) -> Response:
    """The tokens that somebody gave out, and a form for another one."""
    with reading(request) as tx:
        tokens = store.list_tokens(tx, session_of(request).account_id)
    return render(request, "members/own_tokens.html", tokens=tokens)


@routes.post("")
@may("keep-own-tokens")
@body_max(FORM_MAX)
def make_token(request: Request, name: Annotated[str, Form()] = "") -> Response:
    """Give a token out, and show it this once: in no cookie, no address and no cache."""
    session = session_of(request)
    with writing(request) as tx:
        token = commands.make_own_token(tx, session.account_id, session.member_id or "", name)
    url = request.state.site.url
    examples = {path: f"curl -H 'Authorization: Bearer {token}' '{url}{path}'" for path in _EXAMPLES}
    response = render(request, "members/own_token_made.html", name=name.strip(), token=token, examples=examples)
    response.headers["Cache-Control"] = "no-store"
    return response


_EXAMPLES = ("/metering/api/v1/readings", "/billing/api/v1/bills", "/metering/api/v1/me/export")


@routes.post("/{token_id}/end")
@may("keep-own-tokens")
@body_max(FORM_MAX)
def end_token(request: Request, token_id: str) -> Response:
    """End a token."""
    with writing(request) as tx:
        commands.end_own_token(tx, session_of(request).account_id, token_id)
    return redirect(PAGE, translate(language_of(request), "That token opens nothing any more."))
