"""Contents of the pages of metering, as plain values: a member's year and days, a run's days, the state of the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from coop.events.metering import HeatSystemReported
from coop.kit.documents import UNREADABLE, UnreadableDocument
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.metering.heat.counters import MeterCounter, Stock, find_counter, load_days
from coop.metering.heat.decisions import list_decided
from coop.metering.intake.parking import count_telegrams
from coop.metering.model import Meter, MeterKind, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.store import Allocation, AllocationRun, Closed, LateValue, Measurement
from coop.metering.provenance.sight import refuse_old_use, whose
from coop.metering.provenance.telegrams import PartSource, Source, find_latest, sources_of
from coop.metering.provenance.verify import (
    verify_measurement,
)
from coop.metering.readings.completeness import Completeness, measure_completeness
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import seconds
from coop.metering.register import store as register
from coop.values import NotFound, Period, midnight


@dataclass(frozen=True)
class HeatMonth:
    """A member's heat in a period, as last told. ``revision`` above 1 means that it was corrected."""

    period: Period
    connection_id: str
    measurement_id: str
    energy_j: Decimal
    estimated: bool
    revision: int
    cause: str


@dataclass(frozen=True)
class SharedMonth:
    """A member's electricity in a period: what was left to cover after its own production, and how much of it shared
    roofs covered, as last told. ``runs`` are those of each group that it shares in (group, run, Wh)."""

    period: Period
    connection_id: str
    consumed_wh: int
    runs: tuple[tuple[str, str, int], ...]

    @property
    def allocated_wh(self) -> int:
        """Energy from all groups."""
        return sum(allocated_wh for _, _, allocated_wh in self.runs)


@dataclass(frozen=True)
class MemberYear:
    """A member's year, and the years that can be chosen."""

    year: int
    years: tuple[int, ...]
    heat: tuple[HeatMonth, ...]
    shared: tuple[SharedMonth, ...]

    @property
    def heat_j(self) -> Decimal:
        """All heat of the year."""
        return sum((one.energy_j for one in self.heat), Decimal(0))

    @property
    def consumed_wh(self) -> int:
        """All electricity that was taken from the grid or the shared roofs."""
        return sum(one.consumed_wh for one in self.shared)

    @property
    def allocated_wh(self) -> int:
        """Part of it that the shared roofs covered."""
        return sum(one.allocated_wh for one in self.shared)


@dataclass(frozen=True)
class DayUse:
    """Heat of one civil day; None where no reading is near."""

    day: date
    energy_j: Decimal | None
    estimated: bool


def member_year(tx: Tx, member_id: str, year: int | None, known_at: datetime | None = None) -> MemberYear:
    """Use that a member was told of in a year (by an instant); the newest one where none is asked."""
    heat: dict[tuple[date, str], HeatMonth] = {}
    for told in periods.list_measurements(tx, member_id=member_id, known_at=known_at):
        if told.quantity is not Quantity.HEAT:
            continue
        heat[told.period.start, told.connection_id] = HeatMonth(
            told.period, told.connection_id, told.id, told.energy_j, told.estimated, told.revision, told.cause
        )
    shared = _shared_months(periods.list_told_allocations(tx, member_id, known_at=known_at))
    years = sorted({start.year for start, _ in (*heat, *shared)}, reverse=True)
    chosen = year if year is not None else years[0] if years else 0
    return MemberYear(
        chosen,
        tuple(years),
        tuple(heat[key] for key in sorted(heat) if key[0].year == chosen),
        tuple(shared[key] for key in sorted(shared) if key[0].year == chosen),
    )


def _shared_months(told: Sequence[tuple[Allocation, AllocationRun]]) -> dict[tuple[date, str], SharedMonth]:
    """Months of shared electricity by first day and connection; of each group its newest revision."""
    newest: dict[tuple[date, str], dict[str, tuple[Allocation, AllocationRun]]] = {}
    for share, run in told:
        newest.setdefault((run.period.start, share.connection_id), {})[run.group_id] = share, run
    return {
        key: SharedMonth(
            next(iter(groups.values()))[1].period,
            key[1],
            # The group that is served first has all of the need before it; the others have what was left.
            max(share.consumed_wh for share, _ in groups.values()),
            tuple((group_id, run.id, share.allocated_wh) for group_id, (share, run) in groups.items()),
        )
        for key, groups in newest.items()
    }


def own_connections(tx: Tx, member_id: str) -> list[str]:
    """Connections that a member holds or held."""
    return sorted({one.connection_id for one in register.list_occupancies(tx, member_id)})


def latest_reading(tx: Tx, member_id: str) -> Source | None:
    """The newest heat stand of a meter at a connection that a member holds; of others' use nothing is shown."""
    held = {
        hold.connection_id
        for hold in register.list_occupancies(tx, member_id)
        if hold.start <= tx.today and (hold.end is None or tx.today < hold.end)
    }
    serials = [
        meter.serial
        for meter in register.list_meters(tx)
        if meter.kind is MeterKind.HEAT and meter.connection_id in held
    ]
    return find_latest(tx, serials, tx.now)


def heat_by_day(tx: Tx, connection_id: str, member_id: str, month: Period) -> list[DayUse]:
    """Heat of each civil day of a month that a member held a connection, from what is known now."""
    store = Store(tx)
    meters = [one for one in store.meters if one.kind is MeterKind.HEAT and one.connection_id == connection_id]
    held = [one for one in store.occupancies if one.connection_id == connection_id and one.member_id == member_id]
    decided = list_decided(tx)
    between_s = seconds(month.start_at), seconds(month.end_at)
    counters = [(one, find_counter(store, one, Quantity.HEAT, between_s, decided, month.start)) for one in meters]
    counting = [(meter, counter) for meter, counter in counters if counter is not None]
    stored = load_days(store, month, [counter for _, counter in counting])
    found = []
    for i in range(month.days):
        day = month.start + timedelta(days=i)
        if any(one.start <= day and (one.end is None or day < one.end) for one in held):
            found.append(_use_of_day(day, counting, stored))
        else:
            found.append(DayUse(day, None, False))
    return found


def _use_of_day(day: date, counting: Sequence[tuple[Meter, MeterCounter]], stored: Stock) -> DayUse:
    """Heat of one civil day, over the meters that hung there on it."""
    from_s, to_s = seconds(midnight(day)), seconds(midnight(day + timedelta(days=1)))
    uses = []
    for meter, counter in counting:
        start = max(from_s, seconds(meter.installed_at))
        end = min(to_s, seconds(meter.removed_at)) if meter.removed_at else to_s
        if start < end:
            counted, _ = counter.within(start, end).count(stored)
            uses += [use for _, use in counted if use is not None and use.gap_s is not None]
    energy_j = sum((use.energy for use in uses), Decimal(0)) if uses else None
    return DayUse(day, energy_j, any(use.estimated for use in uses))


@dataclass(frozen=True)
class OwnMeasurement:
    """A measurement with the readings behind it, and what of it cannot be found again in them."""

    measurement: Measurement
    sources: tuple[PartSource, ...]
    findings: tuple[str, ...]


def find_own_measurement(tx: Tx, session: Session, measurement_id: str) -> Measurement:
    """A measurement that this person may see.

    Raises:
        NotFound: there is no such measurement.
        NotAllowed: it is somebody else's.
        CoopError: it is too old to be seen by others.
    """
    measurement = periods.find_measurement(tx, measurement_id)
    if measurement is None:
        raise NotFound
    if whose(session) not in (None, measurement.member_id):
        raise NotAllowed
    if session.member_id != measurement.member_id:
        refuse_old_use(tx, session, measurement.period.end)
    return measurement


def walk_back(tx: Tx, session: Session, measurement_id: str) -> OwnMeasurement:
    """A measurement, walked back to its telegrams.

    Raises:
        NotFound: there is no such measurement.
        NotAllowed: it is somebody else's.
    """
    measurement = find_own_measurement(tx, session, measurement_id)
    findings = tuple(verify_measurement(tx, measurement_id))
    try:
        sources = tuple(sources_of(tx, measurement))
    except (NotFound, UnreadableDocument, *UNREADABLE):  # a version or the manifest is gone, as the findings say
        sources = ()
    return OwnMeasurement(measurement, sources, findings)


def list_revisions(tx: Tx, wanted: Period, known_at: datetime | None = None) -> list[Closed]:
    """All revisions of a closed period (up to an instant), the first one first."""
    return periods.list_revisions(tx, wanted, known_at)


def heat_systems(tx: Tx) -> list[HeatSystemReported]:
    """Reports that were told of the heat system, one newest report a period, oldest first."""
    return [one.heat_system for one in periods.list_closed(tx) if one.heat_system is not None]


@dataclass(frozen=True)
class DataQuality:
    """Completeness of a period, how much is parked, which values came late (each with its meter), what is closed."""

    period: Period
    months: list[Period]
    found: Completeness
    parked_count: int
    late: list[tuple[LateValue, str]]
    closed: list[Closed]

    @property
    def late_by_period(self) -> dict[date, int]:
        """Number of late values by the first day of their period."""
        return Counter(late.period_start for late, _ in self.late)


def data_quality(tx: Tx, wanted: Period | None = None, known_at: datetime | None = None) -> DataQuality:
    """See how complete a period is, or was as known at an instant: by default the last closed one or, before the first
    closing, the last month."""
    closed = periods.list_closed(tx, known_at=known_at)
    period = wanted or find_current(closed, tx.today)
    serials = {one.id: one.serial for one in register.list_registers(tx)}
    newest = {(one.period.start, one.revision) for one in closed}
    late = [one for one in periods.list_late(tx) if (one.period_start, one.revision) in newest]
    return DataQuality(
        period,
        complete_months(closed, _last_day(closed, tx.today)),
        measure_completeness(tx, period, known_at),
        count_telegrams(tx),
        [(one, serials[one.register_id]) for one in late],
        closed,
    )


def find_current(closed: Sequence[Closed], today: date) -> Period:
    """The last closed period or, before the first closing, the last month."""
    if closed:
        return closed[-1].period
    before = date(today.year, today.month, 1) - timedelta(days=1)
    return Period.month(before.year, before.month)


def _last_day(closed: Sequence[Closed], today: date) -> date:
    return min(today, closed[-1].period.end + timedelta(days=62)) if closed else today


def complete_months(closed: Sequence[Closed], today: date, count: int = 13) -> list[Period]:
    """The last months that are over, newest first, whether closed or not."""
    month = Period.month(today.year, today.month)
    found: list[Period] = []
    oldest = min((one.period.start for one in closed), default=None)
    while len(found) < count:
        before = month.start - timedelta(days=1)
        month = Period.month(before.year, before.month)
        if oldest is not None and month.start < oldest:
            break
        found.append(month)
    return found
