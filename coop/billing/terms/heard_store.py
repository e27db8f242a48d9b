"""Facts that other services told: kept as it came, once, and read as nouns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from coop.billing.model import HeatReading, Midnight, SharedEnergy, Tariff
from coop.billing.tables import heard as heard_tables
from coop.billing.terms.rules import Holder
from coop.billing.terms.tariffs import read_tariff
from coop.communities.stops import Stop
from coop.events import Event
from coop.events.governance import TariffAdopted
from coop.events.metering import MeasuredPart
from coop.kit.database import among
from coop.kit.keyset import Window
from coop.kit.rows import find_by, group_as, select_as
from coop.kit.tables import inbox
from coop.kit.tx import Tx
from coop.values import Period, civil_date, hash_parameters, midnight

LAST_DAY = date.max - timedelta(days=1)
"""Knowledge of everything that was told."""


def read_midnights(parts: Sequence[MeasuredPart]) -> tuple[Midnight, ...]:
    """Energy that all parts together had counted at each midnight at which every one that lies over it was read."""
    begun = [(part, civil_date(part.from_at)) for part in parts]
    days = {
        first + timedelta(days=nth)
        for part, first in begun
        for nth, count in enumerate(part.midnights, 1)
        if count is not None
    }
    ends = [(part.to_at, part.to_quality) for part in parts]
    days |= {civil_date(at) for at, how in ends if at == midnight(civil_date(at)) and how != "estimated"}
    counted = ((day, [_count_until(part, first, day) for part, first in begun]) for day in sorted(days))
    return tuple(
        Midnight(day, sum(known, Decimal(0)))
        for day, counts in counted
        if len(known := [count for count in counts if count is not None]) == len(counts)
    )


def _count_until(part: MeasuredPart, first: date, day: date) -> Decimal | None:
    """Energy that a part, which began on a ``first`` civil day, had counted when another began [J]; None where nobody
    read it then."""
    at = midnight(day)
    if part.from_at < at < part.to_at:
        nth = (day - first).days - 1
        count = part.midnights[nth] if part.midnights else None
    else:
        count = part.energy if part.to_at <= at else 0
    return None if count is None else Decimal(count).scaleb(part.exponent)


@dataclass(frozen=True)
class Measurement:
    """One revision of what metering measured for a member, with the registers' parts of it."""

    measurement_id: str
    revision: int
    period: Period
    connection_id: str
    member_id: str
    quantity: str
    energy_j: Decimal
    estimated: bool
    cause: str
    parts: tuple[MeasuredPart, ...]

    @property
    def holder(self) -> Holder:
        """Connection and member."""
        return self.connection_id, self.member_id

    @property
    def reading(self) -> HeatReading:
        """As a bill names it."""
        versions = tuple(part.versions_hash for part in self.parts)
        return HeatReading(
            self.measurement_id,
            self.revision,
            self.period,
            self.energy_j,
            self.estimated,
            self.cause,
            versions,
            self.quantity,
            read_midnights(self.parts),
        )


@dataclass(frozen=True)
class Allocation:
    """One revision of what metering allocated to a member."""

    run_id: str
    revision: int
    group_id: str
    key_id: str
    resolution_id: str
    period: Period
    allocated_wh: int
    consumed_wh: int
    cause: str
    connection_id: str
    member_id: str

    @property
    def holder(self) -> Holder:
        """Connection and member."""
        return self.connection_id, self.member_id

    @property
    def share(self) -> SharedEnergy:
        """As a bill names it."""
        return SharedEnergy(
            self.run_id,
            self.revision,
            self.group_id,
            self.key_id,
            self.resolution_id,
            self.period,
            self.allocated_wh,
        )


@dataclass(frozen=True)
class Closing:
    """Number of facts that metering told for one revision of a period."""

    period: Period
    revision: int
    measured_count: int
    allocated_count: int


@dataclass(frozen=True)
class AdoptedTariff:
    """A tariff as the meeting adopted it, and the place in governance's chain from which it is known. ``history``: the
    meeting was held before it came on file, and two people entered it from its minutes."""

    tariff_id: str
    resolution_id: str
    meeting_id: str
    valid_from: date
    decided_on: date
    parameters: dict[str, Any]
    parameters_hash: str
    notice_hash: str
    history: bool
    known_position: int
    known_at: datetime

    @cached_property
    def tariff(self) -> Tariff:
        """The components that its parameters say.

        Raises:
            BadInput: they can no longer be read.
        """
        return read_tariff(self.tariff_id, self.resolution_id, self.valid_from, self.decided_on, self.parameters)


@dataclass(frozen=True)
class ProposedTariff:
    """A tariff that a meeting is asked to adopt, or one that the board thinks of, which has no resolution yet."""

    held_on: date
    parameters: dict[str, Any]
    resolution_id: str = ""
    meeting_id: str = ""


def store_fact(tx: Tx, table: Table, fact: Event, **columns: object) -> None:
    """Add the row of a fact, with ``columns`` for what it says otherwise; the same fact again changes nothing.

    What the table has no column for is not kept.
    """
    given = {"community": tx.community, **columns}
    names = [column.name for column in table.columns]
    row = {name: given[name] if name in given else getattr(fact, name) for name in names}
    tx.insert_new(table, [row], [column.name for column in table.primary_key])


def list_measurements(tx: Tx, period: Period, connections: Collection[str] | None = None) -> list[Measurement]:
    """Every revision of every measurement within a period, of all connections or of these."""
    table = heard_tables.measurement
    return select_as(tx, Measurement, table, *_within(tx, table, period, connections), order_by=table.primary_key)


def list_allocations(tx: Tx, period: Period, connections: Collection[str] | None = None) -> list[Allocation]:
    """Every revision of every allocation within a period, of all connections or of these."""
    table = heard_tables.allocation
    return select_as(tx, Allocation, table, *_within(tx, table, period, connections), order_by=table.primary_key)


def list_all_measurements(tx: Tx) -> list[Measurement]:
    """Every revision of every measurement that was ever heard."""
    return select_as(tx, Measurement, heard_tables.measurement)


def list_all_allocations(tx: Tx) -> list[Allocation]:
    """Every revision of every allocation that was ever heard."""
    return select_as(tx, Allocation, heard_tables.allocation)


def list_closings(tx: Tx) -> list[Closing]:
    """Every revision of every period that metering closed, in order of days."""
    table = heard_tables.period_closed
    return select_as(tx, Closing, table, order_by=table.primary_key)


def find_measurement(tx: Tx, measurement_id: str, revision: int) -> Measurement | None:
    """One revision of a measurement, or None."""
    return find_by(tx, Measurement, heard_tables.measurement, measurement_id=measurement_id, revision=revision)


def find_allocation(tx: Tx, share: SharedEnergy, holder: Holder) -> Allocation | None:
    """The allocation that a bill names, or None."""
    return find_by(
        tx,
        Allocation,
        heard_tables.allocation,
        run_id=share.run_id,
        revision=share.revision,
        group_id=share.group_id,
        connection_id=holder[0],
        member_id=holder[1],
    )


def list_shared(tx: Tx, member_id: str) -> set[str]:
    """List the contracts that a member shares with the one who signed, or pays for them, as was told last."""
    columns = heard_tables.contract_parties.c
    query = select(columns.contract_id, columns.payer_id, columns.joint_ids).where(columns.community == tx.community)
    newest = {row.contract_id: row for row in tx.execute(query.order_by(columns.number))}
    return {
        contract_id for contract_id, row in newest.items() if member_id == row.payer_id or member_id in row.joint_ids
    }


def list_connection_numbers(tx: Tx) -> dict[str, str]:
    """List by which number people call each connection, as was told last."""
    columns = heard_tables.connection_opened.c
    query = (
        select(columns.connection_id, columns.number)
        .where(columns.community == tx.community, columns.number != "")
        .order_by(columns.opened_on, columns.registration)
    )
    return {row.connection_id: row.number for row in tx.execute(query)}


def list_connection_kinds(tx: Tx) -> dict[str, str]:
    """List of what kind each connection is, as was told last."""
    columns = heard_tables.connection_opened.c
    query = (
        select(columns.connection_id, columns.kind)
        .where(columns.community == tx.community)
        .order_by(columns.opened_on, columns.registration)
    )
    return {row.connection_id: row.kind for row in tx.execute(query)}


def find_tariff(tx: Tx, tariff_id: str) -> AdoptedTariff | None:
    """A tariff, or None."""
    return find_by(tx, AdoptedTariff, heard_tables.tariff, tariff_id=tariff_id)


def find_proposed(tx: Tx, resolution_id: str) -> ProposedTariff | None:
    """The tariff that a resolution puts to the vote, or None."""
    table = heard_tables.tariff_proposed
    return find_by(tx, ProposedTariff, table, resolution_id=resolution_id)


def list_proposed(tx: Tx, from_day: date) -> list[ProposedTariff]:
    """The tariffs that meetings on a day or later put to the vote."""
    table = heard_tables.tariff_proposed
    return select_as(tx, ProposedTariff, table, table.c.held_on >= from_day, order_by=(table.c.resolution_id,))


def find_unvoted(tx: Tx) -> list[str]:
    """Find the tariffs that stand otherwise than a meeting adopted them: their parameters have another hash than was
    adopted and announced, or no such fact was ever heard."""
    tariffs = list_tariffs(tx)
    facts = {adopted.tariff_id: _fact_of(adopted).fact_id(tx.community) for adopted in tariffs}
    query = select(inbox.c.event_id).where(
        inbox.c.community == tx.community, among(tx, inbox.c.event_id, list(facts.values()))
    )
    heard_ids = set(tx.scalars(query))
    return [
        adopted.tariff_id
        for adopted in tariffs
        if facts[adopted.tariff_id] not in heard_ids
        or not hash_parameters(adopted.parameters) == adopted.parameters_hash == adopted.notice_hash
    ]


def _fact_of(adopted: AdoptedTariff) -> TariffAdopted:
    return TariffAdopted(**{name: getattr(adopted, name) for name in TariffAdopted.model_fields})


def list_tariffs(tx: Tx, window: Window | None = None, known_on: date = LAST_DAY) -> list[AdoptedTariff]:
    """Every tariff that was known here by the end of a day, oldest first."""
    columns = heard_tables.tariff.c
    known = () if known_on >= LAST_DAY else (columns.known_at < midnight(known_on + timedelta(days=1)),)
    order = (columns.valid_from, columns.decided_on, columns.tariff_id)
    return select_as(tx, AdoptedTariff, heard_tables.tariff, *known, order_by=order, window=window)


def list_stops(tx: Tx) -> dict[str, list[Stop]]:
    """By resolution, what was told of decisions that fell, in order."""
    columns = heard_tables.decision_stop.c
    grouped = group_as(
        tx, Stop, heard_tables.decision_stop, [columns.resolution_id], order_by=[columns.resolution_id, columns.number]
    )
    return {resolution_id: stops for (resolution_id,), stops in grouped.items()}


def _within(
    tx: Tx, table: Table, period: Period, connections: Collection[str] | None
) -> tuple[ColumnElement[bool], ...]:
    within = (
        table.c.period_start >= period.start,
        table.c.period_start < period.end,
        table.c.period_end <= period.end,
    )
    return within if connections is None else (*within, among(tx, table.c.connection_id, connections))
