"""One person, one account: the account of somebody who came in as board or staff is joined with their membership.

Two people who check each other are two people only where nobody has two accounts to do it with. So a member signs in
with one account, whatever roles it has, and of the accounts of one member at most one has roles that others give.
"""

from __future__ import annotations

from collections.abc import Collection

from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.commands.accounts import get_granted, lock_member, require_grants
from coop.members.identity.commands.sessions import end_all_sessions, lock_account
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import Account
from coop.members.own_tokens.commands import end_own_tokens
from coop.members.register.model import Member
from coop.members.register.store import get_member
from coop.values import CoopError, say

ROLE = "member"


def join_member(tx: Tx, grants: Collection[str], account_id: str, member_id: str) -> Account:
    """Let an account be that of a member too, from its next sign-in on; its roles stay, and its owner is told. It takes
    the name of the register where that has its address: a first account is called after its address. An account that
    the member was invited to and never used is closed.

    Raises:
        NotFound: there is no such account, or no such member.
        NotAllowed: whoever acts may not let members in, or may not give out a role of an account whose address is
            another than that of the register.
        CoopError: ``other-member``, it is another member's; ``has-account``, the member uses another; ``own-account``,
            it is one's own and the register does not have its address; ``account-closed``; ``left-already``.
    """
    require_grants(grants, {ROLE})
    lock_account(tx, account_id)
    account, member = store.get_account(tx, account_id), get_member(tx, member_id)
    if not _has_its_address(account, member):
        require_grants(grants, account.roles)
    lock_member(tx, member_id)
    if account.member_id == member_id:
        return account
    _require_joinable(tx, account, member)
    for other in store.list_accounts_of(tx, member_id):
        if other.active:
            store.change_account(tx, other.account_id, active=False)
            store.note_change(tx, other.account_id, "closed")
    name = member.name if _has_its_address(account, member) else account.name
    store.change_account(tx, account_id, name=name, member_id=member_id, roles=account.roles | {ROLE})
    store.note_change(tx, account_id, "joined")
    tell_owner(tx, account, say("it is the account of member %(number)s as well", number=member.number))
    return store.get_account(tx, account_id)


def part_member(tx: Tx, grants: Collection[str], account_id: str) -> Account:
    """Take an account off its member, where somebody joined the wrong two: it is signed out everywhere.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
        CoopError: ``own-account``, it is one's own; ``nothing-left``, it has no other role, and is closed instead.
    """
    account = get_granted(tx, grants, account_id)
    if account.member_id is None:
        return account
    if _is_own(tx, account):
        raise CoopError("own-account", say("nobody takes their own account off the member: somebody else does"))
    if account.roles <= {ROLE}:
        raise CoopError("nothing-left", say("this account is the member's alone: close it instead"))
    store.change_account(tx, account_id, member_id=None, roles=account.roles - {ROLE})
    store.note_change(tx, account_id, "parted")
    end_own_tokens(tx, account_id)
    end_all_sessions(tx, account_id)
    tell_owner(tx, account, say("it is no longer the account of a member"))
    return store.get_account(tx, account_id)


def _require_joinable(tx: Tx, account: Account, member: Member) -> None:
    number = member.number
    if account.member_id is not None:
        raise CoopError("other-member", say("this account is another member's already"))
    if not account.active:
        raise CoopError("account-closed", say("this account is closed: open it first"))
    if member.left_on is not None and member.left_on <= tx.today:
        raise CoopError(
            "left-already", say("member %(number)s left on %(day)s already", number=number, day=member.left_on)
        )
    if _is_own(tx, account) and not _has_its_address(account, member):
        reason = say(
            "member %(number)s has another address in the register: somebody else joins the two", number=number
        )
        raise CoopError("own-account", reason)
    for other in store.list_accounts_of(tx, member.member_id):
        if other.active and (other.has_password or not other.roles <= {ROLE}):
            reason = say(
                "member %(number)s signs in with %(email)s: close that account first", number=number, email=other.email
            )
            raise CoopError("has-account", reason)


def _is_own(tx: Tx, account: Account) -> bool:
    return str(tx.actor) == f"account:{account.account_id}"


def _has_its_address(account: Account, member: Member) -> bool:
    """True where the register has the address that an account signs in with."""
    return member.email.strip().lower() == account.email
