"""Nouns of identity."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

ROLES: Final = ("member", "board", "treasurer", "partner", "auditor", "operator")

GIVEN_ROLES: Final = ROLES[1:]
"""Roles that one person proposes and another confirms; that of a member comes with the membership."""

APART: Final = tuple((watcher, keeper) for watcher in ("auditor", "partner") for keeper in ("board", "treasurer"))
"""Roles of which nobody has both: who examines the accounts stands outside the board (Civil Code, article 2:48 lid 2),
and who pays or judges the work is not the one who receives it."""


def find_apart(roles: Collection[str]) -> tuple[str, str] | None:
    """The first two of some roles that do not go together, or None.

    >>> find_apart({"board", "treasurer"}), find_apart({"treasurer", "auditor", "operator"})
    (None, ('auditor', 'treasurer'))
    """
    return next((pair for pair in APART if set(pair) <= set(roles)), None)


def list_barred(roles: Collection[str]) -> dict[str, tuple[str, str]]:
    """Roles that nobody with these gets as well, each with the two that do not go together.

    >>> list_barred({"board"})
    {'partner': ('partner', 'board'), 'auditor': ('auditor', 'board')}
    """
    pairs = {role: find_apart({*roles, role}) for role in GIVEN_ROLES if role not in roles}
    return {role: pair for role, pair in pairs.items() if pair and role in pair}


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in. ``email`` is what they sign in with: the number of the member where there is no mail
    address. ``password_hash`` is empty until they choose a password; who ``has_factor`` shows a second factor as well
    (``members.factors``)."""

    account_id: str
    email: str
    name: str
    password_hash: str = field(repr=False)
    roles: frozenset[str]
    member_id: str | None
    active: bool = True
    has_factor: bool = False

    @property
    def has_password(self) -> bool:
        """True once its owner chose a password; until then nothing opens it but a one-time address."""
        return bool(self.password_hash)


@dataclass(frozen=True)
class NewAccount:
    """An account that is asked for. Without a password its owner chooses one at a one-time address."""

    email: str
    name: str
    roles: frozenset[str]
    password: str = field(repr=False, default="")
    member_id: str | None = None


@dataclass(frozen=True)
class AccountChange:
    """A change of an account, and who made it through which door. ``change``: made, invited, reset, roles, address,
    own-password, closed or opened."""

    account_id: str
    changed_at: datetime
    change: str
    actor: str
    channel: str


Purpose = Literal["set-password", "confirm-email"]
"""Purposes of a one-time address: its account chooses a password, or confirms that an e-mail address is theirs."""


@dataclass(frozen=True)
class OneTimeAddress:
    """An address that lets the owner of one account do one thing once, by the hash of its key; ``email`` is the
    address that is to be confirmed."""

    key_sha256: str
    account_id: str
    purpose: Purpose
    email: str
    made_at: datetime
    made_by: str
    channel: str
    expires_at: datetime
    settled_at: datetime | None = None
    outcome: Literal["used", "replaced"] | None = None


RoleChange = Literal["grant", "withdraw"]


@dataclass(frozen=True)
class RoleProposal:
    """A role that somebody would give to an account or take from it. Outcome ``alone``: it needed nobody else."""

    number: int
    account_id: str
    change: RoleChange
    role: str
    proposed_at: datetime
    proposed_by: str
    proposed_through: str
    settled_at: datetime | None = None
    settled_by: str | None = None
    settled_through: str | None = None
    outcome: Literal["confirmed", "withdrawn", "alone"] | None = None


@dataclass(frozen=True)
class EmailChange:
    """Another address to sign in with, which its owner confirms."""

    number: int
    account_id: str
    old_email: str
    new_email: str
    asked_at: datetime
    asked_by: str
    asked_through: str
    old_confirmed_at: datetime | None = None
    new_confirmed_at: datetime | None = None
    settled_at: datetime | None = None
    settled_by: str | None = None
    settled_through: str | None = None
    outcome: Literal["changed", "withdrawn"] | None = None

    @property
    def is_own(self) -> bool:
        """True when the owner of the account asked for it."""
        return self.asked_by == f"account:{self.account_id}"

    @property
    def is_confirmed(self) -> bool:
        """True when nobody needs to confirm any more."""
        return self.new_confirmed_at is not None and (self.is_own or self.old_confirmed_at is not None)


@dataclass(frozen=True)
class Origin:
    """Source of a try to sign in: the network address, and the mark that the browser was given at an earlier
    sign-in, empty where it was given none."""

    source: str
    browser: str = ""


@dataclass(frozen=True)
class SignIn:
    """A session that began: when, and from where."""

    session_id: str
    account_id: str
    began_at: datetime
    source: str
    browser: str
    ended_at: datetime | None = None
