"""One meter as its page shows it: its record of a month, why each value stands, what is missing, what rests on it, and
where it hung. A member sees the days on which they held its connection, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import groupby

from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.metering.access import ACCESS
from coop.metering.amounts import month_of
from coop.metering.intake.withdrawals import Withdrawal, WithdrawalAnswer, list_withdrawals
from coop.metering.model import DAY_S, Meter, MeterKind, Register, Shape
from coop.metering.periods import store as periods
from coop.metering.periods.store import Closed, Measurement
from coop.metering.provenance import gaps as missing
from coop.metering.provenance.gaps import Gap
from coop.metering.provenance.records import (
    Record,
    Statement,
    Stretch,
    list_statements,
    overlap_gaps,
    read_record,
    read_values,
)
from coop.metering.provenance.sight import refuse_old_use
from coop.metering.readings import store as readings
from coop.metering.readings.completeness import measure_completeness
from coop.metering.readings.standing import Standing
from coop.metering.register import store as register
from coop.metering.register.commands import find_meter
from coop.metering.register.model import Occupancy
from coop.values import NotFound, Period, civil_date, say

STATEMENTS_SHOWN = 200
"""Most things said that are shown without a day being chosen."""


@dataclass(frozen=True)
class Wanted:
    """Part of a meter's record that somebody asks for: a register of it, a month and a day of that, and the instant as
    of which it was known; None for what was not chosen."""

    register_id: str | None = None
    period: Period | None = None
    day: date | None = None
    known_at: datetime | None = None


@dataclass(frozen=True)
class MeterRecord:
    """A meter's record of a period. ``statements`` are those of the day, or all where they are few; ``members`` are
    those who lived behind it in the period; ``neighbours`` the meters before and after it in its place; ``run_ids``
    name the runs that shared what it counted. A member sees their own alone, and is not told which person said what
    (``names_people``)."""

    meter: Meter
    registers: tuple[Register, ...]
    months: tuple[Period, ...]
    period: Period
    record: Record | None
    day: date | None
    statements: tuple[Statement, ...]
    gaps: tuple[Gap, ...]
    withdrawals: tuple[tuple[Withdrawal, WithdrawalAnswer | None], ...]
    measurements: tuple[Measurement, ...]
    run_ids: tuple[str, ...]
    closed: tuple[Closed, ...]
    members: frozenset[str]
    neighbours: tuple[tuple[Meter, str], ...]
    names_people: bool

    @property
    def figures(self) -> list[str]:
        """Ids of what was computed from it: measurements, and runs of shared electricity."""
        return [*(one.id for one in self.measurements), *self.run_ids]


def view_record(tx: Tx, session: Session, serial: str, wanted: Wanted) -> MeterRecord:
    """A meter's record as somebody may see it.

    Raises:
        NotFound: there is no such meter, or no such register of it.
        NotAllowed: it is somebody else's.
    """
    meter = find_meter(tx, serial)
    holds = _list_holds(tx, meter)
    own = None if ACCESS.allows(session, "see-register") else session.member_id or ""
    if own is not None and not any(hold.member_id == own for hold in holds):
        raise NotAllowed
    registers = sorted(register.registers_of(tx, [serial]).values(), key=_order)
    chosen = _choose_register(registers, wanted.register_id)
    period = wanted.period or _find_newest(tx, registers, meter, wanted.known_at or tx.now)
    months = tuple(_list_months(meter, holds, own, tx.today))
    if own is not None:
        period = _clip(period, holds, own, tx.today)
    members = frozenset(
        hold.member_id for hold in holds if Period(hold.start, hold.end or date.max).overlap(period) is not None
    )
    if own is None and session.member_id not in members and members:
        refuse_old_use(tx, session, period.end)
    record = read_record(tx, meter, chosen, period, wanted.known_at) if chosen is not None else None
    day = wanted.day if wanted.day is not None and period.start <= wanted.day < period.end else None
    statements = tuple(_read_statements(tx, record, day, wanted.known_at)) if record is not None else ()
    seen = [one for one in periods.list_closed(tx) if one.period.overlap(period) is not None]
    return MeterRecord(
        meter,
        tuple(registers),
        months,
        period,
        record,
        day,
        statements,
        tuple(_explain(tx, meter, record, statements)) if record is not None else (),
        tuple(list_withdrawals(tx, chosen.id)) if chosen is not None and own is None else (),
        tuple(_list_resting(tx, meter, period, own)),
        tuple(_list_runs(tx, meter, period, own)),
        tuple(seen),
        members if own is None else frozenset({own}),
        tuple(_list_neighbours(tx, meter)) if own is None else (),
        own is None,
    )


@dataclass(frozen=True)
class MissingTimes:
    """Times of a period of which nothing is known: of which meter, which quantity, and why; ``meters`` is how many lack
    something."""

    gaps: tuple[tuple[str, str, Gap], ...]
    meters: int


def list_missing_times(tx: Tx, period: Period, first: int = 0, count: int | None = None) -> MissingTimes:
    """Every time of a period of which nothing is known of a meter that should have said something; of ``count`` of the
    meters that lack something, from the ``first`` on, those that lack the most before the others."""
    found = measure_completeness(tx, period)
    lacking = sorted(
        (i for i in range(len(found.serials)) if found.lacks(i)),
        key=lambda i: (sum(found.share_percent[i]), found.serials[i]),
    )
    parked = missing.list_parked(tx)
    gaps: list[tuple[str, str, Gap]] = []
    for place in lacking[first : None if count is None else first + count]:
        meter = find_meter(tx, found.serials[place])
        registers = sorted(register.registers_of(tx, [meter.serial]).values(), key=_order)
        if not registers:
            start, end = max(meter.places[0].installed_at, period.start_at), min(period.end_at, tx.now)
            if start < end:
                gaps.append((meter.serial, "", Gap(start, end, say("it was never read"))))
        for quantity, alike in groupby(registers, lambda one: one.quantity):
            known = [read_values(tx, meter, one, period) for one in alike]
            numbers = {number for values, _ in known for number in values.number.tolist()}
            # What one register of a quantity does not say, another may.
            unsaid: Sequence[Stretch] = reduce(overlap_gaps, [gaps for _, gaps in known])
            told = missing.explain_gaps(tx, meter, unsaid, numbers, parked)
            gaps += [(meter.serial, quantity.value, gap) for gap in told]
    return MissingTimes(tuple(gaps), len(lacking))


def _order(one: Register) -> tuple[bool, str, bool]:
    return one.quantity.value not in ("heat", "electricity_import"), one.quantity.value, one.shape is not Shape.STAND


def _choose_register(registers: Sequence[Register], register_id: str | None) -> Register | None:
    if register_id is None:
        return registers[0] if registers else None
    found = next((one for one in registers if one.id == register_id), None)
    if found is None:
        raise NotFound(say("there is no such register"))
    return found


def _find_newest(tx: Tx, registers: Collection[Register], meter: Meter, until: datetime) -> Period:
    """The month of the last day of which anything is there; else the one of an instant."""
    since = readings.day_number(meter.places[0].installed_at)
    newest = readings.newest_days(tx, [one.id for one in registers], since)
    last = max((day for day in newest.values()), default=None)
    at = until if last is None else min(until, readings.instant(last * DAY_S + DAY_S // 2))
    return month_of(civil_date(at))


def _list_holds(tx: Tx, meter: Meter) -> list[Occupancy]:
    """Holders of a connection of a meter while it hung there; of a place that it left, only up to the day of
    leaving."""
    found = []
    for place in meter.places:
        first = civil_date(place.installed_at)
        last = civil_date(place.removed_at) if place.removed_at else date.max
        found += [
            replace(hold, start=max(hold.start, first), end=min(hold.end or last, last)) if meter.former else hold
            for hold in register.list_occupancies(tx)
            if hold.connection_id == place.connection_id and hold.start < last and (hold.end or date.max) > first
        ]
    return found


def _list_months(meter: Meter, holds: Sequence[Occupancy], own: str | None, today: date) -> list[Period]:
    """Months of a meter, newest first; of a member those in which they held its connection."""
    spans = [(hold.start, hold.end) for hold in holds if hold.member_id == own] if own is not None else []
    first = max(civil_date(meter.places[0].installed_at), min((start for start, _ in spans), default=date.min))
    last = min(today, civil_date(meter.removed_at) if meter.removed_at else today)
    months = Period(date(first.year, first.month, 1), last + timedelta(days=1)).months() if first <= last else []
    whole = [Period.month(one.start.year, one.start.month) for one in months]
    if own is not None:
        whole = [one for one in whole if any(Period(a, b or date.max).overlap(one) for a, b in spans)]
    return whole[::-1][:120]


def _clip(period: Period, holds: Sequence[Occupancy], own: str, today: date) -> Period:
    """The part of a period in which a member held a meter's connection."""
    parts = [
        part
        for hold in holds
        if hold.member_id == own and (part := Period(hold.start, hold.end or date.max).overlap(period)) is not None
    ]
    if not parts:
        raise NotAllowed
    return parts[-1]


def _read_statements(tx: Tx, record: Record, day: date | None, known_at: datetime | None) -> list[Statement]:
    if day is not None:
        return list_statements(tx, record, Period(day, day + timedelta(days=1)), known_at)
    if len(record.values.at_s) > STATEMENTS_SHOWN:
        return []
    return list_statements(tx, record, record.period, known_at)


def _explain(tx: Tx, meter: Meter, record: Record, statements: Sequence[Statement]) -> list[Gap]:
    if not record.gaps:
        return []
    back = [one.at for one in statements if one.standing in (Standing.WITHDRAWN, Standing.TAKEN_BACK)]
    numbers = set(record.values.number.tolist())
    return missing.explain_gaps(tx, meter, record.gaps, numbers, missing.list_parked(tx), back)


def _list_resting(tx: Tx, meter: Meter, period: Period, own: str | None) -> list[Measurement]:
    """Measurements of a period, as told last, that rest on readings of a meter."""
    changes = register.list_changes(tx, meter.serial)
    here = {place.connection_id for place in meter.places}
    connections = {*here, *(change.was_connection_id for change in changes)} - {None}
    if not connections:
        return []
    told = periods.list_measurements(tx, member_id=own, connections={str(one) for one in connections})
    newest = {(one.period.start, one.subject): one for one in told}
    return [
        one
        for one in newest.values()
        if one.period.overlap(period) is not None and any(part.meter == meter.serial for part in one.parts)
    ]


def _list_runs(tx: Tx, meter: Meter, period: Period, own: str | None) -> list[str]:
    """Runs of shared electricity of a period in which the connection of an electricity meter took part."""
    if meter.kind is not MeterKind.ELECTRICITY:
        return []
    return [
        run.id
        for share, run in periods.list_told_allocations(tx, own)
        if share.connection_id in {one.connection_id for one in meter.places} and run.period.overlap(period) is not None
    ]


def _list_neighbours(tx: Tx, meter: Meter) -> list[tuple[Meter, str]]:
    """The meters that hung in its place before and after it, by exchange."""
    beside = [one for one in register.list_meters(tx) if one.serial != meter.serial and one.kind is meter.kind]
    here = [one for one in beside if one.connection_id == meter.connection_id]
    before = [(one, "before") for one in here if one.removed_at is not None and one.removed_at == meter.installed_at]
    after = [(one, "after") for one in here if meter.removed_at is not None and one.installed_at == meter.removed_at]
    return [*before, *after]
