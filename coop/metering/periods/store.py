"""Queries: closed periods, measurements, allocation runs, late values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Table, and_, delete, func, or_, select, type_coerce

from coop.events.metering import HeatSystemReported, MeasuredPart
from coop.kit.database import among
from coop.kit.keyset import Key, Window, cut_query
from coop.kit.rows import columns_of, find_by, insert_nouns, maker_of, select_as
from coop.kit.tx import Tx
from coop.metering.model import Quantity
from coop.metering.periods.open_ends import OpenEnd
from coop.metering.periods.tables import open_end
from coop.metering.readings.store import instant
from coop.metering.register.tables import late_decision
from coop.metering.tables import allocation, allocation_run, giving, late_value, measurement, period
from coop.values import Period, civil_date


@dataclass(frozen=True)
class Closed:
    """A revision of a closed period; ``heat_system`` is the report that holds for it, as it was told."""

    period: Period
    revision: int
    closed_at: datetime
    measured_count: int
    allocated_count: int
    run_id: str
    cause: str
    heat_system: HeatSystemReported | None


@dataclass(frozen=True)
class Measurement:
    """Energy that one occupancy was told to have used, in one revision, and the documents that say from what."""

    id: str
    period: Period
    revision: int
    connection_id: str
    member_id: str
    quantity: Quantity
    energy_j: Decimal
    estimated: bool
    cause: str
    parts: tuple[MeasuredPart, ...]
    basis_sha256: str
    manifest_sha256: str

    @property
    def subject(self) -> tuple[str, str, Quantity]:
        """Connection, member and what was counted: of these each revision has one measurement."""
        return self.connection_id, self.member_id, self.quantity


@dataclass(frozen=True)
class AllocationRun:
    """One run of shared energy in one revision, and the documents that say from what."""

    id: str
    group_id: str
    period: Period
    revision: int
    key_id: str
    resolution_id: str
    inputs_hash: str
    inputs_sha256: str
    produced_wh: int
    surplus_wh: int
    missing_quarters: int
    cause: str
    manifest_sha256: str


@dataclass(frozen=True)
class Allocation:
    """Energy that one occupancy used and got in a run; ``told`` where the run told it. ``needed_wh`` is what it needed
    in all the time in which it shared in this group or one before."""

    run_id: str
    connection_id: str
    member_id: str
    consumed_wh: int
    allocated_wh: int
    needed_wh: int
    told: bool


@dataclass(frozen=True)
class Giving:
    """Energy that one meter had to share in a run, and gave [thousandths of a Wh]."""

    run_id: str
    meter: str
    made_mwh: int
    given_mwh: int


@dataclass(frozen=True)
class LateValue:
    """A version of a register's day that came after its period was closed; ``first_s`` is the first instant of which
    it speaks [s since 1970]."""

    period_start: date
    revision: int
    register_id: str
    day: int
    version: int
    first_s: int

    @property
    def civil_day(self) -> date:
        """The civil day of the reading."""
        return civil_date(instant(self.first_s))


@dataclass(frozen=True)
class Decision:
    """A decision about a period whose ``revision`` was closed already, on a meter or a group; ``cause`` says it as the
    correction will, to everybody, and ``reason`` as whoever decided wrote it."""

    period_start: date
    number: int
    revision: int
    decided_at: datetime
    decided_by: str
    subject: str
    cause: str
    reason: str


_LATER = period.alias()


def list_closed(
    tx: Tx,
    around: tuple[date, date] | None = None,
    window: Window | None = None,
    known_at: datetime | None = None,
    also: Collection[date] = (),
) -> list[Closed]:
    """Closed periods in their newest revision (as known at an instant), in order; with ``around`` only those that
    reach the first to the last of two days, and those that begin on a day of ``also``."""
    of_period = select(func.max(_LATER.c.revision)).where(
        _LATER.c.community == period.c.community, _LATER.c.period_start == period.c.period_start
    )
    if known_at is not None:
        of_period = of_period.where(_LATER.c.closed_at <= known_at)
    where: list[ColumnElement[bool]] = [period.c.revision == of_period.scalar_subquery()]
    if around is not None:
        reaches = and_(period.c.period_start <= around[1], period.c.period_end >= around[0])
        where.append(or_(reaches, period.c.period_start.in_(sorted(also))))
    return select_as(tx, Closed, period, *where, order_by=[period.c.period_start], window=window)


def list_revisions(tx: Tx, wanted: Period, known_at: datetime | None = None) -> list[Closed]:
    """All revisions of a period (up to an instant), the first one first."""
    where = [period.c.period_start == wanted.start, period.c.period_end == wanted.end]
    where += [period.c.closed_at <= known_at] if known_at is not None else []
    return select_as(tx, Closed, period, *where, order_by=[period.c.revision])


def _was_told(table: Table, known_at: datetime | None) -> list[ColumnElement[bool]]:
    """Holds for measurements or runs of revisions that were closed by an instant, or for all."""
    if known_at is None:
        return []
    columns, closed = table.c, period.c
    told = select(closed.revision).where(
        closed.community == columns.community,
        closed.period_start <= columns.period_start,
        closed.period_end >= columns.period_end,
        closed.revision == columns.revision,
        closed.closed_at <= known_at,
    )
    return [told.exists()]


def list_first_closings(tx: Tx) -> dict[Period, datetime]:
    """Time at which each closed period was closed first."""
    return {one.period: one.closed_at for one in select_as(tx, Closed, period, period.c.revision == 1)}


def add_closed(tx: Tx, closed: Closed, open_ends: Iterable[OpenEnd]) -> None:
    """Insert a revision with its open ends."""
    insert_nouns(tx, period, [closed])
    insert_nouns(tx, open_end, open_ends)


def add_measurements(tx: Tx, measurements: Iterable[Measurement]) -> None:
    """Insert measurements."""
    insert_nouns(tx, measurement, measurements)


def add_run(tx: Tx, run: AllocationRun, shares: Iterable[Allocation], givings: Iterable[Giving]) -> None:
    """Insert a run, what each occupancy got, and what each producer gave."""
    insert_nouns(tx, allocation_run, [run])
    insert_nouns(tx, allocation, shares)
    insert_nouns(tx, giving, givings)


def page_revisions(tx: Tx, window: Window) -> list[Closed]:
    """A window of all revisions of all periods, in order."""
    order = [period.c.period_start, period.c.period_end, period.c.revision]
    return select_as(tx, Closed, period, order_by=order, window=window)


def list_measurements(
    tx: Tx,
    wanted: Period | None = None,
    member_id: str | None = None,
    window: Window | None = None,
    connections: Collection[str] | None = None,
    known_at: datetime | None = None,
) -> list[Measurement]:
    """Measurements (of a period, of a member, of connections, told by an instant), those of a later revision after
    those of an earlier one."""
    columns = measurement.c
    where = _was_told(measurement, known_at)
    if wanted is not None:
        where += [columns.period_start == wanted.start, columns.period_end == wanted.end]
    if member_id is not None:
        where.append(columns.member_id == member_id)
    if connections is not None:
        where.append(among(tx, columns.connection_id, connections))
    quantity = type_coerce(columns.quantity, String)  # a place in the list is told in plain words
    order = [columns.period_start, columns.connection_id, columns.member_id, quantity, columns.revision]
    return select_as(tx, Measurement, measurement, *where, order_by=order, window=window)


def measurement_key(measurement: Measurement) -> Key:
    """Place of a measurement in the list of all."""
    connection_id, member_id, quantity = measurement.subject
    return measurement.period.start, connection_id, member_id, quantity.value, measurement.revision


def find_measurement(tx: Tx, measurement_id: str) -> Measurement | None:
    """One measurement."""
    return find_by(tx, Measurement, measurement, id=measurement_id)


def find_measurements(tx: Tx, measurement_ids: Collection[str]) -> list[Measurement]:
    """Those of several measurements that there are."""
    return select_as(tx, Measurement, measurement, among(tx, measurement.c.id, measurement_ids))


def list_measurement_ids(tx: Tx) -> list[str]:
    """Every measurement, by id, those of one closing beside each other."""
    columns = measurement.c
    order = columns.period_start, columns.period_end, columns.revision, columns.connection_id, columns.id
    return list(tx.scalars(select(columns.id).where(columns.community == tx.community).order_by(*order)))


def list_runs(tx: Tx, wanted: Period | None = None) -> list[AllocationRun]:
    """Allocation runs (whose span lies within a period), those of a later revision after those of an earlier one."""
    columns = allocation_run.c
    where: list[ColumnElement[bool]] = []
    if wanted is not None:
        where = [columns.period_start >= wanted.start, columns.period_end <= wanted.end]
    order = [columns.period_start, columns.group_id, columns.revision]
    return select_as(tx, AllocationRun, allocation_run, *where, order_by=order)


def find_run(tx: Tx, run_id: str) -> AllocationRun | None:
    """One run."""
    return find_by(tx, AllocationRun, allocation_run, id=run_id)


def list_allocations(tx: Tx, run_id: str) -> list[Allocation]:
    """Allocations of each occupancy in a run."""
    order = [allocation.c.connection_id, allocation.c.member_id]
    return select_as(tx, Allocation, allocation, allocation.c.run_id == run_id, order_by=order)


def list_givings(tx: Tx, run_id: str) -> list[Giving]:
    """Gifts of each producer of a run."""
    return select_as(tx, Giving, giving, giving.c.run_id == run_id, order_by=[giving.c.meter])


def list_told_allocations(
    tx: Tx, member_id: str | None = None, window: Window | None = None, known_at: datetime | None = None
) -> list[tuple[Allocation, AllocationRun]]:
    """Allocations that were told (to one member, by an instant), each with its run, oldest first."""
    own, of_run = columns_of(Allocation, allocation), columns_of(AllocationRun, allocation_run)
    run = allocation_run.c
    query: Select[Any] = (
        select(*own, *of_run)
        .join(allocation_run, and_(run.community == allocation.c.community, run.id == allocation.c.run_id))
        .where(allocation.c.community == tx.community, run.community == tx.community, allocation.c.told)
        .where(*_was_told(allocation_run, known_at))
    )
    if member_id is not None:
        query = query.where(allocation.c.member_id == member_id)
    share = allocation.c
    order = (run.period_start, run.group_id, share.connection_id, share.member_id, run.revision, run.id)
    query = cut_query(query, window, *order)
    width, make_share, make_run = len(own), maker_of(Allocation), maker_of(AllocationRun)
    return [(make_share(row[:width]), make_run(row[width:])) for row in tx.execute(query)]


def allocation_key(told: tuple[Allocation, AllocationRun]) -> Key:
    """Place of an allocation in the list of all that were told."""
    share, run = told
    return run.period.start, run.group_id, share.connection_id, share.member_id, run.revision, run.id


def add_late(tx: Tx, closed: Closed, versions: Sequence[tuple[str, int, int, int]]) -> None:
    """Mark a closed period as touched by new versions (register, day, version, first instant) of days."""
    marks: list[dict[str, object]] = [
        {
            "community": tx.community,
            "period_start": closed.period.start,
            "revision": closed.revision,
            "register_id": identity,
            "day": day,
            "version": version,
            "first_s": first_s,
        }
        for identity, day, version, first_s in versions
    ]
    key = ["community", "period_start", "revision", "register_id", "day", "version"]
    tx.insert_new(late_value, marks, key)


def list_late(tx: Tx, closed: Closed | None = None) -> list[LateValue]:
    """Marks (of one period's revision), in order."""
    columns = late_value.c
    where: list[ColumnElement[bool]] = []
    if closed is not None:
        where = [columns.period_start == closed.period.start, columns.revision == closed.revision]
    order = [columns.period_start, columns.revision, columns.first_s, columns.register_id, columns.version]
    return select_as(tx, LateValue, late_value, *where, order_by=order)


def count_late(tx: Tx) -> dict[tuple[date, int], int]:
    """Number of marks by first day and revision of their period."""
    columns = late_value.c
    query = (
        select(columns.period_start, columns.revision, func.count())
        .where(columns.community == tx.community)
        .group_by(columns.period_start, columns.revision)
    )
    return {(start, revision): count for start, revision, count in tx.execute(query)}


def clear_late(tx: Tx, closed: Closed) -> None:
    """Take a revision's marks away: the period was computed again, and they changed nothing."""
    for table in (late_value, late_decision):
        columns = table.c
        tx.execute(
            delete(table).where(
                columns.community == tx.community,
                columns.period_start == closed.period.start,
                columns.revision == closed.revision,
            )
        )


def list_decisions(tx: Tx, closed: Closed | None = None) -> list[Decision]:
    """Decisions about closed periods (since one's newest revision), in order."""
    columns = late_decision.c
    where: list[ColumnElement[bool]] = []
    if closed is not None:
        where = [columns.period_start == closed.period.start, columns.revision == closed.revision]
    return select_as(tx, Decision, late_decision, *where, order_by=[columns.period_start, columns.number])
