"""Queries: closed periods, measurements, allocation runs, late values."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select

from coop.kit.journal import insert_new
from coop.metering.storage.readings import Key
from coop.metering.storage.tables import allocation, allocation_run, late_value, measurement, period
from coop.values import Period


@dataclass(frozen=True)
class Closed:
    """The newest revision of a closed period. ``open_ends`` says, by register, between which instants [s since 1970] a
    reading would change a bound that was estimated."""

    period: Period
    revision: int
    closed_at: datetime
    measured_count: int
    allocated_count: int
    run_id: str
    cause: str
    heat_system: dict[str, Any] | None
    open_ends: dict[str, list[list[int]]]


def pack_manifest(versions: Mapping[Key, int]) -> bytes:
    """Which version of which day was read, by register: first day and versions in a row, 0 where there was none."""
    by_register: dict[str, dict[int, int]] = {}
    for (identity, day), version in versions.items():
        by_register.setdefault(identity, {})[day] = version
    rows = {
        identity: [min(days), [days.get(day, 0) for day in range(min(days), max(days) + 1)]]
        for identity, days in sorted(by_register.items())
    }
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


def unpack_manifest(packed: bytes) -> dict[Key, int]:
    """What ``pack_manifest`` packed."""
    return {
        (identity, first + i): version
        for identity, (first, versions) in json.loads(zlib.decompress(packed)).items()
        for i, version in enumerate(versions)
        if version
    }


def closed(connection: Connection, community: str, around: tuple[date, date] | None = None) -> list[Closed]:
    """Closed periods in their newest revision, in order; with ``around`` only those that readings from the first to the
    last of two days can touch: those that reach them, and those with open ends."""
    newest = (
        select(period.c.period_start, func.max(period.c.revision).label("revision"))
        .where(period.c.community == community)
        .group_by(period.c.period_start)
        .subquery()
    )
    query = (
        select(period)
        .join(newest, and_(newest.c.period_start == period.c.period_start, newest.c.revision == period.c.revision))
        .where(period.c.community == community)
        .order_by(period.c.period_start)
    )
    if around is not None:
        reaches = and_(period.c.period_start <= around[1], period.c.period_end >= around[0])
        query = query.where(or_(reaches, period.c.open_ends != "{}"))
    return [_closed(row) for row in connection.execute(query)]


def revisions(connection: Connection, community: str, wanted: Period) -> list[Closed]:
    """All revisions of a period, the first one first."""
    query = (
        select(period)
        .where(
            period.c.community == community, period.c.period_start == wanted.start, period.c.period_end == wanted.end
        )
        .order_by(period.c.revision)
    )
    return [_closed(row) for row in connection.execute(query)]


def _closed(row: Any) -> Closed:
    return Closed(
        Period(row.period_start, row.period_end),
        row.revision,
        row.closed_at,
        row.measured_count,
        row.allocated_count,
        row.run_id,
        row.cause,
        json.loads(row.heat_system),
        json.loads(row.open_ends),
    )


def add_period(connection: Connection, community: str, one: Closed) -> None:
    """Insert a revision."""
    connection.execute(
        insert(period).values(
            community=community,
            period_start=one.period.start,
            period_end=one.period.end,
            revision=one.revision,
            closed_at=one.closed_at,
            measured_count=one.measured_count,
            allocated_count=one.allocated_count,
            run_id=one.run_id,
            cause=one.cause,
            heat_system=json.dumps(one.heat_system, sort_keys=True),
            open_ends=json.dumps(one.open_ends, sort_keys=True),
        )
    )


def add_measurements(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert measurements."""
    if rows:
        connection.execute(insert(measurement), rows)


def add_run(connection: Connection, row: Mapping[str, object], shares: Sequence[Mapping[str, object]]) -> None:
    """Insert a run and what each occupancy got."""
    connection.execute(insert(allocation_run), [row])
    if shares:
        connection.execute(insert(allocation), shares)


def measurements(connection: Connection, community: str, wanted: Period | None = None) -> list[Any]:
    """Measurements (of a period), those of a later revision after those of an earlier one."""
    query = select(measurement).where(measurement.c.community == community)
    if wanted is not None:
        query = query.where(measurement.c.period_start == wanted.start, measurement.c.period_end == wanted.end)
    order = (measurement.c.period_start, measurement.c.connection_id, measurement.c.member_id, measurement.c.revision)
    return list(connection.execute(query.order_by(*order)))


def measurement_by_id(connection: Connection, community: str, measurement_id: str) -> Any:
    """One measurement's row, or None."""
    return connection.execute(
        select(measurement).where(measurement.c.community == community, measurement.c.id == measurement_id)
    ).first()


def runs(connection: Connection, community: str, wanted: Period | None = None) -> list[Any]:
    """Allocation runs (whose span lies within a period), without their manifests' contents read."""
    query = select(allocation_run).where(allocation_run.c.community == community)
    if wanted is not None:
        query = query.where(allocation_run.c.period_start >= wanted.start, allocation_run.c.period_end <= wanted.end)
    order = (allocation_run.c.period_start, allocation_run.c.group_id, allocation_run.c.revision)
    return list(connection.execute(query.order_by(*order)))


def run_by_id(connection: Connection, community: str, run_id: str) -> Any:
    """One run's row, or None."""
    return connection.execute(
        select(allocation_run).where(allocation_run.c.community == community, allocation_run.c.id == run_id)
    ).first()


def allocations(connection: Connection, run_id: str) -> list[Any]:
    """What each occupancy got in a run."""
    query = select(allocation).where(allocation.c.run_id == run_id)
    return list(connection.execute(query.order_by(allocation.c.connection_id, allocation.c.member_id)))


def allocations_of(connection: Connection, community: str, member_id: str | None = None) -> list[Any]:
    """What was told of allocations (to one member), with the dates of the run, oldest first."""
    run = allocation_run.c
    query = (
        select(
            allocation,
            run.period_start,
            run.period_end,
            run.revision,
            run.group_id,
            run.key_id,
            run.resolution_id,
            run.inputs_hash,
            run.cause,
        )
        .join(allocation_run, run.id == allocation.c.run_id)
        .where(allocation.c.community == community, allocation.c.told)
        .order_by(run.period_start, run.group_id, allocation.c.connection_id, allocation.c.member_id, run.revision)
    )
    if member_id is not None:
        query = query.where(allocation.c.member_id == member_id)
    return list(connection.execute(query))


def add_late(connection: Connection, community: str, one: Closed, versions: Iterable[tuple[str, int, int]]) -> None:
    """Mark a closed period as touched by new versions of days."""
    rows: list[dict[str, object]] = [
        {
            "community": community,
            "period_start": one.period.start,
            "revision": one.revision,
            "register_id": identity,
            "day": day,
            "version": version,
        }
        for identity, day, version in versions
    ]
    key = ["community", "period_start", "revision", "register_id", "day", "version"]
    insert_new(connection, late_value, rows, key)


def late(connection: Connection, community: str, start: date | None = None, revision: int | None = None) -> list[Any]:
    """Marks (of one period's revision), in order."""
    query = select(late_value).where(late_value.c.community == community)
    if start is not None:
        query = query.where(late_value.c.period_start == start, late_value.c.revision == revision)
    order = (late_value.c.period_start, late_value.c.revision, late_value.c.day, late_value.c.register_id)
    return list(connection.execute(query.order_by(*order)))
