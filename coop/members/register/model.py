"""Nouns of the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.members.connections.model import Connection, Occupancy
from coop.members.contracts.model import Contract
from coop.members.fields import require_after, require_word

MEMBER_KINDS = ("tenant", "owner", "business", "corporation", "landlord")
"""``owner`` lives in what is theirs; ``landlord`` owns property that others live in, and is a party without a vote."""

VOTES_MAX = 100

ERASED = "(erased)"
RESTRICTED = "(restricted)"
"""Names that stand in the place of a member's, whatever the language."""


def votes_of(kind: str) -> int:
    """Votes that a member of a kind has where the register names no other number: property owners have none.

    >>> votes_of("tenant"), votes_of("landlord")
    (1, 0)
    """
    return 0 if kind == "landlord" else 1


@dataclass(frozen=True)
class Member:
    """A person or organisation that joined. ``left_on`` is the first day without membership; ``votes`` is the number of
    votes in a meeting, none for a party without a vote. ``kvk`` and ``vat_id`` are those of an organisation."""

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
    votes: int = 1
    kvk: str = ""
    vat_id: str = ""

    @property
    def is_restricted(self) -> bool:
        """True of one whose name only the books still need."""
        return self.name == RESTRICTED

    def __post_init__(self) -> None:
        require_word(self.kind, MEMBER_KINDS, "kind")
        require_after(self.left_on, self.joined_on, "left_on", "joined_on")


SORTS = ("number", "-number", "name", "-name", "address", "-address", "joined_on", "-joined_on")


@dataclass(frozen=True)
class Selection:
    """The members of a list: those whose number, name or address holds ``search``, of a ``kind``, who left or not
    (``state``: left, current or empty), and who lack a contract or an account; in the order of ``sort``."""

    search: str = ""
    kind: str = ""
    state: str = ""
    lacks: str = ""
    sort: str = "number"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("kind", ("", *MEMBER_KINDS)),
            ("state", ("", "current", "left")),
            ("lacks", ("", "contract", "account")),
            ("sort", SORTS),
        ):
            require_word(getattr(self, name), allowed, name)


@dataclass(frozen=True)
class MemberFile:
    """All that the register knows of one member."""

    member: Member
    holds: list[tuple[Connection, Occupancy]]
    contracts: list[Contract]

    @property
    def own_contracts(self) -> list[Contract]:
        """Contracts that name this member, without those that they share with another or pay for another."""
        return [contract for contract in self.contracts if contract.member_id == self.member.member_id]

    @property
    def paid_contracts(self) -> list[Contract]:
        """Contracts of others that this member pays."""
        return [contract for contract in self.contracts if contract.payer_id == self.member.member_id]
