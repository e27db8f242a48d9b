"""Invitations to many members: a look beforehand at who gets mail and who a letter, then all of them at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from starlette.background import BackgroundTask

from coop.kit.http import GuardedRoute, body_max, reading, session_of
from coop.members.access import ACCESS, grants_of
from coop.members.identity import store
from coop.members.identity.commands import rounds
from coop.members.identity.commands.rounds import Round
from coop.members.identity.pages.accounts import PAGE
from coop.members.identity.pages.sign_in import FORM_MAX
from coop.members.identity.texts import MEMBER_KINDS
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

SHOWN = 200
"""Members of each kind that the page lists; the counts are of all."""

routes = APIRouter(route_class=GuardedRoute, prefix=f"{PAGE}/invitations", include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("change-accounts")
def invitations_page(request: Request, search: str = "", kind: str = "", again: str = "") -> Response:
    """Show who would be invited and how; it invites nobody."""
    wanted = _read(search, kind, again)
    with reading(request) as tx:
        planned = rounds.plan(tx, wanted)
        counts = {state: store.count_accounts(tx, store.Wanted(role="member", state=state)) for state in _STATES}
    groups = {way: [each for each in planned.invitees if each.way == way] for way in ("join", "mail", "letter", "none")}
    return render(
        request,
        "members/invitations.html",
        wanted=wanted,
        groups=groups,
        again=planned.again,
        total=len(planned.reachable) + len(planned.again),
        counts=counts,
        shown=SHOWN,
        kinds=MEMBER_KINDS,
    )


@routes.post("")
@may("change-accounts")
@body_max(FORM_MAX)
def invite_all(
    request: Request,
    search: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Invite all of them; it goes on after the answer, and the page shows how far it is."""
    session, wanted = session_of(request), _read(search, kind, again)
    text = translate(language_of(request), "The invitations are being made. This page shows how far it is.")
    response = redirect(f"{PAGE}/invitations", text)
    response.background = BackgroundTask(
        rounds.invite_all,
        request.state.database,
        session.community,
        session.actor(request.state.channel),
        grants_of(session),
        wanted,
    )
    return response


_STATES = ("invited", "open")


def _read(search: str, kind: str, again: str) -> Round:
    return Round(search.strip(), kind if kind in MEMBER_KINDS else "", again == "yes")
