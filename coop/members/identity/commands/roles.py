"""Roles by two people: one proposes, another confirms, and it holds at once.

A role is given by two who are not its receiver, and withdrawn by two as well; only one's own is laid down alone. One of
the two is of the board, or whoever else may give out that role. The machine's operator counts as one of them, and as
both only while the board has nobody who can sign in.
"""

from __future__ import annotations

from collections.abc import Collection

from coop.kit.tx import Tx
from coop.members.access import list_grants
from coop.members.identity import proposals, store
from coop.members.identity.commands.accounts import (
    require_grants,
    require_one_self,
    require_other_board,
    say_apart,
)
from coop.members.identity.commands.sessions import end_all_sessions, lock_account
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import GIVEN_ROLES, Account, RoleChange, RoleProposal, list_barred
from coop.members.identity.tables import role_proposal
from coop.values import BadInput, CoopError, NotFound, Problem, say

MACHINE = "operator"
"""Whoever works on the machine itself, as an actor is written."""


def propose_role(tx: Tx, grants: Collection[str], account_id: str, change: RoleChange, role: str) -> RoleProposal:
    """Propose to give a role to an account or to take it; the same proposal of somebody else is confirmed by it.

    Raises:
        NotFound: there is no such account.
        NotAllowed: whoever acts may not give out the role.
        BadInput: no such role, or it is given, or not there, already.
        CoopError: ``own-role``, nobody gives a role to themself; ``last-board``, it would leave nobody on the board;
            ``same-person``, another account of the same member has roles; ``roles-apart``, nobody has both roles.
    """
    lock_account(tx, account_id)
    account = store.get_account(tx, account_id)
    _check(account, change, role)
    waiting = _find_open(tx, account_id, role)
    if waiting is not None and waiting.change == change:
        if waiting.proposed_by != str(tx.actor):
            confirm_role(tx, grants, waiting.number)
        return _get(tx, waiting.number)
    require_grants(grants, {role})
    _require_other(tx, account, change)
    _require_board(tx, account, change, role)
    _require_together(tx, account, change, role)
    if change == "grant":
        require_one_self(tx, account)
    if waiting is not None:
        proposals.settle_proposal(tx, waiting.number, "withdrawn")
    number = proposals.next_number(tx, role_proposal)
    proposals.add_proposal(tx, RoleProposal(number, account_id, change, role, tx.now, str(tx.actor), tx.actor.channel))
    if str(tx.actor) == MACHINE and not store.list_board(tx):
        _apply(tx, account, _get(tx, number), "alone")
    return _get(tx, number)


def confirm_role(tx: Tx, grants: Collection[str], number: int) -> None:
    """Let a role that somebody else proposed be given or taken: it holds at once, and every session of before ends.

    Raises:
        NotFound: no such proposal waits.
        NotAllowed: neither of the two may give out the role.
        CoopError: ``same-person``, whoever proposed it, or another account of the member has roles; ``own-role``, the
            one who gets it; ``proposer-gone``, whoever proposed it may no longer do so; ``last-board``.
    """
    proposal = _get_open(tx, number)
    lock_account(tx, proposal.account_id)
    proposal = _get_open(tx, number)
    account = store.get_account(tx, proposal.account_id)
    if proposal.proposed_by == str(tx.actor):
        raise CoopError("same-person", say("somebody else confirms what you proposed"))
    _require_other(tx, account, proposal.change)
    if proposal.proposed_by == MACHINE:
        require_grants(grants, {proposal.role})
    else:
        _require_proposer(tx, proposal)
    _check(account, proposal.change, proposal.role)
    _require_together(tx, account, proposal.change, proposal.role)
    _require_board(tx, account, proposal.change, proposal.role)
    if proposal.change == "grant":
        require_one_self(tx, account)
    _apply(tx, account, proposal, "confirmed")


def withdraw_proposal(tx: Tx, number: int) -> None:
    """Let a proposal go; the roles stay as they are.

    Raises:
        NotFound: no such proposal waits.
    """
    proposal = _get_open(tx, number)
    lock_account(tx, proposal.account_id)
    proposals.settle_proposal(tx, _get_open(tx, number).number, "withdrawn")


def lay_down_role(tx: Tx, account_id: str, role: str) -> None:
    """Lay down a role of one's own, which needs nobody else.

    Raises:
        BadInput: the account does not have it.
        CoopError: ``last-board``, it would leave nobody on the board.
    """
    lock_account(tx, account_id)
    account = store.get_account(tx, account_id)
    if str(tx.actor) != _actor_of(account):
        raise CoopError("not-own-role", say("only your own role can be laid down"))
    _check(account, "withdraw", role)
    _require_board(tx, account, "withdraw", role)
    if waiting := _find_open(tx, account_id, role):
        proposals.settle_proposal(tx, waiting.number, "withdrawn")
    number = proposals.next_number(tx, role_proposal)
    made = RoleProposal(number, account_id, "withdraw", role, tx.now, str(tx.actor), tx.actor.channel)
    proposals.add_proposal(tx, made)
    _apply(tx, account, made, "alone")


def list_confirmers(tx: Tx, proposal: RoleProposal) -> list[Account]:
    """List whoever on the pages can confirm a proposal."""
    able = {"board"} if proposal.proposed_by == MACHINE else {"board", "operator"}
    return [
        account
        for account in store.list_accounts(tx)
        if account.active
        and account.has_password
        and not able.isdisjoint(account.roles)
        and _actor_of(account) != proposal.proposed_by
        and (proposal.change == "withdraw" or account.account_id != proposal.account_id)
    ]


def _apply(tx: Tx, account: Account, proposal: RoleProposal, outcome: str) -> None:
    proposals.settle_proposal(tx, proposal.number, outcome)
    given = proposal.change == "grant"
    roles = account.roles | {proposal.role} if given else account.roles - {proposal.role}
    store.change_account(tx, account.account_id, roles=roles)
    store.note_change(tx, account.account_id, "roles")
    end_all_sessions(tx, account.account_id)
    text = say("you got the role %(role)s", role=say(proposal.role))
    tell_owner(tx, account, text if given else say("you no longer have the role %(role)s", role=say(proposal.role)))


def _check(account: Account, change: RoleChange, role: str) -> None:
    if role not in GIVEN_ROLES:
        raise BadInput([Problem(say('"%(role)s" is none of %(roles)s', role=role, roles=GIVEN_ROLES), "role")])
    if (role in account.roles) == (change == "grant"):
        reason = say("the account has this role already") if change == "grant" else say("the account has no such role")
        raise BadInput([Problem(reason, "role")])


def _require_together(tx: Tx, account: Account, change: RoleChange, role: str) -> None:
    """Refuse a role beside one that the account has, or that waits for it, where nobody has both."""
    open_ones = proposals.list_proposals(tx, account.account_id, only_open=True)
    waiting = {each.role for each in open_ones if each.change == "grant"}
    pair = list_barred({*account.roles, *waiting} - {role}).get(role) if change == "grant" else None
    if pair is not None:
        raise CoopError("roles-apart", say_apart(pair))


def _require_other(tx: Tx, account: Account, change: RoleChange) -> None:
    if change == "grant" and str(tx.actor) == _actor_of(account):
        raise CoopError("own-role", say("nobody gives a role to themself: others propose and confirm it"))


def _require_proposer(tx: Tx, proposal: RoleProposal) -> None:
    """Refuse what somebody proposed who is closed by now, or may no longer give out the role."""
    proposer = store.find_account(tx, proposal.proposed_by.removeprefix("account:"))
    if proposer is None or not proposer.active or proposal.role not in list_grants(proposer.roles):
        raise CoopError("proposer-gone", say("whoever proposed this may no longer do so: propose it anew"))


def _require_board(tx: Tx, account: Account, change: RoleChange, role: str) -> None:
    """Refuse to leave a co-operative without a board; the machine's operator may, for it can give the role again."""
    if change == "withdraw" and role == "board" and str(tx.actor) != MACHINE:
        require_other_board(tx, account)


def _actor_of(account: Account) -> str:
    return f"account:{account.account_id}"


def _find_open(tx: Tx, account_id: str, role: str) -> RoleProposal | None:
    open_ones = proposals.list_proposals(tx, account_id, only_open=True)
    return next((proposal for proposal in open_ones if proposal.role == role), None)


def _get(tx: Tx, number: int) -> RoleProposal:
    proposal = proposals.find_proposal(tx, number)
    if proposal is None:
        raise NotFound(say("no role waits under number %(number)s", number=number))
    return proposal


def _get_open(tx: Tx, number: int) -> RoleProposal:
    proposal = _get(tx, number)
    if proposal.settled_at is not None:
        raise NotFound(say("no role waits under number %(number)s", number=number))
    return proposal
