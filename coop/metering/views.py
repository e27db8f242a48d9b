"""What the pages of metering show, as plain values: a member's year and days, a run's days, the state of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from coop.metering.handlers.compute import Store, bound_of
from coop.metering.handlers.verify import quarters_of
from coop.metering.model import MeterKind, Quantity
from coop.metering.rules.allocation import Key, allocate
from coop.metering.rules.blocks import DAY_S
from coop.metering.rules.measuring import Span, use_of
from coop.metering.rules.sharing import QUARTER_S
from coop.metering.storage import periods, register
from coop.metering.storage.readings import instant, seconds
from coop.values import Period, civil_date, midnight


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
    """A member's electricity in a period: what was used, and how much of it the shared roofs covered, as last told."""

    period: Period
    connection_id: str
    run_id: str
    consumed_wh: int
    allocated_wh: int
    revision: int


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
        """What of it the shared roofs covered."""
        return sum(one.allocated_wh for one in self.shared)


@dataclass(frozen=True)
class DayUse:
    """Heat of one civil day; None where no reading is near."""

    day: date
    energy_j: Decimal | None
    estimated: bool


def member_year(connection: Connection, community: str, member_id: str, year: int | None) -> MemberYear:
    """What a member was told of their use in a year; the newest one where none is asked."""
    heat: dict[tuple[date, str], HeatMonth] = {}
    for row in periods.measurements(connection, community):
        if row.member_id == member_id:
            heat[row.period_start, row.connection_id] = HeatMonth(
                Period(row.period_start, row.period_end),
                row.connection_id,
                row.id,
                Decimal(row.energy_j),
                row.estimated,
                row.revision,
                row.cause,
            )
    shared: dict[tuple[date, str], SharedMonth] = {}
    for row in periods.allocations_of(connection, community, member_id):
        shared[row.period_start, row.connection_id] = SharedMonth(
            Period(row.period_start, row.period_end),
            row.connection_id,
            row.run_id,
            row.consumed_wh,
            row.allocated_wh,
            row.revision,
        )
    years = sorted({start.year for start, _ in (*heat, *shared)}, reverse=True)
    chosen = year if year is not None else years[0] if years else 0
    return MemberYear(
        chosen,
        tuple(years),
        tuple(heat[key] for key in sorted(heat) if key[0].year == chosen),
        tuple(shared[key] for key in sorted(shared) if key[0].year == chosen),
    )


def own_connections(connection: Connection, community: str, member_id: str) -> set[str]:
    """Connections that a member holds or held."""
    return {one.connection_id for one in register.occupancies(connection, community) if one.member_id == member_id}


def heat_by_day(
    connection: Connection, community: str, connection_id: str, member_id: str, month: Period
) -> list[DayUse]:
    """Heat of each civil day of a month that a member held a connection, from what is known now."""
    store = Store(connection, community)
    meters = [one for one in store.meters if one.kind is MeterKind.HEAT and one.connection_id == connection_id]
    held = [one for one in store.occupancies if one.connection_id == connection_id and one.member_id == member_id]
    spans = [(meter, one) for meter in meters if (one := store.register_for(meter, Quantity.HEAT)) is not None]
    first, last = seconds(month.start_at) // DAY_S - 1, seconds(month.end_at) // DAY_S + 1
    days = store.days([one.id for _, one in spans], first, last)
    found = []
    for i in range(month.days):
        day = month.start + timedelta(days=i)
        from_s, to_s = seconds(midnight(day)), seconds(midnight(day + timedelta(days=1)))
        energy, known, estimated = Decimal(0), False, False
        if any(one.start <= day and (one.end is None or day < one.end) for one in held):
            for meter, one in spans:
                start = max(from_s, seconds(meter.installed_at))
                end = min(to_s, seconds(meter.removed_at)) if meter.removed_at else to_s
                here = days.get(one.id, {})
                if start >= end or not here:
                    continue
                step_s = next(iter(here.values())).step_s
                span = Span(meter.serial, one.id, one.exponent, step_s, start, end, bound_of(meter, one, day))
                use = use_of(span, {number: stored.content for number, stored in here.items()})
                if use is not None and use.gap_s is not None:
                    energy, known, estimated = energy + use.energy, True, estimated or use.estimated
        found.append(DayUse(day, energy if known else None, estimated))
    return found


@dataclass(frozen=True)
class RunDay:
    """One connection's day in a run, by quarter-hour [Wh]; ``starts`` are the first instants of each."""

    day: date
    starts: tuple[Any, ...]
    consumed_wh: tuple[int, ...]
    allocated_wh: tuple[int, ...]
    production_wh: tuple[int, ...]


def run_days(
    connection: Connection, community: str, run_id: str, connection_id: str, member_id: str | None, day: date | None
) -> tuple[list[tuple[date, int, int]], RunDay | None]:
    """(day, used, allocated) of every civil day of a run for one connection, and one day by quarter-hour.

    With ``member_id`` only the days on which that member held the connection: who lived there before is not theirs.

    Raises:
        CoopError: there is no such run.
    """
    inputs, found = quarters_of(connection, community, run_id)
    column = inputs.participants.index(connection_id)
    result = allocate(Key.read(inputs.parameters), inputs.participants, found.production_wh, found.consumption_wh)
    used, got = found.consumption_wh[:, column], result.allocated_wh[:, column]
    totals = []
    chosen: RunDay | None = None
    start = civil_date(instant(inputs.from_s))
    held = [one for one in inputs.holdings if one.connection_id == connection_id and member_id in (None, one.member_id)]
    while seconds(midnight(start)) < inputs.to_s:
        after = start + timedelta(days=1)
        if not any(one.from_s <= seconds(midnight(start)) < one.to_s for one in held):
            start = after
            continue
        first = (seconds(midnight(start)) - inputs.from_s) // QUARTER_S
        last = (seconds(midnight(after)) - inputs.from_s) // QUARTER_S
        totals.append((start, int(used[first:last].sum()), int(got[first:last].sum())))
        if start == day:
            chosen = RunDay(
                start,
                tuple(instant(inputs.from_s + q * QUARTER_S) for q in range(first, last)),
                tuple(used[first:last].tolist()),
                tuple(got[first:last].tolist()),
                tuple(found.production_wh[first:last].tolist()),
            )
        start = after
    return totals, chosen


def heat_systems(connection: Connection, community: str) -> list[dict[str, Any]]:
    """What was told of the heat system, one newest report a period, oldest first."""
    return [
        {"period": one.period, **one.heat_system}
        for one in periods.closed(connection, community)
        if one.heat_system is not None
    ]


def complete_months(closed: Sequence[periods.Closed], today: date, count: int = 13) -> list[Period]:
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
