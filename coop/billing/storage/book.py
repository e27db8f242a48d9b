"""What a run needs of the heard facts, loaded by set: once for the terms, once for each period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from coop.billing.model import Contract, GasYear, HeatReading, Notice, SharedEnergy, Tariff
from coop.billing.rules.tariffs import read_tariff
from coop.billing.storage import heard_tables, tables
from coop.values import Period

Holder = tuple[str, str]
"""Connection and member."""


@dataclass(frozen=True)
class Book:
    """Terms of a community: contracts in order of id, tariffs, notices, memberships, figures."""

    contracts: tuple[Contract, ...]
    tariffs: tuple[Tariff, ...]
    notices: tuple[Notice, ...]
    memberships: Mapping[str, tuple[Period, ...]]
    figures: Mapping[tuple[str, int], Decimal]


@dataclass
class PeriodFacts:
    """What metering told of a period: newest revision of each, and what is still missing."""

    period: Period
    revision: int
    missing: list[str]
    readings: dict[Holder, list[HeatReading]] = field(default_factory=dict)
    shares: dict[Holder, list[SharedEnergy]] = field(default_factory=dict)


def load_book(connection: Connection, community: str) -> Book:
    """The terms as heard so far."""
    return Book(
        contracts=_contracts(connection, community),
        tariffs=tuple(load_tariffs(connection, community)),
        notices=_notices(connection, community),
        memberships=_spans(_rows(connection, heard_tables.member_admitted, community), _left(connection, community)),
        figures={
            (row.series, row.year): Decimal(row.value) for row in _rows(connection, tables.yearly_figure, community)
        },
    )


def load_tariffs(connection: Connection, community: str) -> list[Tariff]:
    """Every tariff that exists."""
    return [tariff_of(row) for row in _rows(connection, heard_tables.tariff, community)]


def tariff_of(row: Any) -> Tariff:
    """The tariff in a row."""
    return read_tariff(row.tariff_id, row.resolution_id, row.valid_from, row.decided_on, orjson.loads(row.parameters))


def load_contract(connection: Connection, community: str, contract_id: str) -> Contract | None:
    """One contract, or None."""
    return next(iter(_contracts(connection, community, contract_id)), None)


def load_period(connection: Connection, community: str, period: Period) -> PeriodFacts:
    """Readings and shares of a period, with what is missing until it is complete.

    A period is complete when every revision up to the newest that was closed has come with exactly the number of facts
    that metering told for it, and no newer one has begun.
    """
    measured = _in_period(connection, heard_tables.measurement, community, period)
    allocated = _in_period(connection, heard_tables.allocation, community, period)
    closed = {
        row.revision: row
        for row in _rows(connection, heard_tables.period_closed, community)
        if (row.period_start, row.period_end) == (period.start, period.end)
    }
    newest = max([*closed, *(row.revision for row in measured), *(row.revision for row in allocated), 1])
    missing = []
    for revision in range(1, newest + 1):
        close = closed.get(revision)
        if close is None:
            missing.append(f"revision {revision} is not closed")
            continue
        for name, rows, wanted in (
            ("measurements", measured, close.measured_count),
            ("allocations", allocated, close.allocated_count),
        ):
            come = sum(row.revision == revision for row in rows)
            if come != wanted:
                missing.append(f"{come} of {wanted} {name} of revision {revision} have come")
    facts = PeriodFacts(period, newest, missing)
    for row in _newest(measured, "quantity"):
        if row.quantity == "heat":
            facts.readings.setdefault((row.connection_id, row.member_id), []).append(_reading(row))
    for row in _newest(allocated, "group_id"):
        facts.shares.setdefault((row.connection_id, row.member_id), []).append(_share(row))
    return facts


def closed_periods(connection: Connection, community: str) -> list[tuple[Period, int]]:
    """Every period that metering closed, with its newest revision, in order."""
    table = heard_tables.period_closed
    rows = connection.execute(
        select(table.c.period_start, table.c.period_end, func.max(table.c.revision).label("revision"))
        .where(table.c.community == community)
        .group_by(table.c.period_start, table.c.period_end)
        .order_by(table.c.period_start, table.c.period_end)
    )
    return [(Period(row.period_start, row.period_end), row.revision) for row in rows]


def load_measurement(connection: Connection, community: str, measurement_id: str, revision: int) -> HeatReading | None:
    """One revision of a measurement as heard, or None."""
    table = heard_tables.measurement
    row = connection.execute(
        select(table).where(
            table.c.community == community, table.c.measurement_id == measurement_id, table.c.revision == revision
        )
    ).first()
    return _reading(row) if row else None


def load_share(connection: Connection, community: str, share: SharedEnergy, holder: Holder) -> SharedEnergy | None:
    """One revision of an allocation as heard, or None."""
    table = heard_tables.allocation
    row = connection.execute(
        select(table).where(
            table.c.community == community,
            table.c.run_id == share.run_id,
            table.c.revision == share.revision,
            table.c.group_id == share.group_id,
            table.c.connection_id == holder[0],
            table.c.member_id == holder[1],
        )
    ).first()
    return _share(row) if row else None


def _rows(connection: Connection, table: Any, community: str) -> list[Any]:
    return list(connection.execute(select(table).where(table.c.community == community).order_by(*table.primary_key)))


def _in_period(connection: Connection, table: Any, community: str, period: Period) -> list[Any]:
    return list(
        connection.execute(
            select(table)
            .where(
                table.c.community == community,
                table.c.period_start >= period.start,
                table.c.period_start < period.end,
                table.c.period_end <= period.end,
            )
            .order_by(*table.primary_key)
        )
    )


def _newest(rows: list[Any], kind: str) -> list[Any]:
    """The newest revision for each connection, member, kind and days."""
    found: dict[tuple[Any, ...], Any] = {}
    for row in rows:
        key = (row.connection_id, row.member_id, getattr(row, kind), row.period_start, row.period_end)
        known = found.get(key)
        if known is None or row.revision > known.revision:
            found[key] = row
    return [found[key] for key in sorted(found)]


def _reading(row: Any) -> HeatReading:
    return HeatReading(
        measurement_id=row.measurement_id,
        revision=row.revision,
        period=Period(row.period_start, row.period_end),
        energy_j=Decimal(row.energy_j),
        estimated=row.estimated,
        cause=row.cause,
        versions=tuple(part["versions_hash"] for part in orjson.loads(row.parts)),
    )


def _share(row: Any) -> SharedEnergy:
    return SharedEnergy(
        run_id=row.run_id,
        revision=row.revision,
        group_id=row.group_id,
        key_id=row.key_id,
        resolution_id=row.resolution_id,
        period=Period(row.period_start, row.period_end),
        allocated_wh=row.allocated_wh,
        cause=row.cause,
    )


def _contracts(connection: Connection, community: str, contract_id: str | None = None) -> tuple[Contract, ...]:
    signed, ended = heard_tables.contract_signed, heard_tables.contract_ended
    query = (
        select(signed, func.min(ended.c.ends_on).label("ends_on"))
        .outerjoin(ended, (ended.c.community == signed.c.community) & (ended.c.contract_id == signed.c.contract_id))
        .where(signed.c.community == community)
        .group_by(*signed.c)
        .order_by(signed.c.contract_id)
    )
    if contract_id is not None:
        query = query.where(signed.c.contract_id == contract_id)
    return tuple(
        Contract(
            contract_id=row.contract_id,
            member_id=row.member_id,
            connection_id=row.connection_id,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            tariff_clause=row.tariff_clause,
            reference=tuple(GasYear(**gas_year) for gas_year in orjson.loads(row.reference)),
        )
        for row in connection.execute(query)
    )


def _notices(connection: Connection, community: str) -> tuple[Notice, ...]:
    return tuple(
        Notice(row.tariff_id, row.member_id, row.sent_on) for row in _rows(connection, tables.tariff_notice, community)
    )


def _left(connection: Connection, community: str) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for row in _rows(connection, heard_tables.member_left, community):
        found.setdefault(row.member_id, []).append(row.left_on)
    return found


def _spans(joined: list[Any], left: Mapping[str, list[date]]) -> dict[str, tuple[Period, ...]]:
    found: dict[str, tuple[Period, ...]] = {}
    for row in joined:
        span = _until_next(row.joined_on, left.get(row.member_id, []))
        if span is not None:
            found[row.member_id] = (*found.get(row.member_id, ()), span)
    return found


def _until_next(start: date, ends: list[date]) -> Period | None:
    """From ``start`` to the first end on or after it; None when it ended on the day it began."""
    end = min((day for day in ends if day >= start), default=date.max)
    return Period(start, end) if end > start else None


@dataclass(frozen=True)
class Arrivals:
    """How many facts of a period have come, of how many that metering told; ``told`` is None while it is open."""

    revision: int
    come: int
    told: int | None
    complete: bool


def arrivals(connection: Connection, community: str) -> dict[Period, Arrivals]:
    """How complete each period is, by civil month where metering has not closed it yet."""
    closes = _rows(connection, heard_tables.period_closed, community)
    come: dict[tuple[Period, int], int] = {}
    for table in (heard_tables.measurement, heard_tables.allocation):
        rows = connection.execute(
            select(table.c.period_start, table.c.period_end, table.c.revision, func.count())
            .where(table.c.community == community)
            .group_by(table.c.period_start, table.c.period_end, table.c.revision)
        )
        for start, end, revision, count in rows:
            holding = (Period(c.period_start, c.period_end) for c in closes if c.period_start <= start < c.period_end)
            period = next((p for p in holding if end <= p.end), Period.month(start.year, start.month))
            come[period, revision] = come.get((period, revision), 0) + count
    told: dict[tuple[Period, int], int] = {
        (Period(c.period_start, c.period_end), c.revision): c.measured_count + c.allocated_count for c in closes
    }
    found = {}
    for period in {key[0] for key in (*come, *told)}:
        revisions = {key[1] for key in (*come, *told) if key[0] == period}
        newest = max(revisions)
        whole = all(
            (period, revision) in told and come.get((period, revision), 0) == told[period, revision]
            for revision in range(1, newest + 1)
        )
        is_closed = all((period, revision) in told for revision in range(1, newest + 1))
        found[period] = Arrivals(
            revision=newest,
            come=sum(count for (p, _), count in come.items() if p == period),
            told=sum(count for (p, _), count in told.items() if p == period) if is_closed else None,
            complete=whole,
        )
    return found
