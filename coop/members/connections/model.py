"""Nouns of connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from coop.members.fields import require_after, require_word

CONNECTION_KINDS = ("dwelling", "business", "common")

HOME_EQUIVALENTS_MAX = 10_000
USERS_MAX = 10_000


@dataclass(frozen=True)
class Connection:
    """A place where heat or electricity is delivered. ``ean`` is empty where there is none, as with heat.

    ``home_equivalents`` is how many average homes it counts for. ``users`` is how many users the Wcw counts behind it:
    each home that gets its heat passed on by a landlord or an owners' association counts.
    Source: docs/domain/law-and-co-operative.md#licence-and-size.
    """

    connection_id: str
    number: str
    building: str
    kind: str
    address: str
    ean: str = ""
    home_equivalents: Decimal = Decimal(1)
    users: int = 1

    def __post_init__(self) -> None:
        require_word(self.kind, CONNECTION_KINDS, "kind")


@dataclass(frozen=True)
class Occupancy:
    """A member's hold on a connection; ``closed_on`` is the first day that is no longer theirs. ``registration`` counts
    from 1 and goes up when an import of the same hold was undone."""

    connection_id: str
    member_id: str
    opened_on: date
    closed_on: date | None = None
    registration: int = 1

    def __post_init__(self) -> None:
        require_after(self.closed_on, self.opened_on, "closed_on", "opened_on")
