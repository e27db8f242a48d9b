"""Invitations to many members at once. Given again, nobody is invited twice.

Each batch plans anew in its own transaction, one at a time: who was invited in the meantime is left out, and whatever
stops half way goes on where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.members.identity import store
from coop.members.identity.commands.invitations import invite_account, send_password_address
from coop.members.identity.model import Account
from coop.members.identity.rules.rounds import Invitee, plan_round
from coop.members.register.store import list_members

BATCH: Final = 50
AGAIN_AFTER: Final = timedelta(days=1)
"""Age of an invitation from which it is sent again."""


@dataclass(frozen=True)
class Round:
    """Choice of whom to invite: members without an account whom ``search`` finds, of a kind or all; ``again`` also
    those who were invited and never chose a password."""

    search: str = ""
    kind: str = ""
    again: bool = False


@dataclass(frozen=True)
class Planned:
    """Members to invite, and accounts to invite again."""

    invitees: Sequence[Invitee]
    again: Sequence[Account]

    @property
    def reachable(self) -> Sequence[Invitee]:
        """Those whom an invitation can reach."""
        return [invitee for invitee in self.invitees if invitee.way != "none"]


def plan(tx: Tx, wanted: Round) -> Planned:
    """Plan a round, without inviting anybody."""
    members = [member for member in list_members(tx, wanted.search) if not wanted.kind or member.kind == wanted.kind]
    accounts = store.list_accounts(tx)
    with_account = {account.member_id for account in accounts if account.member_id}
    joinable = {account.email for account in accounts if account.member_id is None and account.active}
    invitees = plan_round(members, with_account, {account.email for account in accounts}, tx.today, joinable)
    if not wanted.again:
        return Planned(invitees, [])
    found = {member.member_id for member in members}
    recent = store.list_invited_since(tx, tx.now - AGAIN_AFTER)
    again = [
        account
        for account in accounts
        if account.member_id in found
        and account.active
        and not account.has_password
        and account.account_id not in recent
    ]
    return Planned(invitees, again)


def invite_batch(tx: Tx, grants: Collection[str], wanted: Round) -> int:
    """Invite the first members of a round; returns how many, which is none once everybody is invited."""
    tx.lock("invitations")
    planned = plan(tx, wanted)
    for invitee in planned.reachable[:BATCH]:
        member = invitee.member
        invite_account(tx, grants, invitee.sign_in, member.name, (), member.member_id)
    left = BATCH - len(planned.reachable[:BATCH])
    for account in planned.again[:left]:
        send_password_address(tx, account)
    return len(planned.reachable[:BATCH]) + len(planned.again[:left])


def invite_all(database: Database, community: str, actor: Actor, grants: Collection[str], wanted: Round) -> int:
    """Invite everybody of a round, a batch in a transaction; returns how many."""
    total = 0
    while True:
        with database.write(community, actor) as tx:
            count = invite_batch(tx, grants, wanted)
        total += count
        if not count:
            return total
