"""Roles by two people: forms to propose, confirm and withdraw one, and to lay down an own one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, session_of, writing
from coop.members.access import ACCESS, grants_of
from coop.members.identity import proposals
from coop.members.identity.commands import roles
from coop.members.identity.pages.accounts import PAGE
from coop.members.identity.pages.sign_in import FORM_MAX, leave
from coop.web.language import language_of, translate
from coop.web.shell import redirect

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may

Number = Annotated[int, Form(ge=1, le=2**31 - 1)]


@routes.post("/accounts/{account_id}/roles")
@may("propose-roles")
@body_max(FORM_MAX)
def propose_role(
    request: Request,
    account_id: str,
    change: Annotated[Literal["grant", "withdraw"], Form()],
    role: Annotated[str, Form()] = "",
) -> Response:
    """Propose to give a role or to take it."""
    with writing(request) as tx:
        proposal = roles.propose_role(tx, grants_of(session_of(request)), account_id, change, role)
    lang = language_of(request)
    text = translate(lang, "That is proposed. It holds once a second person has confirmed it.")
    if proposal.outcome == "confirmed":
        text = translate(lang, "That holds from now on. The account is signed out everywhere.")
    return redirect(f"{PAGE}/{account_id}", text)


@routes.post("/accounts/roles/confirm")
@may("confirm-roles")
@body_max(FORM_MAX)
def confirm_role(request: Request, number: Number) -> Response:
    """Let a role that somebody else proposed hold at once."""
    with writing(request) as tx:
        roles.confirm_role(tx, grants_of(session_of(request)), number)
        proposal = proposals.find_proposal(tx, number)
    text = translate(language_of(request), "That holds from now on. The account is signed out everywhere.")
    return redirect(f"{PAGE}/{proposal.account_id}" if proposal else PAGE, text)


@routes.post("/accounts/roles/withdraw")
@may("confirm-roles")
@body_max(FORM_MAX)
def withdraw_role(request: Request, number: Number) -> Response:
    """Let a proposed role go."""
    with writing(request) as tx:
        roles.withdraw_proposal(tx, number)
    return redirect(PAGE, translate(language_of(request), "The proposal is withdrawn. The roles stay as they are."))


@routes.post("/me/roles/lay-down")
@may("see-own")
@body_max(FORM_MAX)
def lay_down_role(request: Request, role: Annotated[str, Form()] = "") -> Response:
    """Lay down a role of one's own; it ends one's sessions, and one signs in again without it."""
    with writing(request) as tx:
        roles.lay_down_role(tx, session_of(request).account_id, role)
    return leave(translate(language_of(request), "You laid the role down. Sign in again."))
