"""Nouns of the register. Every id is the co-operative's own number made opaque, so that events can carry it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.values import BadInput, Problem, derive_id

MEMBER_KINDS = ("tenant", "owner", "business", "corporation")
CONNECTION_KINDS = ("dwelling", "business", "common")


def make_id(noun: str, community: str, number: str) -> str:
    """Id of the member, connection or contract with this number in this community."""
    return derive_id(noun, community, number)


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
        _one_of(self.kind, MEMBER_KINDS, "kind")
        _not_before(self.left_on, self.joined_on, "left_on", "joined_on")


@dataclass(frozen=True)
class Connection:
    """A place where heat or electricity is delivered. ``ean`` is empty where there is none, as with heat."""

    connection_id: str
    number: str
    building: str
    kind: str
    address: str
    ean: str = ""

    def __post_init__(self) -> None:
        _one_of(self.kind, CONNECTION_KINDS, "kind")


@dataclass(frozen=True)
class Occupancy:
    """A member's hold on a connection; ``closed_on`` is the first day that is no longer theirs."""

    connection_id: str
    member_id: str
    opened_on: date
    closed_on: date | None = None

    def __post_init__(self) -> None:
        _not_before(self.closed_on, self.opened_on, "closed_on", "opened_on")


@dataclass(frozen=True)
class GasBill:
    """What was paid for gas in one year, incl. VAT: the reference of Niet Meer Dan Nu."""

    year: int
    gas_m3: int
    amount_cents: int

    def __post_init__(self) -> None:
        if self.gas_m3 < 0 or self.amount_cents < 0:
            raise BadInput([Problem("may not be negative", f"gas_{self.year}")])


@dataclass(frozen=True)
class Contract:
    """A supply contract. ``tariff_clause`` is the version of the clause that reserves changing the tariff (BW 2:59),
    or None where the contract has no such clause."""

    contract_id: str
    number: str
    member_id: str
    connection_id: str
    starts_on: date
    ends_on: date | None
    tariff_clause: str | None
    gas_bills: tuple[GasBill, ...] = ()

    def __post_init__(self) -> None:
        _not_before(self.ends_on, self.starts_on, "ends_on", "starts_on")
        years = [bill.year for bill in self.gas_bills]
        if len(set(years)) != len(years):
            raise BadInput([Problem("a year stands twice", "gas bills")])


def _one_of(value: str, allowed: tuple[str, ...], field: str) -> None:
    if value not in allowed:
        raise BadInput([Problem(f"{value!r} is none of {', '.join(allowed)}", field)])


def _not_before(end: date | None, start: date, end_field: str, start_field: str) -> None:
    if end is not None and end < start:
        raise BadInput([Problem(f"{end} lies before {start_field} {start}", end_field)])
