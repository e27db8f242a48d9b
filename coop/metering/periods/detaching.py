"""Detaching an old month of readings from a PostgreSQL installation, and attaching it again: work of the tables' owner.

Invariant: a month is detached only when nothing has to be computed from it any more: every period that reads it is
closed, of every co-operative, none waits for a correction, and no stand of these days is looked for in it. Its readings
are set aside whole, each co-operative's with a hash, and only the same ones come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from coop.kit import months
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.months import Month
from coop.kit.tx import Tx
from coop.metering.heat.measuring import REACH_S
from coop.metering.model import DAY_S
from coop.metering.periods import store as periods
from coop.metering.periods.schedule import list_touched
from coop.metering.readings import detached
from coop.metering.readings import store as readings
from coop.metering.readings.store import day_number
from coop.metering.tables import block
from coop.values import CoopError, Period, Said, say

MARGIN_DAYS = 1
"""Days before and after a period that are read for it."""


@dataclass(frozen=True)
class Plan:
    """A month that may be detached: the closed periods that read it, by co-operative, and why it has to stay."""

    month: Month
    periods: Mapping[str, tuple[Period, ...]]
    hindrances: tuple[Said, ...]


def list_months(database: Database) -> list[Month]:
    """Every month that has readings, or had them before it was detached.

    Raises:
        CoopError: the database is a file, or its tables are somebody else's.
    """
    with _owned(database) as sql:
        return months.list_months(sql, block)


def plan_detaching(database: Database, month: date) -> Plan:
    """Look at a month, and change nothing.

    Raises:
        CoopError: as ``list_months``; there is no such month; it is detached already.
    """
    with _owned(database) as sql:
        return _plan(sql, database, month)


def detach_month(database: Database, month: date) -> Plan:
    """Set the readings of a month aside.

    Raises:
        CoopError: as ``plan_detaching``; something has to be computed from it.
    """
    with _owned(database) as sql:
        months.stop_everybody(sql, block)
        plan = _plan(sql, database, month)
        if plan.hindrances:
            raise CoopError(
                "month-needed",
                say("%(month)s has to stay: %(reasons)s", month=str(plan.month), reasons=plan.hindrances),
            )
        part = months.name_of(block, month)
        for tx in _each(sql, database, detached.list_communities_in(sql, part)):
            detached.remember(tx, detached.describe(tx, sql, month, part))
        months.detach(sql, block, month)
        return plan


def attach_month(database: Database, month: date) -> Month:
    """Put the readings of a month back.

    Raises:
        CoopError: as ``list_months``; it is not detached; its readings are not those that were set aside.
    """
    with _owned(database) as sql:
        months.stop_everybody(sql, block)
        state = months.find_month(sql, block, month)
        if not state.is_detached:
            raise CoopError("not-detached", say("%(month)s is not detached", month=str(state)))
        here = detached.list_communities_in(sql, months.name_of(block, month, detached=True))
        remembered = detached.list_communities_of(sql, month)
        changed = set(here).symmetric_difference(remembered)
        for tx in _each(sql, database, remembered):
            if detached.is_changed(tx, sql, month):
                changed.add(tx.community)
            detached.forget(tx, month)
        if changed:
            raise CoopError(
                "detached-changed",
                say(
                    "the readings of %(month)s were changed since they were detached: %(names)s",
                    month=str(state),
                    names=tuple(sorted(changed)),
                ),
            )
        months.attach(sql, block, month)
        return state


def _plan(sql: Connection, database: Database, month: date) -> Plan:
    state = months.find_month(sql, block, month)
    if state.is_detached:
        raise CoopError("detached-already", say("%(month)s is detached already", month=str(state)))
    reading: dict[str, tuple[Period, ...]] = {}
    hindrances: list[Said] = []
    around = _around(month)
    for tx in _each(sql, database, detached.list_communities_in(sql, months.name_of(block, month))):
        closed = [one.period for one in periods.list_closed(tx)]
        reading[tx.community] = tuple(period for period in closed if _reads(period, month))
        waiting = [one.period for one in list_touched(tx) if _reads(one.period, month)]
        hindrances += [
            say("%(key)s has not closed %(period)s", key=tx.community, period=str(period))
            for period in around
            if _is_open(tx, period, closed)
        ]
        hindrances += [
            say("%(key)s has late values in %(period)s", key=tx.community, period=str(period)) for period in waiting
        ]
    kept_days = REACH_S // DAY_S
    if months.days_of(month).stop + kept_days > day_number(database.clock.now()):
        hindrances.append(say("readings of the last %(num)s days may still be needed", num=kept_days))
    return Plan(state, reading, tuple(hindrances))


def _around(month: date) -> tuple[Period, Period, Period]:
    """The month before, the month, and the month after: all that read it."""
    current = Period.month(month.year, month.month)
    before = current.start - timedelta(days=1)
    return Period.month(before.year, before.month), current, Period.month(current.end.year, current.end.month)


def _reads(period: Period, month: date) -> bool:
    """True where a period is computed from days of a month."""
    days = months.days_of(month)
    first, last = day_number(period.start_at) - MARGIN_DAYS, day_number(period.end_at) + MARGIN_DAYS
    return first < days.stop and last >= days.start


def _is_open(tx: Tx, period: Period, closed: list[Period]) -> bool:
    """True where readings of a period are here that no closed period has."""
    parts = [part for one in closed if (part := one.overlap(period)) is not None]
    if sum(part.days for part in parts) == period.days:
        return False
    try:
        return readings.has_any(tx, period)
    except detached.ReadingsDetached:
        return False  # nothing had to be computed from them when they were set aside


def _each(sql: Connection, database: Database, communities: list[str]) -> Iterator[Tx]:
    now = database.clock.now()
    for community in communities:
        yield Tx(sql, community, now, COMMAND_LINE)


@contextmanager
def _owned(database: Database) -> Iterator[Connection]:
    if database.is_sqlite:
        raise CoopError("no-partitions", say("a file has no partitions; they are in PostgreSQL (COOP_DATABASE_URL)"))
    if not database.is_owner:
        raise CoopError(
            "not-owner",
            say("the tables belong to somebody else: give the owner's address in COOP_OWNER_DATABASE_URL"),
        )
    with database.system_write() as sql:
        yield sql
