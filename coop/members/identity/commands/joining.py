"""One person, one account: the account of somebody who came in as board or staff is joined with their membership.

Two people who check each other are two people only where nobody has two accounts to do it with. So a member signs in
with one account, whatever roles it has, and of the accounts of one member at most one has roles that others give.
"""

from __future__ import annotations

from collections.abc import Collection

from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.commands.accounts import require_grants
from coop.members.identity.commands.sessions import end_all_sessions, lock_account
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import GIVEN_ROLES, Account
from coop.members.own_tokens.commands import end_own_tokens
from coop.members.register.model import Member
from coop.members.register.store import get_member
from coop.values import CoopError, say

ROLE = "member"


def join_member(tx: Tx, grants: Collection[str], account_id: str, member_id: str) -> Account:
    """Let an account be that of a member too, from its next sign-in on, under the name of the register; its roles stay,
    and its owner is told. An account that the member was invited to and never used is closed.

    Raises:
        NotFound: there is no such account, or no such member.
        NotAllowed: whoever acts may not let members in.
        CoopError: ``other-member``, it is another member's; ``has-account``, the member uses another; ``own-account``,
            it is one's own and the register does not have its address; ``account-closed``; ``left-already``.
    """
    account, member = _get_locked(tx, grants, account_id), get_member(tx, member_id)
    _lock_member(tx, member_id)
    if account.member_id == member_id:
        return account
    _require_joinable(tx, account, member)
    for other in store.list_accounts_of(tx, member_id):
        if other.active:
            store.change_account(tx, other.account_id, active=False)
            store.note_change(tx, other.account_id, "closed")
    store.change_account(tx, account_id, member_id=member_id, roles=account.roles | {ROLE}, name=member.name)
    store.note_change(tx, account_id, "joined")
    tell_owner(tx, account, say("it is the account of member %(number)s as well", number=member.number))
    return store.get_account(tx, account_id)


def part_member(tx: Tx, grants: Collection[str], account_id: str) -> Account:
    """Take an account off its member, where somebody joined the wrong two: it is signed out everywhere.

    Raises:
        NotFound: there is no such account.
        NotAllowed: whoever acts may not let members in.
        CoopError: ``nothing-left``, it has no other role, and is closed instead.
    """
    account = _get_locked(tx, grants, account_id)
    if account.member_id is None:
        return account
    if account.roles <= {ROLE}:
        raise CoopError("nothing-left", say("this account is the member's alone: close it instead"))
    store.change_account(tx, account_id, member_id=None, roles=account.roles - {ROLE})
    store.note_change(tx, account_id, "parted")
    end_own_tokens(tx, account_id)
    end_all_sessions(tx, account_id)
    tell_owner(tx, account, say("it is no longer the account of a member"))
    return store.get_account(tx, account_id)


def require_one_self(tx: Tx, account: Account) -> None:
    """Refuse roles to a second account of a person: whoever has two could be both people of two.

    Raises:
        CoopError: ``same-person``, another account of the member has such roles.
    """
    if account.member_id is None:
        return
    _lock_member(tx, account.member_id)
    for other in store.list_accounts_of(tx, account.member_id):
        if other.account_id != account.account_id and other.active and not other.roles.isdisjoint(GIVEN_ROLES):
            reason = say(
                "the same member has roles under %(email)s: one person has them in one account", email=other.email
            )
            raise CoopError("same-person", reason)


def _get_locked(tx: Tx, grants: Collection[str], account_id: str) -> Account:
    require_grants(grants, {ROLE})
    lock_account(tx, account_id)
    return store.get_account(tx, account_id)


def _lock_member(tx: Tx, member_id: str) -> None:
    """One at a time for the accounts of a member; taken after the lock of an account."""
    tx.lock(f"accounts of {member_id}")


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
    is_own = str(tx.actor) == f"account:{account.account_id}"
    if is_own and member.email.strip().lower() != account.email:
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
