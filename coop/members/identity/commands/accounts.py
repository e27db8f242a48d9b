"""Accounts: made, changed and closed. Given again, a command changes nothing.

Whoever works on an account names their ``grants``, the roles that they may give out, and needs every role that the
account has or gets.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.members.fields import is_email, refuse_text
from coop.members.identity import store
from coop.members.identity.commands.hashing import hash_password
from coop.members.identity.commands.sessions import end_all_sessions, lock_account
from coop.members.identity.commands.telling import tell_owner
from coop.members.identity.model import GIVEN_ROLES, ROLES, Account, NewAccount, find_apart
from coop.members.identity.rules import passwords
from coop.members.own_tokens.commands import end_own_tokens
from coop.members.register.store import find_member
from coop.values import BadInput, CoopError, Problem, Said, derive_id, say


def create_account(tx: Tx, grants: Collection[str], wanted: NewAccount) -> str:
    """Make an account; returns its id. The same account again stays as it is.

    Raises:
        NotAllowed: it gets a role that whoever acts may not give out.
        BadInput: no e-mail address or one of another account, an unknown role, a password that is too short, too long
            or too easy, or an unknown member.
    """
    email = wanted.email.strip().lower()
    require_grants(grants, wanted.roles.intersection(ROLES))
    if problems := _find_problems(tx, email, wanted):
        raise BadInput(problems)
    if other := store.find_by_email(tx, email):
        if (other.member_id, other.roles) != (wanted.member_id or None, wanted.roles):
            raise BadInput([Problem(say("another account has the address %(email)s", email=email), "email")])
        return other.account_id
    # Somebody else may have had the address before, and taken another since.
    account_ids = (derive_id("account", tx.community, email, turn) for turn in count())
    made = Account(
        next(account_id for account_id in account_ids if store.find_account(tx, account_id) is None),
        email,
        wanted.name,
        hash_password(wanted.password) if wanted.password else "",
        wanted.roles,
        wanted.member_id or None,
    )
    store.add_account(tx, made)
    store.note_change(tx, made.account_id, "made")
    return made.account_id


def _find_problems(tx: Tx, email: str, wanted: NewAccount) -> list[Problem]:
    member = find_member(tx, wanted.member_id) if wanted.member_id else None
    # Who has no mail address signs in with their number as a member.
    can_sign_in = is_email(email) or (member is not None and email == member.number.lower())
    problems = [] if can_sign_in else [Problem(say('"%(email)s" is no e-mail address', email=email), "email")]
    for field, text in (("email", email), ("name", wanted.name)):
        if problem := refuse_text(text, field):
            problems.append(problem)
    problems += _find_role_problems(wanted.roles, wanted.member_id)
    fault = passwords.find_fault(wanted.password, [email, wanted.name])
    if fault and wanted.password:
        problems.append(Problem(fault.reason, "password"))
    if wanted.member_id and member is None:
        problems.append(Problem(say("there is no member %(member)s", member=wanted.member_id), "member_id"))
    return problems


def _find_role_problems(roles: frozenset[str], member_id: str | None) -> list[Problem]:
    unknown = sorted(roles.difference(ROLES))
    problems = [Problem(say('"%(role)s" is none of %(roles)s', role=role, roles=ROLES), "roles") for role in unknown]
    if apart := find_apart(roles):
        problems.append(Problem(say_apart(apart), "roles"))
    if "member" in roles and not member_id:
        problems.append(Problem(say("the role member needs a member"), "member_id"))
    return problems


def say_apart(pair: tuple[str, str]) -> Said:
    """Say that two roles do not go together."""
    watcher, keeper = pair
    return say("nobody is both %(one)s and %(other)s", one=say(watcher), other=say(keeper))


def require_grants(grants: Collection[str], roles: Collection[str]) -> None:
    """Refuse whoever may not give out all of these roles.

    Raises:
        NotAllowed: one is not among the grants.
    """
    if missing := sorted(set(roles).difference(grants)):
        raise NotAllowed(say("your account may not give out: %(roles)s", roles=tuple(missing)))


def get_granted(tx: Tx, grants: Collection[str], account_id: str) -> Account:
    """Find an account to work on, one at a time.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
    """
    lock_account(tx, account_id)
    account = store.get_account(tx, account_id)
    require_grants(grants, account.roles)
    return account


def set_active(tx: Tx, grants: Collection[str], account_id: str, *, active: bool) -> None:
    """Close an account, which ends its sessions at once, or open it again.

    Raises:
        NotFound: there is no such account.
        NotAllowed: it has a role that whoever acts may not give out.
        CoopError: ``last-board``, nobody else of the board could sign in; ``same-person``, its roles are those of a
            member who has roles in another account by now.
    """
    account = get_granted(tx, grants, account_id)
    if account.active != active:
        if active and not account.roles.isdisjoint(GIVEN_ROLES):
            require_one_self(tx, account)
        if not active and tx.actor.kind == "account":
            require_other_board(tx, account)
        store.change_account(tx, account_id, active=active)
        tell_owner(tx, account, say("it was opened again") if active else say("it was closed"))
        store.note_change(tx, account_id, "opened" if active else "closed")
        if not active:
            end_all_sessions(tx, account_id)
            end_own_tokens(tx, account_id)


def require_one_self(tx: Tx, account: Account) -> None:
    """Refuse roles that others give to a second open account of a person: whoever has two could be both people of two.

    Raises:
        CoopError: ``same-person``, another account of the member has such roles.
    """
    if account.member_id is None:
        return
    lock_member(tx, account.member_id)
    for other in store.list_accounts_of(tx, account.member_id):
        if other.account_id != account.account_id and other.active and not other.roles.isdisjoint(GIVEN_ROLES):
            reason = say(
                "the same member has roles under %(email)s: one person has them in one account", email=other.email
            )
            raise CoopError("same-person", reason)


def lock_member(tx: Tx, member_id: str) -> None:
    """One at a time for the accounts of a member; taken after the lock of an account."""
    tx.lock(f"accounts of {member_id}")


def require_other_board(tx: Tx, account: Account) -> None:
    """Refuse to take the last account away that the board can sign in with.

    Raises:
        CoopError: ``last-board``, it is.
    """
    if [board.account_id for board in store.list_board(tx)] == [account.account_id]:
        raise CoopError("last-board", say("this is the last account of the board: give somebody else the role first"))
