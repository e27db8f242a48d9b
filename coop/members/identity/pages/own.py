"""The own account: what the register knows of me, my password, where I am signed in, and what others changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.session import NotSignedIn
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.identity import proposals, store
from coop.members.identity.commands import emails
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.commands import sign_in as sign_in_commands
from coop.members.identity.model import GIVEN_ROLES, Account
from coop.members.identity.pages.changes import list_changes
from coop.members.identity.pages.sign_in import FORM_MAX, enter, leave, origin_of
from coop.members.identity.texts import OWN_DATA, ROLES, explain
from coop.members.register.store import get_file
from coop.members.resting.store import list_bills_on
from coop.values import CoopError
from coop.web.language import language_of, translate
from coop.web.own_paper import PartIn, typeset_own_paper
from coop.web.shell import redirect, render

PAGE = "/members/me"
PAPER_MAX = 8 * 1024 * 1024
"""Largest sum of all parts of one's own data [bytes]."""

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("see-own")
def own_page(request: Request) -> Response:
    return _show(request)


@routes.post("/own-data.pdf")
@may("see-own")
@body_max(PAPER_MAX)
def own_paper(request: Request, parts: Annotated[list[PartIn], Body(max_length=10)]) -> Response:
    """Set what the services gave to whoever is signed in as one PDF; nothing of it is kept."""
    with reading(request) as tx:
        today = tx.today
    made = typeset_own_paper(parts, session_of(request).name, today, language_of(request))
    headers = {"Content-Disposition": 'attachment; filename="own-data.pdf"', "Cache-Control": "no-store"}
    return Response(made, media_type="application/pdf", headers=headers)


def _show(request: Request, error: str = "", status: int = 200, *, email_error: str = "") -> Response:
    session = session_of(request)
    with reading(request) as tx:
        account = _get_own(tx, request)
        file = get_file(tx, session.member_id) if session.member_id else None
        shared = [contract for contract in file.contracts if contract not in file.own_contracts] if file else []
        shared_bills = list_bills_on(tx, [contract.contract_id for contract in shared])
        sessions = session_commands.list_sessions(tx, session.account_id)
        changes = list_changes(tx, session.account_id)
        email_change = proposals.find_email_change(tx, session.account_id)
    return render(
        request,
        "members/me.html",
        status,
        account=account,
        file=file,
        shared_bills=shared_bills,
        sessions=sessions,
        current=session.id,
        changes=changes,
        role_names=ROLES,
        own_data=OWN_DATA,
        may_keep_tokens=ACCESS.allows(session, "keep-own-tokens"),
        error=error,
        email_error=email_error,
        email_change=email_change,
        own_roles=[role for role in GIVEN_ROLES if role in account.roles],
    )


def _get_own(tx: Tx, request: Request) -> Account:
    account = store.find_account(tx, session_of(request).account_id)
    if account is None or not account.active:
        raise NotSignedIn
    return account


@routes.post("/password")
@may("see-own")
@body_max(FORM_MAX)
def change_password(request: Request, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = "") -> Response:
    with reading(request) as tx:
        email = _get_own(tx, request).email
    origin = origin_of(request)
    try:
        session = sign_in_commands.choose_password(
            request.state.database, session_of(request).community, origin, email, old, new, is_signed_in=True
        )
    except CoopError as refusal:
        return _show(request, explain(request, refusal), 422)
    text = translate(language_of(request), "Your password is changed, and you are signed out everywhere else.")
    return enter(request, session, origin, PAGE, text)


@routes.post("/email")
@may("see-own")
@body_max(FORM_MAX)
def ask_email(request: Request, email: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "") -> Response:
    """Ask for another address; whoever holds this browser alone cannot."""
    session = session_of(request)
    with reading(request) as tx:
        now = _get_own(tx, request).email
    try:
        sign_in_commands.prove_password(request.state.database, session.community, origin_of(request), now, password)
        with writing(request) as tx:
            emails.ask_own_email(tx, session.account_id, email)
    except CoopError as refusal:
        return _show(request, status=422, email_error=explain(request, refusal))
    return redirect(
        PAGE, translate(language_of(request), "We send a message to %(email)s. Confirm it there.", email=email)
    )


@routes.post("/email/withdraw")
@may("see-own")
@body_max(FORM_MAX)
def withdraw_email(request: Request) -> Response:
    with writing(request) as tx:
        emails.withdraw_email(tx, session_of(request).account_id)
    return redirect(PAGE, translate(language_of(request), "The address stays as it is."))


@routes.post("/sessions/{session_id}/end")
@may("see-own")
def end_session(request: Request, session_id: str) -> Response:
    session = session_of(request)
    with writing(request) as tx:
        session_commands.end_session(tx, session.account_id, session_id)
    if session_id == session.id:
        return leave()
    return redirect(PAGE, translate(language_of(request), "That session is ended."))


@routes.post("/sign-out")
@may("see-own")
def sign_out_everywhere(request: Request) -> Response:
    with writing(request) as tx:
        session_commands.end_all_sessions(tx, session_of(request).account_id)
    return leave(translate(language_of(request), "You are signed out everywhere."))
