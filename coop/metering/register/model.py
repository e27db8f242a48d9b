"""Nouns of the register of meters: what people enter, and what they put right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from coop.metering.model import Meter, MeterKind, Place, Quantity


@dataclass(frozen=True)
class Occupancy:
    """A member's hold on a connection, from ``start`` up to ``end`` (None: still)."""

    connection_id: str
    member_id: str
    start: date
    end: date | None = None


@dataclass(frozen=True)
class MeterEntry:
    """A meter as people register it: ``connection`` is the number of the connection, empty for a plant's meter, and
    ``line`` where it stands in a file."""

    serial: str
    kind: MeterKind
    connection: str
    installed_at: datetime
    removed_at: datetime | None = None
    maxima: Mapping[Quantity, Decimal] = field(default_factory=dict)
    line: int | None = None

    def at(self, connection_id: str | None) -> Meter:
        """The meter, at the connection that the number stands for."""
        return Meter(self.serial, self.kind, connection_id, self.installed_at, self.removed_at, self.maxima)


@dataclass(frozen=True)
class MeterChange:
    """A correction of the register: where a meter was said to hang and since when, and what it says now.
    ``installed_at`` None: the meter was taken out, as it never was there."""

    id: str
    serial: str
    changed_at: datetime
    changed_by: str
    reason: str
    was_connection_id: str | None
    connection_id: str | None
    was_installed_at: datetime
    installed_at: datetime | None
    was_places: tuple[Place, ...] = ()
