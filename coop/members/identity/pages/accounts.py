"""Accounts as the board and the operator work on them: who can sign in, with which roles, and where they are."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS, grants_of
from coop.members.identity import store
from coop.members.identity.commands import accounts as account_commands
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.model import Account, NewAccount
from coop.members.identity.pages.changes import list_changes
from coop.members.identity.pages.sign_in import FORM_MAX
from coop.members.identity.texts import ROLES
from coop.members.register.store import get_member
from coop.values import BadInput, Problem
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/accounts"
PAGE_SIZE = 50

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/accounts")
@may("see-accounts")
def accounts_page(request: Request, page: int = 1) -> Response:
    with reading(request) as tx:
        total = store.count_accounts(tx)
        pages = max(1, ceil(total / PAGE_SIZE))
        page = min(max(1, page), pages)
        accounts = store.list_accounts(tx, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    session = session_of(request)
    return render(
        request,
        "members/accounts.html",
        accounts=accounts,
        total=total,
        page=page,
        pages=pages,
        role_names=ROLES,
        may_give=_list_roles(grants_of(session) - {"member"}),
        may_change=ACCESS.allows(session, "change-accounts"),
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
    return _create(request, email, name.strip(), frozenset(roles or ()), None)


@routes.get("/{member_id}/accounts")
@may("see-accounts")
def member_accounts_page(request: Request, member_id: str) -> Response:
    with reading(request) as tx:
        member, accounts = get_member(tx, member_id), store.list_accounts_of(tx, member_id)
    return render(
        request,
        "members/member_accounts.html",
        member=member,
        accounts=accounts,
        role_names=ROLES,
        may_change=ACCESS.allows(session_of(request), "change-accounts"),
    )


@routes.post("/{member_id}/accounts")
@may("change-accounts")
@body_max(FORM_MAX)
def create_member_account(request: Request, member_id: str, email: Annotated[str, Form()] = "") -> Response:
    with reading(request) as tx:
        name = get_member(tx, member_id).name
    return _create(request, email, name, frozenset({"member"}), member_id)


def _create(request: Request, email: str, name: str, roles: frozenset[str], member_id: str | None) -> Response:
    password = account_commands.make_one_time_password()
    with writing(request) as tx:
        if store.find_by_email(tx, email.strip().lower()):
            raise BadInput([Problem(f"an account has the address {email.strip()} already", "email")])
        wanted = NewAccount(email, name, roles, password, member_id, tx.now + account_commands.ONE_TIME)
        account_id = account_commands.create_account(tx, grants_of(session_of(request)), wanted)
        account = store.get_account(tx, account_id)
    return _show_once(request, account, password)


@routes.get("/accounts/{account_id}")
@may("see-accounts")
def account_page(request: Request, account_id: str) -> Response:
    session = session_of(request)
    may_work_sessions = ACCESS.allows(session, "work-sessions")
    with reading(request) as tx:
        account = store.get_account(tx, account_id)
        sessions = session_commands.list_sessions(tx, account_id) if may_work_sessions else []
        changes = list_changes(tx, account_id)
    grants = grants_of(session)
    return render(
        request,
        "members/account.html",
        account=account,
        role_names=ROLES,
        may_give=_list_roles(grants if account.member_id else grants - {"member"}),
        may_change=ACCESS.allows(session, "change-accounts") and account.roles <= grants,
        may_work_sessions=may_work_sessions,
        sessions=sessions,
        changes=changes,
    )


@routes.post("/accounts/{account_id}/roles")
@may("change-accounts")
@body_max(FORM_MAX)
def set_roles(request: Request, account_id: str, roles: Annotated[list[str] | None, Form()] = None) -> Response:
    with writing(request) as tx:
        account_commands.set_roles(tx, grants_of(session_of(request)), account_id, frozenset(roles or ()))
    return _go_back(account_id, translate(language_of(request), "The roles are changed."))


@routes.post("/accounts/{account_id}/password")
@may("change-accounts")
@body_max(FORM_MAX)
def set_one_time_password(request: Request, account_id: str) -> Response:
    password = account_commands.make_one_time_password()
    with writing(request) as tx:
        until = tx.now + account_commands.ONE_TIME
        account_commands.set_one_time_password(tx, grants_of(session_of(request)), account_id, password, until)
        account = store.get_account(tx, account_id)
    return _show_once(request, account, password)


@routes.post("/accounts/{account_id}/email")
@may("change-accounts")
@body_max(FORM_MAX)
def change_email(request: Request, account_id: str, email: Annotated[str, Form()] = "") -> Response:
    with writing(request) as tx:
        account_commands.change_email(tx, grants_of(session_of(request)), account_id, email)
        account = store.get_account(tx, account_id)
    text = translate(language_of(request), "From now on %(email)s is the address to sign in with.", email=account.email)
    return _go_back(account_id, text)


@routes.post("/accounts/{account_id}/active")
@may("change-accounts")
@body_max(FORM_MAX)
def set_active(request: Request, account_id: str, active: Annotated[str, Form()] = "") -> Response:
    lang = language_of(request)
    with writing(request) as tx:
        account_commands.set_active(tx, grants_of(session_of(request)), account_id, active=active == "yes")
    text = translate(lang, "The account is open again.")
    if active != "yes":
        text = translate(lang, "The account is closed, and signed out everywhere.")
    return _go_back(account_id, text)


@routes.post("/accounts/{account_id}/sessions/{session_id}/end")
@may("work-sessions")
def end_session(request: Request, account_id: str, session_id: str) -> Response:
    with writing(request) as tx:
        session_commands.end_session(tx, account_id, session_id)
    return _go_back(account_id, translate(language_of(request), "That session is ended."))


@routes.post("/accounts/{account_id}/sign-out")
@may("work-sessions")
def sign_out_everywhere(request: Request, account_id: str) -> Response:
    with writing(request) as tx:
        session_commands.end_all_sessions(tx, store.get_account(tx, account_id).account_id)
    return _go_back(account_id, translate(language_of(request), "The account is signed out everywhere."))


def _go_back(account_id: str, text: str) -> Response:
    return redirect(f"{PAGE}/{account_id}", text)


def _list_roles(roles: frozenset[str]) -> list[str]:
    return [role for role in ROLES if role in roles]


def _show_once(request: Request, account: Account, password: str) -> Response:
    """The page with a new one-time password: in no cookie, no address and no cache, so it is seen once."""
    response = render(request, "members/one_time.html", account=account, password=password)
    response.headers["Cache-Control"] = "no-store"
    return response
