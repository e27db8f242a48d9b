"""Months of readings that were detached (``kit.months``): a co-operative's part of each is remembered, so that nobody
takes readings that are set aside for readings that never came.

Whoever finds no reading of a day asks here whether it is set aside. That is certain within one transaction: looking for
a reading holds off whoever detaches or attaches a month until the transaction ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from coop.kit.database import among
from coop.kit.months import month_of, name_of
from coop.kit.rows import find_by, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.metering.tables import block, detached_month
from coop.values import CoopError, say


class ReadingsDetached(CoopError):
    """Readings that are asked for are set aside."""

    def __init__(self, months: Iterable[date]) -> None:
        named = tuple(f"{month:%Y-%m}" for month in sorted(set(months)))
        super().__init__(
            "readings-detached", say("the readings of %(months)s are detached: attach them to verify", months=named)
        )


@dataclass(frozen=True)
class Detached:
    """A co-operative's readings of a month that is detached: of which registers, how many rows, and their hash."""

    month: date
    registers: tuple[str, ...]
    rows: int
    sha256: str
    detached_at: datetime
    detached_by: str

    def holds(self, registers: Collection[str] | None) -> bool:
        """True where it has readings of any of these registers; of any at all for None."""
        return registers is None or not set(registers).isdisjoint(self.registers)


def list_detached(tx: Tx) -> list[Detached]:
    """Every month that is detached, of which the co-operative has readings."""
    return select_as(tx, Detached, detached_month, order_by=[detached_month.c.month])


def refuse_detached(tx: Tx, days: Iterable[int], registers: Collection[str] | None = None) -> None:
    """Refuse when readings in the months of these days are set aside, of any of these registers or of any at all.

    Raises:
        ReadingsDetached: they are.
    """
    months = {month_of(day) for day in days}
    if tx.is_sqlite or not months:
        return
    within = among(tx, detached_month.c.month, months)
    if aside := [one.month for one in select_as(tx, Detached, detached_month, within) if one.holds(registers)]:
        raise ReadingsDetached(aside)


def describe(tx: Tx, sql: Connection, month: date, part: str) -> Detached:
    """The co-operative's readings in a partition."""
    return Detached(month, *_read_part(sql, tx.community, part), detached_at=tx.now, detached_by=str(tx.actor))


def remember(tx: Tx, aside: Detached) -> None:
    """Note that a month is detached."""
    insert_nouns(tx, detached_month, [aside])


def forget(tx: Tx, month: date) -> None:
    """Note that a month is attached."""
    tx.execute(
        delete(detached_month).where(detached_month.c.community == tx.community, detached_month.c.month == month)
    )


def is_changed(tx: Tx, sql: Connection, month: date) -> bool:
    """True when a month that is detached holds other readings of the co-operative than when it was."""
    part = name_of(block, month, detached=True)
    aside = find_by(tx, Detached, detached_month, month=month)
    return aside is None or _read_part(sql, tx.community, part) != (aside.registers, aside.rows, aside.sha256)


def list_communities_in(sql: Connection, part: str) -> list[str]:
    """Co-operatives with readings in a partition."""
    return sorted(sql.exec_driver_sql(f'SELECT DISTINCT community FROM "{part}"').scalars())


def list_communities_of(sql: Connection, month: date) -> list[str]:
    """Co-operatives whose readings of a month are remembered as detached."""
    query = select(detached_month.c.community).where(detached_month.c.month == month)
    return sorted(sql.scalars(query))


def _read_part(sql: Connection, community: str, part: str) -> tuple[tuple[str, ...], int, str]:
    """Registers, number of rows, and the SHA-256 of the rows as text, in the order of their key."""
    connection: Any = sql.connection.dbapi_connection
    key = ", ".join(column.name for column in block.primary_key)
    names = ", ".join(block.columns.keys())
    at = block.columns.keys().index("register_id")
    registers, rows, digest = set(), 0, hashlib.sha256()
    sql.exec_driver_sql("SET LOCAL bytea_output = 'hex'")
    query = f'COPY (SELECT {names} FROM "{part}" WHERE community = %s ORDER BY {key}) TO STDOUT'
    with connection.cursor() as cursor, cursor.copy(query, (community,)) as copy:
        for line in copy:
            digest.update(line)
            registers.add(bytes(line).split(b"\t")[at].decode())
            rows += 1
    return tuple(sorted(registers)), rows, digest.hexdigest()
