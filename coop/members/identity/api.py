"""Accounts for programs, under ``/members/api/v1``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import ConfigDict, Field

from coop.kit.answers import Answer, Body, Text
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.paging import Paged
from coop.kit.tx import Tx
from coop.members.access import ACCESS, grants_of
from coop.members.fields import WHOLE_MAX
from coop.members.identity import proposals, store
from coop.members.identity.commands import accounts as account_commands
from coop.members.identity.commands import invitations, joining
from coop.members.identity.commands import roles as role_commands
from coop.members.identity.commands import sessions as session_commands
from coop.members.identity.model import ROLES, Account, NewAccount, RoleProposal
from coop.values import NotFound

BODY_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1/accounts", tags=["members"])
role_routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1/role-proposals", tags=["members"])
may = ACCESS.may

RoleNumber = Annotated[int, Path(ge=1, le=WHOLE_MAX)]


class AccountIn(Body):
    """Somebody who may sign in. They choose their own password, at a one-time address that only they get."""

    email: Annotated[Text, Field(examples=["treasurer@wg.example"])]
    name: Text
    roles: Annotated[list[Text], Field(examples=[["treasurer"]], default_factory=list)]
    member_id: Text | None = None


class ReadyAccountIn(AccountIn):
    """Somebody who may sign in at once."""

    password: Annotated[Text, Field(examples=["four words of mine"])]


class AccountId(Answer):
    """Id of the account."""

    account_id: str


class RoleIn(Body):
    """A role to give to an account, or to take from it."""

    change: Literal["grant", "withdraw"]
    role: Annotated[Text, Field(examples=["treasurer"])]


class JoinIn(Body):
    """The member whose account it is as well."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"member_id": "b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22"}]})

    member_id: Text


class ProposalOut(Answer):
    """A role that was proposed, and what became of it. ``alone``: it needed nobody else."""

    number: int
    account_id: str
    change: Literal["grant", "withdraw"]
    role: str
    proposed_at: datetime
    proposed_by: str
    settled_at: datetime | None
    settled_by: str | None
    outcome: Literal["confirmed", "withdrawn", "alone"] | None


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
    """Make an account and invite its owner. Its roles are proposed, and wait for a second person."""
    grants = grants_of(session_of(request))
    with writing(request) as tx:
        return AccountId(
            account_id=invitations.invite_account(tx, grants, body.email, body.name, body.roles, body.member_id)
        )


@routes.post("/ready")
@may("make-ready-accounts")
@body_max(BODY_MAX)
def create_ready_account(request: Request, body: ReadyAccountIn) -> AccountId:
    """Make an account with its roles and password at once: for sessions that the installation's own secret signs."""
    wanted = NewAccount(body.email, body.name, frozenset(body.roles), body.password, body.member_id)
    with writing(request) as tx:
        return AccountId(account_id=account_commands.create_account(tx, ROLES, wanted))


@routes.post("/{account_id}/roles")
@may("propose-roles")
@body_max(BODY_MAX)
def propose_role(request: Request, account_id: str, body: RoleIn) -> ProposalOut:
    """Propose to give a role or to take it; what somebody else proposed already is confirmed by it."""
    with writing(request) as tx:
        proposal = role_commands.propose_role(tx, grants_of(session_of(request)), account_id, body.change, body.role)
        return _show_proposal(proposal)


@role_routes.get("")
@may("see-accounts")
def list_role_proposals(request: Request, page: Paged) -> list[ProposalOut]:
    """Every role that was ever proposed, oldest first."""
    with reading(request) as tx:
        listed = proposals.list_proposals(tx)[::-1]
    return [_show_proposal(proposal) for proposal in page.cut(listed, lambda proposal: (proposal.number,))]


@role_routes.post("/{number}/confirm")
@may("confirm-roles")
def confirm_role(request: Request, number: RoleNumber) -> ProposalOut:
    """Let a role that somebody else proposed hold at once; whoever gets it confirms nothing."""
    with writing(request) as tx:
        role_commands.confirm_role(tx, grants_of(session_of(request)), number)
        return _get_proposal(tx, number)


@role_routes.post("/{number}/withdraw")
@may("confirm-roles")
def withdraw_role(request: Request, number: RoleNumber) -> ProposalOut:
    """Let a proposed role go."""
    with writing(request) as tx:
        role_commands.withdraw_proposal(tx, number)
        return _get_proposal(tx, number)


@routes.post("/{account_id}/close")
@may("change-accounts")
def close_account(request: Request, account_id: str) -> AccountOut:
    """Close an account, and sign it out everywhere."""
    return _set_active(request, account_id, active=False)


@routes.post("/{account_id}/open")
@may("change-accounts")
def open_account(request: Request, account_id: str) -> AccountOut:
    """Open an account again."""
    return _set_active(request, account_id, active=True)


@routes.post("/{account_id}/join")
@may("change-accounts")
@body_max(BODY_MAX)
def join_member(request: Request, account_id: str, body: JoinIn) -> AccountOut:
    """Let an account of the board or of staff be that of a member too, who then signs in once for both."""
    with writing(request) as tx:
        return _show(joining.join_member(tx, grants_of(session_of(request)), account_id, body.member_id))


@routes.post("/{account_id}/part")
@may("change-accounts")
def part_member(request: Request, account_id: str) -> AccountOut:
    """Take an account off its member, where the wrong two were joined; it is signed out everywhere."""
    with writing(request) as tx:
        return _show(joining.part_member(tx, grants_of(session_of(request)), account_id))


def _set_active(request: Request, account_id: str, *, active: bool) -> AccountOut:
    with writing(request) as tx:
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


def _get_proposal(tx: Tx, number: int) -> ProposalOut:
    proposal = proposals.find_proposal(tx, number)
    if proposal is None:
        raise NotFound
    return _show_proposal(proposal)


def _show_proposal(proposal: RoleProposal) -> ProposalOut:
    return ProposalOut(
        number=proposal.number,
        account_id=proposal.account_id,
        change=proposal.change,
        role=proposal.role,
        proposed_at=proposal.proposed_at,
        proposed_by=proposal.proposed_by,
        settled_at=proposal.settled_at,
        settled_by=proposal.settled_by,
        outcome=proposal.outcome,
    )
