"""Nouns of identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

ROLES: Final = ("member", "board", "treasurer", "partner", "auditor", "operator")


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in. ``one_time_until`` is None once they chose a password of their own."""

    account_id: str
    email: str
    name: str
    password_hash: str = field(repr=False)
    roles: frozenset[str]
    member_id: str | None
    active: bool = True
    one_time_until: datetime | None = None


@dataclass(frozen=True)
class NewAccount:
    """An account that is asked for. With ``one_time_until`` its password is one that somebody else knows as well: it
    must be replaced until then."""

    email: str
    name: str
    roles: frozenset[str]
    password: str = field(repr=False)
    member_id: str | None = None
    one_time_until: datetime | None = None


@dataclass(frozen=True)
class AccountChange:
    """A change of an account, and who made it through which door. ``change``: made, roles, address, one-time-password,
    own-password, closed or opened."""

    account_id: str
    changed_at: datetime
    change: str
    actor: str
    channel: str


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
