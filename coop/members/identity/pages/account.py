"""One account: its roles, its address, its sessions and what was changed in it. Nobody here sees or sets a password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS, grants_of
from coop.members.fields import is_email
from coop.members.identity import proposals, store
from coop.members.identity.commands import accounts as account_commands
from coop.members.identity.commands import emails, invitations, joining
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.commands.accounts import say_apart
from coop.members.identity.commands.roles import list_confirmers
from coop.members.identity.model import GIVEN_ROLES, list_barred
from coop.members.identity.pages.accounts import PAGE
from coop.members.identity.pages.changes import list_changes
from coop.members.identity.pages.sign_in import FORM_MAX
from coop.members.identity.texts import ROLES
from coop.members.register.store import find_alike, get_by_number
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix=f"{PAGE}/{{account_id}}", include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("see-accounts")
def account_page(request: Request, account_id: str) -> Response:
    session = session_of(request)
    grants, may_work_sessions = grants_of(session), ACCESS.allows(session, "work-sessions")
    with reading(request) as tx:
        account = store.get_account(tx, account_id)
        sessions = session_commands.list_sessions(tx, account_id) if may_work_sessions else []
        waiting = proposals.list_proposals(tx, account_id, only_open=True)
        held = account.roles | {proposal.role for proposal in waiting if proposal.change == "grant"}
        return render(
            request,
            "members/account.html",
            account=account,
            signed_in_at=store.list_newest_sign_ins(tx, [account_id]),
            role_names=ROLES,
            given_roles=GIVEN_ROLES,
            barred={role: say_apart(pair) for role, pair in list_barred(held).items()},
            grants=grants,
            waiting={proposal.role: proposal for proposal in waiting},
            confirmers={proposal.number: list_confirmers(tx, proposal) for proposal in waiting},
            names=store.list_names(tx),
            email_change=proposals.find_email_change(tx, account_id),
            has_mail=is_email(account.email),
            may_change=ACCESS.allows(session, "change-accounts") and account.roles <= grants,
            may_propose=ACCESS.allows(session, "propose-roles"),
            may_confirm=ACCESS.allows(session, "confirm-roles"),
            may_work_sessions=may_work_sessions,
            own_id=session.account_id,
            alike=find_alike(tx, account.email, account.name) if account.member_id is None else None,
            sessions=sessions,
            changes=list_changes(tx, account_id),
        )


@routes.post("/invite")
@may("change-accounts")
@body_max(FORM_MAX)
def invite_again(request: Request, account_id: str) -> Response:
    """Send another one-time address: an invitation, or a reset."""
    with writing(request) as tx:
        account = invitations.invite_again(tx, grants_of(session_of(request)), account_id)
    lang = language_of(request)
    text = translate(lang, "A letter to %(name)s waits to be printed.", name=account.name)
    if is_email(account.email):
        text = translate(lang, "A message to %(email)s waits to be sent.", email=account.email)
    return _go_back(account_id, text)


@routes.post("/email")
@may("change-accounts")
@body_max(FORM_MAX)
def ask_email(request: Request, account_id: str, email: Annotated[str, Form()] = "") -> Response:
    """Ask the owner to confirm another address."""
    with writing(request) as tx:
        emails.ask_email(tx, grants_of(session_of(request)), account_id, email)
        now = store.get_account(tx, account_id).email
    lang = language_of(request)
    text = translate(lang, "The owner has to confirm this from both addresses. Until then nothing changes.")
    if now == email.strip().lower():
        text = translate(lang, "From now on %(email)s is the address to sign in with.", email=now)
    return _go_back(account_id, text)


@routes.post("/email/withdraw")
@may("change-accounts")
@body_max(FORM_MAX)
def withdraw_email(request: Request, account_id: str) -> Response:
    """Let the address that waits go."""
    with writing(request) as tx:
        account_commands.get_granted(tx, grants_of(session_of(request)), account_id)
        emails.withdraw_email(tx, account_id)
    return _go_back(account_id, translate(language_of(request), "The address stays as it is."))


@routes.post("/join")
@may("change-accounts")
@body_max(FORM_MAX)
def join_member(request: Request, account_id: str, number: Annotated[str, Form()] = "") -> Response:
    """Let the account be that of a member as well."""
    with writing(request) as tx:
        member = get_by_number(tx, number.strip())
        joining.join_member(tx, grants_of(session_of(request)), account_id, member.member_id)
    text = translate(
        language_of(request),
        "One account for both: %(name)s finds the member's own pages after the next sign-in.",
        name=member.name,
    )
    return _go_back(account_id, text)


@routes.post("/part")
@may("change-accounts")
def part_member(request: Request, account_id: str) -> Response:
    """Take the account off its member."""
    with writing(request) as tx:
        joining.part_member(tx, grants_of(session_of(request)), account_id)
    return _go_back(account_id, translate(language_of(request), "The account is no member's any more."))


@routes.post("/active")
@may("change-accounts")
@body_max(FORM_MAX)
def set_active(request: Request, account_id: str, active: Annotated[str, Form()] = "") -> Response:
    """Close an account, or open it again."""
    lang = language_of(request)
    with writing(request) as tx:
        account_commands.set_active(tx, grants_of(session_of(request)), account_id, active=active == "yes")
    text = translate(lang, "The account is open again.")
    if active != "yes":
        text = translate(lang, "The account is closed, and signed out everywhere.")
    return _go_back(account_id, text)


@routes.post("/sessions/{session_id}/end")
@may("work-sessions")
def end_session(request: Request, account_id: str, session_id: str) -> Response:
    """Sign an account out of one session."""
    with writing(request) as tx:
        session_commands.end_session(tx, account_id, session_id)
    return _go_back(account_id, translate(language_of(request), "That session is ended."))


@routes.post("/sign-out")
@may("work-sessions")
def sign_out_everywhere(request: Request, account_id: str) -> Response:
    """Sign an account out everywhere."""
    with writing(request) as tx:
        session_commands.end_all_sessions(tx, store.get_account(tx, account_id).account_id)
    return _go_back(account_id, translate(language_of(request), "The account is signed out everywhere."))


def _go_back(account_id: str, text: str) -> Response:
    return redirect(f"{PAGE}/{account_id}", text)
