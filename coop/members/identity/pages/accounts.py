"""Accounts as the board and the operator see them: who can sign in, with or without a member, and who is invited."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS, grants_of
from coop.members.identity import proposals, store
from coop.members.identity.commands import invitations
from coop.members.identity.commands.roles import list_confirmers
from coop.members.identity.model import GIVEN_ROLES
from coop.members.identity.pages.sign_in import FORM_MAX
from coop.members.identity.texts import ROLES, STATES
from coop.members.register.store import get_member
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/accounts"
PAGE_SIZE = 50

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/accounts")
@may("see-accounts")
def accounts_page(request: Request, page: int = 1, search: str = "", role: str = "", state: str = "") -> Response:
    session = session_of(request)
    with reading(request) as tx:
        wanted = store.Wanted(search.strip(), role if role in ROLES else "", state if state in STATES else "")
        total = store.count_accounts(tx, wanted)
        pages = max(1, ceil(total / PAGE_SIZE))
        page = min(max(1, page), pages)
        accounts = store.list_accounts(tx, PAGE_SIZE, (page - 1) * PAGE_SIZE, wanted)
        signed_in_at = store.list_newest_sign_ins(tx, [account.account_id for account in accounts])
        waiting = proposals.list_proposals(tx, only_open=True)
        confirmers = {proposal.number: list_confirmers(tx, proposal) for proposal in waiting}
        names, emails = store.list_names(tx), store.list_emails(tx)
    return render(
        request,
        "members/accounts.html",
        accounts=accounts,
        total=total,
        page=page,
        pages=pages,
        wanted=wanted,
        signed_in_at=signed_in_at,
        waiting=waiting,
        confirmers=confirmers,
        names=names,
        emails=emails,
        role_names=ROLES,
        state_names=STATES,
        may_give=[role for role in GIVEN_ROLES if role in grants_of(session)],
        may_change=ACCESS.allows(session, "change-accounts"),
        may_confirm=ACCESS.allows(session, "confirm-roles"),
        may_see_log=ACCESS.allows(session, "see-log"),
        own_id=session.account_id,
    )


@routes.post("/accounts")
@may("change-accounts")
@body_max(FORM_MAX)
def create_account(
    request: Request,
    email: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    roles: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """An account of somebody who is no member, such as a municipality's."""
    return _invite(request, email, name.strip(), roles or [], None)


@routes.get("/{member_id}/accounts")
@may("see-accounts")
def member_accounts_page(request: Request, member_id: str) -> Response:
    with reading(request) as tx:
        member, accounts = get_member(tx, member_id), store.list_accounts_of(tx, member_id)
        signed_in_at = store.list_newest_sign_ins(tx, [account.account_id for account in accounts])
    return render(
        request,
        "members/member_accounts.html",
        member=member,
        accounts=accounts,
        signed_in_at=signed_in_at,
        role_names=ROLES,
        may_change=ACCESS.allows(session_of(request), "change-accounts"),
    )


@routes.post("/{member_id}/accounts")
@may("change-accounts")
@body_max(FORM_MAX)
def create_member_account(request: Request, member_id: str, email: Annotated[str, Form()] = "") -> Response:
    """A member's account; without a mail address they sign in with their number, and get a letter."""
    with reading(request) as tx:
        member = get_member(tx, member_id)
    return _invite(request, email.strip() or member.number, member.name, [], member_id)


def _invite(request: Request, email: str, name: str, roles: list[str], member_id: str | None) -> Response:
    with writing(request) as tx:
        account_id = invitations.invite_account(tx, grants_of(session_of(request)), email, name, roles, member_id)
    text = translate(language_of(request), "The invitation waits to be sent. Nobody but %(name)s sees it.", name=name)
    return redirect(f"{PAGE}/{account_id}", text)
