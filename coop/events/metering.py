"""Facts of metering: what was measured, what was allocated, how the heat system did."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from coop.events.envelope import Event


class MeasuredPart(BaseModel):
    """One register's part of a measurement: from stand to stand, in whole units of ``10 ** exponent`` of the base unit.

    ``from_quality`` and ``to_quality`` name how each stand came to be (measured, estimated, ...). ``versions_hash`` is
    over the interval blocks that were read, so that the part can be read again as it was. ``midnights`` is how much of
    ``energy`` was counted at each midnight (Amsterdam) after ``from_at`` and before ``to_at``, None where no value was
    read near it; empty where none was.
    """

    model_config = ConfigDict(frozen=True)

    meter: str
    register_id: str
    from_at: datetime
    to_at: datetime
    from_stand: int
    to_stand: int
    energy: int
    exponent: int
    from_quality: str
    to_quality: str
    versions_hash: str
    midnights: tuple[int | None, ...] = ()


class PeriodMeasured(Event):
    """Energy that one member used through one connection in a period. ``energy_j`` is exact; ``revision`` counts from 1
    and a later one replaces an earlier one as the truth, never as history."""

    TYPE: ClassVar[str] = "metering.period-measured.v1"
    NOUNS: ClassVar[str] = "periods"

    measurement_id: str
    revision: int
    period_start: date
    period_end: date
    connection_id: str
    member_id: str
    quantity: str
    energy_j: Decimal
    estimated: bool
    cause: str = ""
    parts: tuple[MeasuredPart, ...]

    def key(self) -> str:
        return self.connection_id


class EnergyAllocated(Event):
    """Share of one member in the shared energy of a period, under the key that a resolution adopted."""

    TYPE: ClassVar[str] = "metering.energy-allocated.v1"
    NOUNS: ClassVar[str] = "periods"

    run_id: str
    revision: int
    period_start: date
    period_end: date
    group_id: str
    connection_id: str
    member_id: str
    consumed_wh: int
    allocated_wh: int
    key_id: str
    resolution_id: str
    inputs_hash: str
    cause: str = ""

    def key(self) -> str:
        return self.connection_id


class PeriodClosed(Event):
    """A period (or a revision of it) is complete: so many measurements and allocations were told for it."""

    TYPE: ClassVar[str] = "metering.period-closed.v1"
    NOUNS: ClassVar[str] = "periods"

    period_start: date
    period_end: date
    revision: int
    measured_count: int
    allocated_count: int
    run_id: str

    def key(self) -> str:
        return f"{self.period_start}/{self.period_end}"


class HeatSystemReported(Event):
    """The heat system's month: energy in, energy out, loss, seasonal performance (None without electricity, or where
    too little is known). ``heat_vacant_j`` is what of the delivered heat went to homes that nobody held, and
    ``covered_permille`` the share of the period in which heat and electricity are both known: that of ``spf``."""

    TYPE: ClassVar[str] = "metering.heat-system-reported.v1"
    NOUNS: ClassVar[str] = "heat-systems"

    period_start: date
    period_end: date
    revision: int
    heat_produced_j: Decimal
    heat_delivered_j: Decimal
    electricity_wh: int
    source_temperature_min_cdegc: int | None = None
    spf: Decimal | None = None
    loss_share: Decimal | None = None
    heat_vacant_j: Decimal = Decimal(0)
    covered_permille: int = 1000

    def key(self) -> str:
        return "heat-system"


class AllocationKeyAnswered(Event):
    """Metering answers what the meeting decided on an allocation key: refused with ``code`` and ``reason``, or
    ``taken`` after all once somebody tried it again or made its group. One that is taken at once is not answered.

    ``sentence`` is the reason as JSON with its template and values, by which it is said in other languages.
    """

    TYPE: ClassVar[str] = "metering.allocation-key-answered.v1"
    NOUNS: ClassVar[str] = "allocation-keys"

    resolution_id: str
    taken: bool
    code: str = ""
    reason: str = ""
    sentence: str = ""

    def key(self) -> str:
        return self.resolution_id


EVERYBODY = "*"
"""Stands for every connection with an electricity meter."""


class SharingSpell(BaseModel):
    """A connection (or ``EVERYBODY``) shares from ``joins_on`` up to ``leaves_on`` (None: still)."""

    model_config = ConfigDict(frozen=True)

    connection_id: str
    joins_on: date
    leaves_on: date | None = None


class SharingGroupChanged(Event):
    """A sharing group was made, or somebody said who shares in it: all its ``spells``, past and to come, as they are
    after statement ``number`` on the group. Beside them a key is judged before the members are asked for it."""

    TYPE: ClassVar[str] = "metering.sharing-group-changed.v1"
    NOUNS: ClassVar[str] = "allocation-keys"

    group_id: str
    number: int
    spells: tuple[SharingSpell, ...]

    def key(self) -> str:
        return self.group_id


class ConnectionMetered(Event):
    """A connection got its first electricity meter, or has none any more: that one hung elsewhere, or was moved."""

    TYPE: ClassVar[str] = "metering.connection-metered.v1"
    NOUNS: ClassVar[str] = "allocation-keys"

    connection_id: str
    metered: bool
    changed_at: datetime

    def key(self) -> str:
        return self.connection_id


class ProgramTokenUsed(Event):
    """A program came in with its token here, for the first time on a day."""

    TYPE: ClassVar[str] = "metering.program-token-used.v1"
    NOUNS: ClassVar[str] = "programs"

    token_id: str
    used_on: date

    def key(self) -> str:
        return self.token_id


class ReadingChanged(Event):
    """People other than the member changed what a meter of theirs is taken to have said: a reading was ``corrected``,
    ``withdrawn``, ``restored`` (a withdrawal was taken back) or read as the meter was ``exchanged``."""

    TYPE: ClassVar[str] = "metering.reading-changed.v1"
    NOUNS: ClassVar[str] = "readings"

    change_id: str
    connection_id: str
    member_id: str
    meter: str
    quantity: str
    at: datetime
    act: str

    def key(self) -> str:
        return self.change_id


class UseSeen(Event):
    """Somebody saw the detailed use of a member, or of everybody where ``member_id`` is None; told once a day for each
    ``viewer`` (``account:<id>`` or ``program:<id>``) and subject. It is nobody's own look at what is their own."""

    TYPE: ClassVar[str] = "metering.use-seen.v1"
    NOUNS: ClassVar[str] = "looks"

    viewer: str
    member_id: str | None
    subject: str
    seen_on: date

    def key(self) -> str:
        return self.viewer
