"""The lists of metering, as they leave the house. Energies are whole Wh and J, as they are reckoned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from coop.events.metering import HeatSystemReported
from coop.kit.parking import Letter
from coop.kit.tokens import GatewayToken
from coop.kit.tx import Tx
from coop.metering import texts
from coop.metering.entries.corrections import Answer, Correction
from coop.metering.model import BASE_UNIT, DAY_S, Meter, Quality, Register
from coop.metering.periods.acceptance import Acceptance
from coop.metering.periods.store import Allocation, AllocationRun, Closed, LateValue
from coop.metering.provenance.run_views import Roof
from coop.metering.provenance.telegrams import PartSource
from coop.metering.provenance.views import DayUse
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import ListedDelivery
from coop.metering.readings.completeness import KindCompleteness
from coop.metering.readings.store import day_number, instant
from coop.metering.register.connections import name_member, name_sharers
from coop.metering.register.groups import BEGINNING, Group, Membership
from coop.metering.register.model import MeterChange
from coop.values import Period
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing


@dataclass(frozen=True)
class FileRow:
    """A file of readings that somebody imported."""

    id: str
    recorded_at: datetime
    values_taken: int
    actor: str
    is_taken_back: bool


@dataclass(frozen=True)
class CorrectionRow:
    """A correction of one reading; ``confirmed`` is None while it waits for a second person."""

    id: str
    meter: str
    quantity: str
    at: datetime
    value: Decimal
    unit: str
    reason: str
    proposed_at: datetime
    proposed_by: str
    confirmed: bool | None
    answered_by: str | None


@dataclass(frozen=True)
class Reading:
    """One value of one register: a stand at an instant, or what an interval of ``step_s`` from there counted."""

    meter: str
    quantity: str
    shape: str
    at: datetime
    step_s: int
    value: Decimal
    unit: str
    quality: str


CORRECTIONS = (
    Column("id", N_("Number")),
    Column("meter", N_("Meter")),
    Column("quantity", N_("Quantity")),
    Column("at", N_("At"), Kind.INSTANT),
    Column("value", N_("Value"), Kind.DECIMAL),
    Column("unit", N_("Unit")),
    Column("reason", N_("Reason")),
    Column("proposed_at", N_("Proposed"), Kind.INSTANT),
    Column("proposed_by", N_("Proposed by")),
    Column("confirmed", N_("Confirmed"), Kind.FLAG),
    Column("answered_by", N_("Answered by")),
)
READINGS = (
    Column("meter", N_("Meter")),
    Column("quantity", N_("Quantity")),
    Column("shape", N_("Stand or interval")),
    Column("at", N_("At"), Kind.INSTANT),
    Column("step_s", N_("Interval"), Kind.WHOLE, "s"),
    Column("value", N_("Value"), Kind.DECIMAL),
    Column("unit", N_("Unit")),
    Column("quality", N_("Quality")),
)
KINDS = (
    Column("kind", N_("Kind"), Kind.WORD, of=lambda kind: texts.KINDS[kind.kind]),
    Column("meters", N_("Meters"), Kind.WHOLE),
    Column("complete", N_("Complete"), Kind.WHOLE),
    Column("estimated", N_("Estimated in part"), Kind.WHOLE),
    Column("lacking", N_("Not complete"), Kind.WHOLE),
    Column("percent", N_("Readings"), Kind.WHOLE, "%"),
)
PARKED = (
    Column("letter_id", "Id", of="id"),
    Column("parked_at", N_("Parked"), Kind.INSTANT),
    Column("kind", N_("Kind"), Kind.WORD, of=lambda letter: texts.CODES.get(letter.code, letter.code)),
    Column("source", N_("Source")),
    Column("reason", N_("Reason")),
)
LATE = (
    Column("meter", N_("Meter"), of=lambda row: row[1]),
    Column("day", N_("Day of the reading"), Kind.DAY, of=lambda row: row[0].civil_day),
    Column("period_start", N_("Period"), Kind.DAY, of=lambda row: row[0].period_start),
)
REVISIONS = (
    Column("period", N_("Period"), of=lambda closed: str(closed.period)),
    Column("revision", N_("Revision"), Kind.WHOLE),
    Column("closed_at", N_("Closed"), Kind.INSTANT),
    Column("measured", N_("Measurements told"), Kind.WHOLE, of="measured_count"),
    Column("allocated", N_("Allocations told"), Kind.WHOLE, of="allocated_count"),
    Column("cause", N_("Cause")),
)
ALLOCATIONS = (
    Column("run_id", "Id", of=lambda row: row[1].id),
    Column("starts_on", N_("From"), Kind.DAY, of=lambda row: row[1].period.start),
    Column("ends_on", N_("Up to"), Kind.DAY, of=lambda row: row[1].period.end),
    Column("revision", N_("Revision"), Kind.WHOLE, of=lambda row: row[1].revision),
    Column("group_id", N_("Group"), of=lambda row: row[1].group_id),
    Column("connection_id", N_("Connection"), of=lambda row: row[0].connection_id),
    Column("member_id", N_("Member"), of=lambda row: row[0].member_id),
    Column("consumed_wh", N_("Taken"), Kind.WHOLE, "Wh", lambda row: row[0].consumed_wh),
    Column("allocated_wh", N_("From the shared roofs"), Kind.WHOLE, "Wh", lambda row: row[0].allocated_wh),
    Column("key_id", N_("Key"), of=lambda row: row[1].key_id),
    Column("resolution_id", N_("Vote"), of=lambda row: row[1].resolution_id),
    Column("cause", N_("Cause"), of=lambda row: row[1].cause),
)
DAYS = (
    Column("day", N_("Day"), Kind.DAY),
    Column("heat_j", N_("Heat"), Kind.DECIMAL, "J", "energy_j"),
    Column("estimated", N_("Estimated"), Kind.FLAG),
)
SHARED_DAYS = (
    Column("day", N_("Day"), Kind.DAY, of=lambda row: row[0]),
    Column("consumed_wh", N_("Taken"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[1]).scaleb(-3)),
    Column("allocated_wh", N_("From the shared roofs"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[2]).scaleb(-3)),
)
ROOFS = (
    Column("roof", N_("Roof"), Kind.WORD, of=lambda row: row[0].meter or N_("Neighbours' roofs")),
    Column("made_wh", N_("Had to share"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].made).scaleb(-3)),
    Column("given_wh", N_("Gave to the group"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].given).scaleb(-3)),
    Column("home_wh", N_("Gave to you"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].home(row[1])).scaleb(-3)),
    Column("left_wh", N_("Left over"), Kind.DECIMAL, "Wh", lambda row: Decimal(row[0].left).scaleb(-3)),
)
HEAT_SYSTEM = (
    Column("starts_on", N_("From"), Kind.DAY, of="period_start"),
    Column("ends_on", N_("Up to"), Kind.DAY, of="period_end"),
    Column("revision", N_("Revision"), Kind.WHOLE),
    Column("fed_in_j", N_("Fed in"), Kind.DECIMAL, "J", "heat_produced_j"),
    Column("arrived_j", N_("Arrived"), Kind.DECIMAL, "J", "heat_delivered_j"),
    Column("electricity_wh", N_("Electricity"), Kind.WHOLE, "Wh"),
    Column("spf", "SPF", Kind.DECIMAL),
    Column("loss_share", N_("Loss"), Kind.DECIMAL),
    Column("heat_vacant_j", N_("Used in empty homes"), Kind.DECIMAL, "J"),
    Column("covered_permille", N_("Known share of the time"), Kind.WHOLE, "‰"),
    Column("coldest_source_cdegc", N_("Coldest source"), Kind.WHOLE, "0.01 °C", "source_temperature_min_cdegc"),
)
METERS = (
    Column("serial", N_("Meter")),
    Column("kind", N_("Kind"), Kind.WORD, of=lambda meter: texts.KINDS[meter.kind.value]),
    Column("connection", N_("Connection"), of=lambda meter: meter.connection_id),
    Column("installed_at", N_("From"), Kind.INSTANT),
    Column("removed_at", N_("Up to"), Kind.INSTANT),
)
GROUPS = (
    Column("group_id", "Id"),
    Column("producers", N_("Meters that produce"), of=lambda group: ", ".join(group.producers)),
    Column(
        "connections",
        N_("Connections that share, none where all do"),
        of=lambda group: None if group.connections is None else ", ".join(group.connections),
    ),
)
MEMBERSHIPS = (
    Column("subject", N_("Meter or connection")),
    Column("role", N_("Role"), Kind.WORD, of=lambda one: texts.ROLES[one.role]),
    Column("joins_on", N_("From"), Kind.DAY, of=lambda one: one.joins_on if one.joins_on > BEGINNING else None),
    Column("leaves_on", N_("Up to"), Kind.DAY),
    Column("recorded_at", N_("Said on"), Kind.INSTANT),
    Column("recorded_by", N_("By")),
    Column("reason", N_("Why")),
)
GATEWAYS = (
    Column("gateway", N_("Gateway"), of=lambda token: token.name),
    Column("meters", N_("Speaks for"), of=lambda token: "*" if token.meters is None else ", ".join(token.meters)),
    Column(
        "device_meters",
        N_("Confirmed for"),
        of=lambda token: "*" if token.device_meters is None else ", ".join(token.device_meters),
    ),
    Column("used_on", N_("Last came in"), Kind.DAY),
    Column("expires_at", N_("Valid up to"), Kind.INSTANT),
)
METER_CHANGES = (
    Column("serial", N_("Meter")),
    Column("changed_at", N_("When"), Kind.INSTANT),
    Column("was_connection", N_("Connection as it was"), of=lambda change: change.was_connection_id),
    Column("connection", N_("Connection"), of=lambda change: change.connection_id),
    Column("was_installed_at", N_("From, as it was"), Kind.INSTANT),
    Column("installed_at", N_("From"), Kind.INSTANT),
    Column("reason", N_("Why")),
    Column("changed_by", N_("By")),
)
FILES = (
    Column("id", N_("File")),
    Column("recorded_at", N_("Taken"), Kind.INSTANT),
    Column("values_taken", N_("Readings"), Kind.WHOLE),
    Column("actor", N_("By")),
    Column("is_taken_back", N_("taken back"), Kind.FLAG),
)
STANDS = (
    Column("meter", N_("Meter"), of=lambda row: row[0].part.meter),
    Column("at", N_("At"), Kind.INSTANT, of=lambda row: row[1]),
    Column("stand", N_("Stand"), Kind.DECIMAL, of=lambda row: row[0].amount(row[2])),
    Column("unit", N_("Unit"), of=lambda row: row[0].unit),
    Column("quality", N_("Quality"), of=lambda row: row[3]),
)
MISSING = (Column("reading", N_("Reading"), of=lambda text: text),)
ACCEPTED = (
    Column("subject", N_("Meter, connection or group")),
    Column("reason", N_("Why")),
    Column("accepted_at", N_("When"), Kind.INSTANT),
    Column("accepted_by", N_("By")),
)


def read_values(tx: Tx, registers: Iterable[Register], period: Period, known: int | None = None) -> Iterator[Reading]:
    """Every value of some registers in a period, as it stands now or stood when no delivery after number ``known`` was
    there, register by register in order of time."""
    days = range(day_number(period.start_at), day_number(period.end_at - timedelta(microseconds=1)) + 1)
    for register in registers:
        stored = readings.latest(tx, [register.id], days, known)
        for _, day in sorted(stored):
            version = stored[register.id, day]
            content = version.content
            columns = (content.offsets, content.values, content.quality)
            for offset_s, value, quality in zip(*(column.tolist() for column in columns), strict=True):
                at = instant(day * DAY_S + offset_s)
                if period.start_at <= at < period.end_at:
                    yield Reading(
                        register.serial,
                        register.quantity.value,
                        register.shape.value,
                        at,
                        version.step_s,
                        Decimal(value).scaleb(register.exponent),
                        BASE_UNIT[register.quantity],
                        Quality(quality).name.lower(),
                    )


def stands_listing(sources: Iterable[PartSource]) -> Listing:
    """Stands behind a measurement, two for each part of it."""
    rows = [
        (source, at, stand, quality)
        for source in sources
        for at, stand, quality in (
            (source.part.from_at, source.part.from_stand, source.part.from_quality),
            (source.part.to_at, source.part.to_stand, source.part.to_quality),
        )
    ]
    return Listing("stands", STANDS, rows)


def readings_listing(values: Iterable[Reading]) -> Listing:
    """Values of registers."""
    return Listing("readings", READINGS, values)


def kinds_listing(kinds: Iterable[KindCompleteness]) -> Listing:
    """Completeness of each kind of meter."""
    return Listing("completeness", KINDS, kinds)


def parked_listing(letters: Iterable[Letter]) -> Listing:
    """Parked telegrams, without their bodies."""
    return Listing("parked", PARKED, letters)


def late_listing(late: Iterable[tuple[LateValue, str]]) -> Listing:
    """Values that came after their period was closed."""
    return Listing("late", LATE, late)


def revisions_listing(closed: Iterable[Closed]) -> Listing:
    """Closed periods, or the revisions of one."""
    return Listing("periods", REVISIONS, closed)


def missing_listing(lacking: Iterable[str]) -> Listing:
    """Readings that a period lacks."""
    return Listing("missing", MISSING, lacking)


def accepted_listing(accepted: Iterable[Acceptance]) -> Listing:
    """Estimates that were accepted for a period."""
    return Listing("accepted", ACCEPTED, accepted)


def allocations_listing(shares: Iterable[tuple[Allocation, AllocationRun]]) -> Listing:
    """Shared electricity as it was told, in every revision."""
    return Listing("allocations", ALLOCATIONS, shares)


def days_listing(days: Iterable[DayUse]) -> Listing:
    """Heat of a connection by day."""
    return Listing("days", DAYS, days)


def shared_days_listing(totals: Iterable[tuple[date, int, int]]) -> Listing:
    """Shared electricity of a connection by day of a run."""
    return Listing("shared-days", SHARED_DAYS, totals)


def roofs_listing(roofs: Iterable[Roof], connection_id: str) -> Listing:
    """Shares that each roof of a run gave to a connection."""
    return Listing("roofs", ROOFS, [(roof, connection_id) for roof in roofs])


def heat_system_listing(reports: Iterable[HeatSystemReported]) -> Listing:
    """The heat system's months."""
    return Listing("heat-system", HEAT_SYSTEM, reports)


def meters_listing(meters: Iterable[Meter], numbers: Mapping[str, str]) -> Listing:
    """The register of meters, by the ``numbers`` of their connections."""
    rows = (replace(meter, connection_id=numbers.get(meter.connection_id or "")) for meter in meters)
    return Listing("meters", METERS, rows)


def groups_listing(groups: Iterable[Group], numbers: Mapping[str, str]) -> Listing:
    """Groups that share, by the ``numbers`` of their connections."""
    return Listing("groups", GROUPS, (name_sharers(group, numbers) for group in groups))


def memberships_listing(members: Iterable[Membership], numbers: Mapping[str, str]) -> Listing:
    """Members of a group, now and before, by the ``numbers`` of their connections."""
    return Listing("group", MEMBERSHIPS, (name_member(one, numbers) for one in members))


def gateways_listing(tokens: Iterable[GatewayToken]) -> Listing:
    """Gateways, and the meters that each speaks for; a star for every meter."""
    return Listing("gateways", GATEWAYS, tokens)


def changes_listing(changes: Iterable[MeterChange], numbers: Mapping[str, str]) -> Listing:
    """Corrections of the register of meters, by the ``numbers`` of their connections."""
    rows = (
        replace(
            change,
            was_connection_id=numbers.get(change.was_connection_id or ""),
            connection_id=numbers.get(change.connection_id or ""),
        )
        for change in changes
    )
    return Listing("meter-changes", METER_CHANGES, rows)


def corrections_listing(corrections: Iterable[tuple[Correction, Answer | None]]) -> Listing:
    """Corrections of readings, each with the second person's answer."""
    rows = (
        CorrectionRow(
            one.id, one.serial, one.quantity.value, one.at, one.value, one.unit, one.reason, one.proposed_at,
            one.proposed_by, answer.confirmed if answer else None, answer.answered_by if answer else None,
        )
        for one, answer in corrections
    )  # fmt: skip
    return Listing("reading-corrections", CORRECTIONS, rows)


def files_listing(imports: Iterable[tuple[ListedDelivery, bool]]) -> Listing:
    """Files of readings that people imported."""
    rows = (FileRow(each.id, each.recorded_at, each.values_taken, each.actor, undone) for each, undone in imports)
    return Listing("files", FILES, rows)
