"""Nouns of the demonstration: who lives where, what is measured, who shares.

The words are the simulator's own, on purpose: it shares no code with the services that read its telegrams, so that the
two test each other. Dates are civil dates, periods half-open, instants UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from coop.demo.plan import DemoPlan

MemberKind = Literal["tenant", "owner", "business", "corporation"]
MeterKind = Literal["heat", "electricity", "solar", "heat_pump", "source"]
Protocol = Literal["p1", "mbus", "head-end"]


@dataclass(frozen=True)
class Member:
    """A member of the co-operative. ``left_on`` is the first day without membership."""

    id: str
    code: str
    kind: MemberKind
    name: str
    street: str
    house_number: str
    email: str
    joined_on: date
    left_on: date | None = None

    def is_member_on(self, day: date) -> bool:
        """True when the membership covers the day."""
        return self.joined_on <= day and (self.left_on is None or day < self.left_on)


@dataclass(frozen=True)
class Occupancy:
    """User of a connection from ``start`` up to ``end`` (None: still)."""

    member_id: str
    start: date
    end: date | None = None


@dataclass(frozen=True)
class Connection:
    """One dwelling or business on the heat network. ``owner_id`` is the member that owns it, perhaps the occupant."""

    id: str
    number: int
    ean: str
    building: int
    kind: Literal["dwelling", "business"]
    street: str
    house_number: str
    owner_id: str
    occupancies: tuple[Occupancy, ...]


@dataclass(frozen=True)
class GasYear:
    """Figures of one year's gas bill; ``amount_cents`` incl. VAT."""

    year: int
    gas_m3: int
    amount_cents: int


@dataclass(frozen=True)
class Contract:
    """Heat contract of one occupancy. ``clause_version`` names the clause that allows tariff changes (BW 2:59).

    ``gas_years`` are the years that the member could prove, at most the four before the simulated year.
    """

    id: str
    member_id: str
    connection_id: str
    start: date
    end: date | None
    clause_version: str
    gas_years: tuple[GasYear, ...]


@dataclass(frozen=True)
class Meter:
    """A meter as the register knows it.

    ``resolution_j`` [J] and ``register_span`` [resolutions] are of heat meters with a cumulative register: it shows
    ``start_stand`` [resolutions] when the simulation starts or, if that is later, when it is installed, and goes on
    at 0 after ``register_span - 1``. ``settles`` is False for the electricity stands of a P1 port: bills rest on the
    head-end's quarter-hours of the same connection.
    """

    serial: str
    kind: MeterKind
    protocol: Protocol
    gateway: str
    quantities: tuple[str, ...]
    installed_at: datetime
    removed_at: datetime | None = None
    connection_id: str | None = None
    connection_number: int | None = None
    building: int | None = None
    settles: bool = True
    resolution_j: int = 1
    register_span: int = 0
    start_stand: int = 0


@dataclass(frozen=True)
class Roof:
    """Solar panels of the co-operative on one building: ``peak_w`` [W], tilt and azimuth (180 is south) [deg]."""

    peak_w: int
    tilt_deg: int
    azimuth_deg: int
    meter: str


@dataclass(frozen=True)
class Building:
    """A building on the square, its connected homes and businesses, and its roof."""

    number: int
    name: str
    connections: int
    roof: Roof


@dataclass(frozen=True)
class Participant:
    """A member that takes part in the sharing group with one connection, in one span; ``weight`` for a static key."""

    member_id: str
    connection_id: str
    start: date
    end: date | None
    weight: int


@dataclass(frozen=True)
class SharingGroup:
    """The roofs that are shared, and by whom."""

    id: str
    name: str
    solar_meters: tuple[str, ...]
    participants: tuple[Participant, ...]


@dataclass(frozen=True)
class Community:
    """The whole demonstration co-operative, every tuple in the order of numbers."""

    id: str
    name: str
    plan: DemoPlan
    buildings: tuple[Building, ...]
    members: tuple[Member, ...]
    connections: tuple[Connection, ...]
    contracts: tuple[Contract, ...]
    meters: tuple[Meter, ...]
    sharing_group: SharingGroup
