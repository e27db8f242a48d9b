"""Accounts for programs, under ``/members/api/v1``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from coop.kit.answers import Answer, Body, Text
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.paging import Paged
from coop.kit.tags import IfMatch, Precondition
from coop.members.access import ACCESS, grants_of
from coop.members.identity import store
from coop.members.identity.commands import accounts as account_commands
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.model import Account, NewAccount

BODY_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1/accounts", tags=["members"])
may = ACCESS.may


class AccountIn(Body):
    """Somebody who may sign in."""

    email: Annotated[Text, Field(examples=["treasurer@wg.example"])]
    name: Text
    roles: Annotated[list[Text], Field(examples=[["treasurer"]])]
    password: Annotated[Text, Field(examples=["four words of mine"])]
    member_id: Text | None = None


class AccountId(Answer):
    """Id of the account."""

    account_id: str


class RolesIn(Body):
    """All roles that an account is to have."""

    roles: Annotated[list[Text], Field(examples=[["board", "treasurer"]])]


class AccountOut(Answer):
    """One account, without its address and its password."""

    account_id: str
    name: str
    roles: list[str]
    member_id: str | None
    active: bool


@routes.get("")
@may("see-accounts")
def list_accounts(request: Request, page: Paged) -> list[AccountOut]:
    """Accounts by name."""
    with reading(request) as tx:
        accounts = store.page_accounts(tx, page.window)
    return [_show(account) for account in page.close(accounts, lambda account: (account.name, account.account_id))]


@routes.get("/{account_id}")
@may("see-accounts")
def get_account(request: Request, account_id: str) -> AccountOut:
    """One account; its ETag is what a change of it names."""
    with reading(request) as tx:
        return _show(store.get_account(tx, account_id))


@routes.post("")
@may("change-accounts")
@body_max(BODY_MAX)
def create_account(request: Request, body: AccountIn) -> AccountId:
    """Let somebody sign in. Nobody gives out a role that they have no right to give."""
    wanted = NewAccount(body.email, body.name, frozenset(body.roles), body.password, body.member_id)
    with writing(request) as tx:
        return AccountId(account_id=account_commands.create_account(tx, grants_of(session_of(request)), wanted))


@routes.post("/{account_id}/roles")
@may("change-accounts")
@body_max(BODY_MAX)
def set_roles(request: Request, account_id: str, body: RolesIn, unchanged: IfMatch) -> AccountOut:
    """Give an account other roles, and sign it out everywhere."""
    with writing(request) as tx:
        unchanged.check(_show(store.get_account(tx, account_id)))
        account_commands.set_roles(tx, grants_of(session_of(request)), account_id, frozenset(body.roles))
        return _show(store.get_account(tx, account_id))


@routes.post("/{account_id}/close")
@may("change-accounts")
def close_account(request: Request, account_id: str, unchanged: IfMatch) -> AccountOut:
    """Close an account, and sign it out everywhere."""
    return _set_active(request, account_id, unchanged, active=False)


@routes.post("/{account_id}/open")
@may("change-accounts")
def open_account(request: Request, account_id: str, unchanged: IfMatch) -> AccountOut:
    """Open an account again."""
    return _set_active(request, account_id, unchanged, active=True)


def _set_active(request: Request, account_id: str, unchanged: Precondition, *, active: bool) -> AccountOut:
    with writing(request) as tx:
        unchanged.check(_show(store.get_account(tx, account_id)))
        account_commands.set_active(tx, grants_of(session_of(request)), account_id, active=active)
        return _show(store.get_account(tx, account_id))


@routes.post("/{account_id}/sign-out")
@may("work-sessions")
def end_sessions(request: Request, account_id: str) -> AccountId:
    """Sign an account out everywhere."""
    with writing(request) as tx:
        session_commands.end_all_sessions(tx, store.get_account(tx, account_id).account_id)
    return AccountId(account_id=account_id)


def _show(account: Account) -> AccountOut:
    return AccountOut(
        account_id=account.account_id,
        name=account.name,
        roles=sorted(account.roles),
        member_id=account.member_id,
        active=account.active,
    )
