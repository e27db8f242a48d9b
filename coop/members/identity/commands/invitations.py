"""Invitations and resets: the owner of an account gets a one-time address, and nobody else sees it.

It goes by mail to the address that they sign in with; where there is none, as a letter that waits to be printed.
"""

from __future__ import annotations

from collections.abc import Collection

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.members.fields import is_email
from coop.members.identity import store
from coop.members.identity.commands.accounts import create_account, get_granted
from coop.members.identity.commands.addresses import draw_address
from coop.members.identity.commands.joining import join_member
from coop.members.identity.commands.roles import propose_role
from coop.members.identity.commands.sign_in import VISITOR
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import Account, NewAccount, Origin
from coop.members.identity.rules.tries import choose_reset_counters
from coop.members.messages.commands import send
from coop.values import say


def invite_account(
    tx: Tx, grants: Collection[str], email: str, name: str, roles: Collection[str] = (), member_id: str | None = None
) -> str:
    """Make an account and invite its owner; its roles are proposed, and wait for a second person. Returns its id.

    The account of a member has the role of a member at once; where the address is that of an account without a member,
    that account is joined with the membership. The same again invites again.

    Raises:
        NotAllowed: whoever acts may not give out one of the roles.
        BadInput: something about the account cannot be.
        CoopError: the account that has the address cannot be joined with the member.
    """
    member_roles = frozenset({"member"} if member_id else ())
    before = store.find_by_email(tx, email.strip().lower())
    if before is not None and before.member_id == member_id and (member_id or before.name == name):
        account_id = before.account_id
    elif before is not None and member_id and before.member_id is None:
        account_id = join_member(tx, grants, before.account_id, member_id).account_id
    else:
        account_id = create_account(tx, {*grants, *member_roles}, NewAccount(email, name, member_roles, "", member_id))
    for role in sorted(set(roles) - {"member"}):
        if role not in store.get_account(tx, account_id).roles:
            propose_role(tx, grants, account_id, "grant", role)
    if not store.get_account(tx, account_id).has_password:
        send_password_address(tx, store.get_account(tx, account_id))
    return account_id


def invite_again(tx: Tx, grants: Collection[str], account_id: str) -> Account:
    """Send the owner of an account another one-time address: an invitation, or a reset where they have a password. Who
    is invited anew is told by whom, in a message of its own.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
        AddressRefused: it is closed.
    """
    account = get_granted(tx, grants, account_id)
    send_password_address(tx, account)
    if not account.has_password:
        tell_owner(tx, account, say("it was invited anew"))
    return account


def send_password_address(tx: Tx, account: Account) -> None:
    """Send the owner of an account a one-time address to choose a password.

    Raises:
        AddressRefused: the account is closed.
    """
    drawn = draw_address(tx, account.account_id, "set-password", by_post=not is_email(account.email))
    kind = "reset" if account.has_password else "invitation"
    cause = f"{account.account_id} {drawn.expires_at.isoformat()}"
    send(tx, kind, account, cause, until=drawn.expires_at, link=drawn.path)


def ask_reset(database: Database, community: str, origin: Origin, email: str) -> None:
    """Send a one-time address to whoever forgot their password, if the address is that of an open account.

    Nobody is told whether it is. A stranger makes nobody's mailbox full: three an hour go to one address.
    """
    email = email.strip().lower()
    with database.write(community, VISITOR) as tx:
        if not all(store.count_try(tx, counter) for counter in choose_reset_counters(email, origin)):
            return
        account = store.find_by_email(tx, email) if is_email(email) and email.isprintable() else None
        if account is not None and account.active:
            send_password_address(tx, account)
