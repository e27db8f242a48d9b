"""Nouns of OpenID Connect."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from coop.values import CoopError, Said, say


@dataclass(frozen=True)
class Provider:
    """The provider of an installation, and whom it is believed about: e-mail addresses of these domains, and these
    addresses."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    domains: frozenset[str]
    addresses: frozenset[str]

    def may_speak_for(self, email: str) -> bool:
        """True when it is believed about an e-mail address.

        >>> ours = Provider("https://id.example", "c", "", "Id", frozenset({"a.example"}), frozenset({"x@b.example"}))
        >>> [ours.may_speak_for(email) for email in ("y@a.example", "x@b.example", "y@b.example", "x@ba.example")]
        [True, True, False, False]
        """
        return email in self.addresses or email.rpartition("@")[2] in self.domains


@dataclass(frozen=True)
class Discovered:
    """Particulars that a provider gives of itself: its addresses, its keys, and whether the client's secret goes into
    the body."""

    authorization_url: str
    token_url: str
    keys: dict[str, Any]
    secret_in_body: bool = False


@dataclass(frozen=True)
class Claims:
    """Person whom a provider has recognised: ``email`` is empty unless the provider has verified it."""

    subject: str
    email: str
    is_second_factor: bool


@dataclass(frozen=True)
class Bound:
    """An account whose owner agreed that a provider's subject opens it."""

    issuer: str
    subject: str
    account_id: str
    bound_at: datetime


REASONS: dict[str, Said] = {
    "provider-away": say("the provider does not answer now; sign in with your password, or try again later"),
    "provider-wrong": say("the answer of the provider cannot be relied on; tell the operator, and use your password"),
    "provider-refused": say("the provider did not let you in"),
    "sign-in-mixed-up": say("this answer belongs to another sign-in, or came too late; begin again"),
    "nobody-here": say("nobody here signs in with that; sign in with your password, or ask the board for an account"),
    "bound-to-another": say("this account is connected with somebody else at the provider; sign in with your password"),
}


class OidcRefused(CoopError):
    """Nobody is signed in by the provider; ``detail`` is for the log and the operator."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, REASONS[code])
        self.detail = detail
