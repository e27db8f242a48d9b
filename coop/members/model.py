"""Nouns of the register. Every id is the co-operative's own number made opaque, so that events can carry it.

Invariant: what is built here fits its column in any database, and every span of days has at least one. A span that
ends on the day it begins is kept for facts: there it says that the record never was (an import that was undone).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from coop.values import BadInput, Problem, derive_id

MEMBER_KINDS = ("tenant", "owner", "business", "corporation")
CONNECTION_KINDS = ("dwelling", "business", "common")
WHOLE_MAX = 2**31 - 1
"""Largest whole number of a column: 21 million EUR of gas a year is a mistake of the file."""

LENGTHS = {"number": 50, "building": 100, "postcode": 20, "city": 100, "ean": 18, "tariff_clause": 50, "id": 36}
"""Characters that a text may have, by field; every other may have ``LENGTH``."""
LENGTH = 200


def make_id(noun: str, community: str, number: str, withdrawn: int = 0) -> str:
    """Id of the member, connection or contract with this number in this community.

    ``withdrawn`` is how often a record with this number was taken out again. Others were told that it never was, and
    that cannot be untold: the number comes back under another id.
    """
    return derive_id(noun, community, number, *([withdrawn] if withdrawn else []))


def hold(connection_id: str, member_id: str) -> str:
    """How the hold of a member on a connection is named among what was withdrawn."""
    return f"{connection_id}/{member_id}"


def is_email(text: str) -> bool:
    """Whether a text can be an e-mail address; only a letter to it would tell for sure.

    >>> is_email("lid005@demo.example"), is_email("lid005"), is_email("a b@demo.example")
    (True, False, False)
    """
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None


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
        _after(self.left_on, self.joined_on, "left_on", "joined_on")


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
    """A member's hold on a connection; ``closed_on`` is the first day that is no longer theirs. ``registration`` counts
    from 1 and goes up when an import of the same hold was undone."""

    connection_id: str
    member_id: str
    opened_on: date
    closed_on: date | None = None
    registration: int = 1

    def __post_init__(self) -> None:
        _after(self.closed_on, self.opened_on, "closed_on", "opened_on")


@dataclass(frozen=True)
class GasBill:
    """What was paid for gas in one year, incl. VAT: the reference of Niet Meer Dan Nu."""

    year: int
    gas_m3: int
    amount_cents: int

    def __post_init__(self) -> None:
        for unit, value in (("m3", self.gas_m3), ("eur", self.amount_cents)):
            if not 0 <= value <= WHOLE_MAX:
                raise BadInput([Problem("lies outside what a year of gas can be", f"gas_{self.year}_{unit}")])


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
        _after(self.ends_on, self.starts_on, "ends_on", "starts_on")
        years = [bill.year for bill in self.gas_bills]
        if len(set(years)) != len(years):
            raise BadInput([Problem("a year stands twice", "gas bills")])


Record = Member | Connection | Occupancy | Contract


def record_id(record: Record) -> str:
    """Id of a record; a hold on a connection has none of its own."""
    match record:
        case Member():
            return record.member_id
        case Connection():
            return record.connection_id
        case Contract():
            return record.contract_id
        case Occupancy():
            return ""


def refuse_text(text: str, field: str) -> Problem | None:
    """Why a text cannot be kept in ``field``, or None: it is too long, or holds signs that no reader can see."""
    longest = LENGTHS.get(field, LENGTH)
    if len(text) > longest:
        return Problem(f"has {len(text)} characters, at most {longest} fit", field)
    if not text.isprintable():
        return Problem("holds a line break or another sign that does not print", field)
    return None


def _one_of(value: str, allowed: tuple[str, ...], field: str) -> None:
    if value not in allowed:
        raise BadInput([Problem(f"{value!r} is none of {', '.join(allowed)}", field)])


def _after(end: date | None, start: date, end_field: str, start_field: str) -> None:
    if end is not None and end <= start:
        raise BadInput([Problem(f"{end} does not lie after {start_field} {start}", end_field)])
