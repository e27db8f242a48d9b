"""Accounts from the command line: made, listed, closed and opened, their roles, and one-time addresses for owners."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from coop.communities.directory import Directory
from coop.kit.actor import COMMAND_LINE
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.members.factors.commands.resets import confirm_reset_at_machine
from coop.members.identity import store
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.commands.addresses import make_one_time_address
from coop.members.identity.commands.joining import join_member
from coop.members.identity.commands.roles import list_confirmers, propose_role
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import ROLES, Account, NewAccount, RoleChange, RoleProposal
from coop.members.identity.proposals import list_proposals
from coop.members.register.store import get_by_number
from coop.operator.founding import open_truth
from coop.values import CoopError, NotFound, say


def add_account(
    settings: Settings, community: str, email: str, name: str, roles: Collection[str], number: str
) -> list[str]:
    """Make an account, of the member with a number if one is given; lines of text with its one-time address. An account
    without a member that has the address is joined with the member.

    Its roles are proposed, as ``change_roles`` does.

    Raises:
        BadInput: no e-mail address or one of another account, an unknown role, or a name that is missing.
        NotFound: no member has this number.
    """
    with open_truth(settings) as database:
        with database.write(community, COMMAND_LINE) as tx:
            member_id = get_by_number(tx, number).member_id if number else None
            account = store.find_by_email(tx, email.strip().lower())
            if account is not None and member_id and account.member_id is None and account.active:
                return [_describe(join_member(tx, ROLES, account.account_id, member_id))]
            if account is not None and account.has_password:
                raise CoopError("has-password", say("%(email)s is there and has a password", email=account.email))
            if account is None or account.member_id != member_id:
                own = frozenset({"member"} if number else ())
                account_id = create_account(tx, ROLES, NewAccount(email, name, own, member_id=member_id))
                account = store.get_account(tx, account_id)
            lines = _propose(tx, account, [("grant", role) for role in roles if role not in account.roles])
            account = store.get_account(tx, account.account_id)
            path = make_one_time_address(tx, account.account_id, "set-password")
        return [*_print_address(Directory(database, settings), community, account, path), *lines]


def change_roles(
    settings: Settings, community: str, email: str, given: Collection[str], withdrawn: Collection[str]
) -> list[str]:
    """Propose roles of an account, or confirm what the board proposed; lines of text with what holds and what waits.

    While nobody of the board can sign in, it holds at once.

    Raises:
        NotFound: nobody has this address.
        BadInput: no such role, or it is given, or not there, already.
    """
    with open_truth(settings) as database, database.write(community, COMMAND_LINE) as tx:
        account = get_by_email(tx, email)
        wanted: list[tuple[RoleChange, str]] = [("grant", role) for role in given]
        lines = _propose(tx, account, [*wanted, *(("withdraw", role) for role in withdrawn)])
        open_ones = list_proposals(tx, account.account_id, only_open=True)
        lines += [] if wanted or withdrawn else [_describe_proposal(tx, proposal) for proposal in open_ones]
        return [_describe(store.get_account(tx, account.account_id)), *lines]


def _propose(tx: Tx, account: Account, wanted: Iterable[tuple[RoleChange, str]]) -> list[str]:
    made = [propose_role(tx, ROLES, account.account_id, change, role) for change, role in wanted]
    return [_describe_proposal(tx, proposal) for proposal in made]


def _describe_proposal(tx: Tx, proposal: RoleProposal) -> str:
    what = f"{proposal.change} {proposal.role}"
    if proposal.outcome in ("confirmed", "alone"):
        return f"{what}: holds from now on; the account is signed out everywhere"
    names = ", ".join(account.name for account in list_confirmers(tx, proposal)) or "nobody else"
    return f"{what}: waits under number {proposal.number} for a second person; {names} can confirm it on the pages"


def reset_account(settings: Settings, community: str, email: str) -> list[str]:
    """Make a one-time address for somebody who lost their password, or was invited and has none yet.

    Raises:
        NotFound: nobody has this address.
        AddressRefused: the account is closed.
    """
    with open_truth(settings) as database:
        with database.write(community, COMMAND_LINE) as tx:
            account = get_by_email(tx, email)
            path = make_one_time_address(tx, account.account_id, "set-password")
            if account.has_password:
                tell_owner(tx, account, say("a way to choose another password was made"))
        return _print_address(Directory(database, settings), community, account, path)


def reset_second_factor(settings: Settings, community: str, email: str) -> list[str]:
    """Be the second person who takes a lost second factor off an account.

    Raises:
        NotFound: nobody has this address.
        CoopError: nobody asked for it yet.
    """
    with open_truth(settings) as database, database.write(community, COMMAND_LINE) as tx:
        account = confirm_reset_at_machine(tx, get_by_email(tx, email).account_id)
    return [
        _describe(account),
        "The second factor is taken off; its owner is told, and chooses another at the sign-in.",
    ]


def list_accounts(settings: Settings, community: str) -> list[str]:
    """A line of text for each account: its address, state, roles and name."""
    with open_truth(settings) as database, database.read(community) as tx:
        return [_describe(account) for account in store.list_accounts(tx)]


def set_account_active(settings: Settings, community: str, email: str, *, active: bool) -> list[str]:
    """Close an account, which ends its sessions at once, or open it again.

    Raises:
        NotFound: nobody has this address.
    """
    with open_truth(settings) as database, database.write(community, COMMAND_LINE) as tx:
        account = get_by_email(tx, email)
        set_active(tx, ROLES, account.account_id, active=active)
        return [_describe(store.get_account(tx, account.account_id))]


def get_by_email(tx: Tx, email: str) -> Account:
    """Find the account with an e-mail address.

    Raises:
        NotFound: nobody has it.
    """
    account = store.find_by_email(tx, email.strip().lower())
    if account is None:
        raise NotFound(say("no account has the address %(email)s", email=email))
    return account


def _describe(account: Account) -> str:
    state = "open" if account.has_password else "invited"
    if not account.active:
        state = "closed"
    return f"{account.email:<32}  {state:<8}  {','.join(sorted(account.roles)):<24}  {account.name}"


def _print_address(directory: Directory, community: str, account: Account, path: str) -> list[str]:
    site = directory.site_of(community)
    url = site.url if site else ""
    return [
        _describe(account),
        f"one-time address, for {account.name} alone:",
        f"{url}{path}",
        "It works once, and opens nothing but the choice of a password.",
    ]
