"""Nouns of a move that a member tells of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Way = Literal["out", "in"]
Outcome = Literal["written", "refused", "withdrawn"]

STANDS = ("heat_gj", "electricity_in_kwh", "electricity_out_kwh")
"""Fields of what the meters showed."""

POSTAL = ("address", "postcode", "city")
"""Fields of where post goes from then on; empty where it stays as it is."""


@dataclass(frozen=True)
class Telling:
    """Words of a member: ``out`` of the home behind ``connection_id``, or ``in`` at the ``home`` that they describe.

    ``moved_on`` is the first day without the home, or the first with it. Stands are exact numbers, empty where nobody
    read; with ``leaves`` the membership ends too.
    """

    member_id: str
    way: Way
    moved_on: date
    connection_id: str = ""
    home: str = ""
    heat_gj: str = ""
    electricity_in_kwh: str = ""
    electricity_out_kwh: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    leaves: bool = False
    note: str = ""

    @property
    def stands(self) -> Mapping[str, str]:
        """Stands that were read, by their fields."""
        return {name: text for name in STANDS if (text := getattr(self, name))}

    @property
    def postal(self) -> Mapping[str, str]:
        """The address that post goes to from then on, by its fields; empty where it stays."""
        fields: dict[str, str] = {name: getattr(self, name) for name in POSTAL}
        return fields if any(fields.values()) else {}


@dataclass(frozen=True)
class Told:
    """A telling as it was kept, and what became of it: ``outcome`` is None while it waits."""

    number: int
    told: Telling
    told_at: datetime
    told_by: str
    told_through: str
    outcome: Outcome | None
    reason: str
    settled_at: datetime | None
    settled_by: str | None
    settled_through: str | None


@dataclass(frozen=True)
class Placing:
    """Numbers by which somebody who moves in is written down: the connection, and the contract with its clause."""

    connection: str = ""
    contract: str = ""
    tariff_clause: str = ""
