"""Nouns of second factors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from coop.values import CoopError, say


@dataclass(frozen=True)
class Authenticator:
    """The app of an account that shows a code every half minute; no code of ``last_step`` or before is taken again."""

    account_id: str
    sealed_secret: bytes = field(repr=False)
    added_at: datetime
    last_step: int


@dataclass(frozen=True)
class Passkey:
    """The public half of a key that a device keeps for the pages of one host name; ids and keys as the browser's
    standard has them, ``credential_id`` in base64url."""

    passkey_id: str
    account_id: str
    name: str
    host: str
    credential_id: str
    public_key: bytes
    sign_count: int
    added_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True)
class Place:
    """The pages at which a passkey is used: their host name, which the key is bound to, and their origin."""

    host: str
    origin: str


@dataclass(frozen=True)
class Factors:
    """Everything that an account has: an app, passkeys, and recovery codes that are left."""

    authenticator: Authenticator | None
    passkeys: tuple[Passkey, ...]
    codes_left: int


@dataclass(frozen=True)
class Reset:
    """A second factor that was lost: one person asks to take it off an account, and another does it. ``outcome``:
    confirmed or withdrawn, None while it waits."""

    reset_id: str
    account_id: str
    proposed_at: datetime
    proposed_by: str
    settled_at: datetime | None = None
    settled_by: str | None = None
    outcome: str | None = None


class WrongCode(CoopError):
    """The code is not right, was used before, or is of another time: nobody is told which."""

    def __init__(self) -> None:
        super().__init__("wrong-code", say("the code is not right, or was used before"))


class PasskeyRefused(CoopError):
    """The answer of a passkey does not prove anything here."""

    def __init__(self) -> None:
        super().__init__("passkey-refused", say("this passkey was not recognised; try again, or choose another way"))
