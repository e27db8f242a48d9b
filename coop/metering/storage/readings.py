"""Queries: deliveries and the packed days of registers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select

from coop.metering.model import Delivery
from coop.metering.rules.blocks import Day, unpack_day
from coop.metering.storage.register import chunks
from coop.metering.storage.tables import block, delivery

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
DAY = timedelta(days=1)
_DAYS = 100


@dataclass(frozen=True)
class Stored:
    """One version of one register's day; ``known_us`` is when all of it was known [us since 1970]."""

    register_id: str
    day: int
    version: int
    known_us: int
    delivery_id: str
    step_s: int
    content: Day


Key = tuple[str, int]
"""A register's id and a day, counted from 1970-01-01."""


def day_number(at: datetime) -> int:
    """The UTC day of an instant, counted from 1970-01-01."""
    return (at - _EPOCH).days


def microseconds(at: datetime) -> int:
    """Microseconds from 1970-01-01 UTC."""
    return (at - _EPOCH) // _US


def seconds(at: datetime) -> int:
    """Whole seconds from 1970-01-01 UTC."""
    return (at - _EPOCH) // timedelta(seconds=1)


def instant(at_s: int) -> datetime:
    """The instant so many seconds after 1970-01-01 UTC."""
    return _EPOCH + timedelta(seconds=at_s)


def delivered(connection: Connection, delivery_id: str) -> Any:
    """The row of a delivery, or None."""
    return connection.execute(select(delivery).where(delivery.c.id == delivery_id)).first()


def undone(connection: Connection, delivery_id: str) -> bool:
    """Whether a delivery was taken back."""
    query = select(delivery.c.id).where(delivery.c.undoes == delivery_id)
    return connection.execute(query).first() is not None


def add_delivery(
    connection: Connection,
    community: str,
    delivery_id: str,
    arrived: Delivery,
    *,
    keep_body: bool,
    values_taken: int,
    new_versions: int,
    problems: int,
    undoes: str | None = None,
) -> None:
    """Insert the row of a delivery."""
    connection.execute(
        insert(delivery).values(
            id=delivery_id,
            community=community,
            format=arrived.format,
            gateway=arrived.gateway,
            options=arrived.options,
            received_at=arrived.received_at,
            size_bytes=len(arrived.body),
            values_taken=values_taken,
            new_versions=new_versions,
            problems=problems,
            body=zlib.compress(arrived.body) if keep_body else None,
            undoes=undoes,
        )
    )


def body_of(row: Any) -> bytes | None:
    """The body of a delivery's row as it came in, or None where only its hash is kept."""
    return zlib.decompress(row.body) if row.body is not None else None


BlockRow = tuple[int, str, int, int, str, int, bytes | None, bytes, bytes]
"""Day, register, version, known_us, delivery, step_s, offsets, readings, quality."""

_BLOCK = ("day", "register_id", "version", "known_us", "delivery_id", "step_s", "offsets", "readings", "quality")


def add_blocks(connection: Connection, rows: Sequence[BlockRow]) -> None:
    """Insert new versions of days."""
    if not rows:
        return
    # Nothing in these columns needs converting, so the driver takes them as they are: that halves what a row costs.
    statement = insert(block).compile(dialect=connection.dialect, column_keys=list(_BLOCK))
    if statement.positional:
        connection.exec_driver_sql(str(statement), list(rows))
    else:
        connection.exec_driver_sql(str(statement), [dict(zip(_BLOCK, row, strict=True)) for row in rows])


def latest(connection: Connection, register_ids: Iterable[str], days: Iterable[int]) -> dict[Key, Stored]:
    """The latest version of each day that is there."""
    found: dict[Key, Stored] = {}
    newest = block.alias()
    wanted = sorted(set(days))
    for some in chunks(register_ids):
        for start in range(0, len(wanted), _DAYS):
            within = and_(block.c.day.in_(wanted[start : start + _DAYS]), block.c.register_id.in_(some))
            top = (
                select(func.max(newest.c.version))
                .where(newest.c.day == block.c.day, newest.c.register_id == block.c.register_id)
                .scalar_subquery()
            )
            for row in connection.execute(select(block).where(within, block.c.version == top)):
                found[row.register_id, row.day] = _stored(row)
    return found


def exactly(connection: Connection, versions: Mapping[Key, int]) -> dict[Key, Stored]:
    """These versions and no others: what a result was computed from.

    Raises:
        KeyError: one of them is not there.
    """
    found: dict[Key, Stored] = {}
    days = sorted({day for _, day in versions})
    ids = {register_id for register_id, _ in versions}
    for start in range(0, len(days), _DAYS):
        for some in chunks(ids):
            query = select(block).where(block.c.day.in_(days[start : start + _DAYS]), block.c.register_id.in_(some))
            for row in connection.execute(query):
                if versions.get((row.register_id, row.day)) == row.version:
                    found[row.register_id, row.day] = _stored(row)
    for key in versions:
        if key not in found:
            raise KeyError(key)
    return found


def versions_of(connection: Connection, register_id: str, day: int) -> list[tuple[Stored, datetime | None]]:
    """All versions of one day, each with the instant at which its delivery was received.

    It is None for the delivery that is just being taken in, whose row is written last.
    """
    query = (
        select(block, delivery.c.received_at)
        .outerjoin(delivery, delivery.c.id == block.c.delivery_id)
        .where(block.c.register_id == register_id, block.c.day == day)
        .order_by(block.c.version)
    )
    return [(_stored(row), row.received_at) for row in connection.execute(query)]


def touched_by(connection: Connection, delivery_id: str) -> list[Key]:
    """The days of which a delivery made a version. Rare enough to read the whole table rather than keep an index."""
    query = select(block.c.register_id, block.c.day).where(block.c.delivery_id == delivery_id)
    return sorted({(row.register_id, row.day) for row in connection.execute(query)})


def _stored(row: Any) -> Stored:
    content = unpack_day(row.offsets, row.readings, row.quality, row.step_s)
    return Stored(row.register_id, row.day, row.version, row.known_us, row.delivery_id, row.step_s, content)
