"""Nouns of the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.members.connections.model import Connection, Occupancy
from coop.members.contracts.model import Contract
from coop.members.fields import require_after, require_word

MEMBER_KINDS = ("tenant", "owner", "business", "corporation")


@dataclass(frozen=True)
class Member:
    """A person or organisation with a vote. ``left_on`` is the first day without membership."""

    member_id: str
    number: str
    kind: str
    name: str
    email: str
    address: str
    postcode: str
    city: str
    joined_on: date
    left_on: date | None = None

    def __post_init__(self) -> None:
        require_word(self.kind, MEMBER_KINDS, "kind")
        require_after(self.left_on, self.joined_on, "left_on", "joined_on")


@dataclass(frozen=True)
class MemberFile:
    """All that the register knows of one member."""

    member: Member
    holds: list[tuple[Connection, Occupancy]]
    contracts: list[Contract]
