"""Nouns of privacy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from coop.values import CoopError, say


@dataclass(frozen=True)
class Look:
    """A day on which somebody looked at the detailed use of a member, or of everybody."""

    seen_on: date
    viewer: str
    subject: str
    of_everybody: bool


@dataclass(frozen=True)
class Erasure:
    """A request to erase what is known of a member; ``paper`` names it where somebody else entered it.

    ``outcome`` is empty while it waits, then ``erased``, ``restricted`` (until ``kept_until``) or ``withdrawn``.
    """

    number: int
    member_id: str
    asked_at: datetime
    asked_by: str
    paper: str = ""
    settled_at: datetime | None = None
    settled_by: str | None = None
    outcome: str | None = None
    kept_until: date | None = None


@dataclass(frozen=True)
class Person:
    """Particulars of who a member was, for the books alone, until a day."""

    name: str
    address: str
    postcode: str
    city: str
    kept_until: date


class StillMember(CoopError):
    """Whoever is a member or has a contract stays in the register."""

    def __init__(self) -> None:
        super().__init__("still-member", say("the membership or a contract still runs; end it first"))


class SamePerson(CoopError):
    """Whoever asked for an erasure does not carry it out."""

    def __init__(self) -> None:
        super().__init__("same-person", say("whoever entered the request does not carry it out: ask another person"))
