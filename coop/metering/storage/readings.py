"""Queries: deliveries and the packed days of registers."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, insert, select

from coop.kit.database import among, insert_rows
from coop.metering.model import Delivery, Receipt
from coop.metering.rules.blocks import Day, unpack_day
from coop.metering.storage.tables import block, delivery

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
DAY = timedelta(days=1)


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


class Packed(NamedTuple):
    """The same as it is stored, in the order of the table's columns."""

    day: int
    register_id: str
    version: int
    known_us: int
    delivery_id: str
    step_s: int
    offsets: bytes | None
    readings: bytes
    quality: bytes

    def unpack(self) -> Stored:
        """Its values and qualities."""
        content = unpack_day(self.offsets, self.readings, self.quality, self.step_s)
        return Stored(self.register_id, self.day, self.version, self.known_us, self.delivery_id, self.step_s, content)


Key = tuple[str, int]
"""A register's id and a day, counted from 1970-01-01."""

COLUMNAR = frozenset({"head-end"})
"""Formats of which only the hash is kept."""


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


def accepted(connection: Connection, delivery_ids: Collection[str]) -> dict[str, bool]:
    """Which of these deliveries are here, and whether anything in them was good."""
    query = select(delivery.c.id, delivery.c.problems, delivery.c.values_taken)
    rows = connection.execute(query.where(among(connection, delivery.c.id, delivery_ids)))
    return {identity: problems == 0 or values > 0 for identity, problems, values in rows}


def undone(connection: Connection, delivery_id: str) -> bool:
    """Whether a delivery was taken back."""
    query = select(delivery.c.id).where(delivery.c.undoes == delivery_id)
    return connection.execute(query).first() is not None


def add_deliveries(
    connection: Connection, community: str, arrived: Sequence[tuple[Delivery, Receipt]], undoes: str | None = None
) -> None:
    """Insert the rows of deliveries, with what became of them."""
    rows: list[dict[str, object]] = [
        {
            "id": receipt.delivery_id,
            "community": community,
            "format": one.format,
            "gateway": one.gateway,
            "options": one.options,
            "received_at": one.received_at,
            "size_bytes": len(one.body),
            "values_taken": receipt.values,
            "new_versions": receipt.new_versions,
            "problems": len(receipt.problems),
            "body": None if one.format in COLUMNAR else zlib.compress(one.body),
            "undoes": undoes,
        }
        for one, receipt in arrived
    ]
    if rows:
        connection.execute(insert(delivery), rows)


def body_of(row: Any) -> bytes | None:
    """The body of a delivery's row as it came in, or None where only its hash is kept."""
    return zlib.decompress(row.body) if row.body is not None else None


def add_blocks(connection: Connection, rows: Iterable[Packed]) -> None:
    """Insert new versions of days, in the order of their key: neighbours are written together."""
    insert_rows(connection, block, sorted(rows))


def packed(connection: Connection, wanted: Mapping[int, Collection[str]]) -> dict[Key, Packed]:
    """The newest version of each register's day that is there; ``wanted`` names registers by day."""
    found: dict[Key, Packed] = {}
    alike: dict[frozenset[str], list[int]] = {}
    for day, ids in wanted.items():
        alike.setdefault(frozenset(ids), []).append(day)
    later = block.alias()
    newest = (
        select(func.max(later.c.version))
        .where(later.c.day == block.c.day, later.c.register_id == block.c.register_id)
        .scalar_subquery()
    )
    for ids, days in alike.items():
        within = and_(among(connection, block.c.day, days), among(connection, block.c.register_id, ids))
        for row in connection.execute(select(block).where(within, block.c.version == newest)).all():
            found[row[1], row[0]] = Packed(*row)
    return found


def latest(connection: Connection, register_ids: Iterable[str], days: Iterable[int]) -> dict[Key, Stored]:
    """The newest version of each day that is there, unpacked."""
    ids = set(register_ids)
    return {key: one.unpack() for key, one in packed(connection, dict.fromkeys(days, ids)).items()}


def newest_day(connection: Connection, register_id: str, until: int) -> int | None:
    """The last day up to ``until`` of which anything is there."""
    query = select(func.max(block.c.day)).where(block.c.register_id == register_id, block.c.day <= until)
    found: int | None = connection.scalar(query)
    return found


def exactly(connection: Connection, versions: Mapping[Key, int]) -> dict[Key, Packed]:
    """These versions and no others: what a result was computed from.

    Raises:
        KeyError: one of them is not there.
    """
    found: dict[Key, Packed] = {}
    days = among(connection, block.c.day, {day for _, day in versions})
    ids = among(connection, block.c.register_id, {register_id for register_id, _ in versions})
    for row in connection.execute(select(block).where(days, ids)).all():
        if versions.get((row[1], row[0])) == row[2]:
            found[row[1], row[0]] = Packed(*row)
    for key in versions:
        if key not in found:
            raise KeyError(key)
    return found


def versions_of(connection: Connection, register_id: str, day: int) -> list[tuple[Stored, datetime]]:
    """All versions of one day, each with the instant at which its delivery was received."""
    query = (
        select(block, delivery.c.received_at)
        .join(delivery, delivery.c.id == block.c.delivery_id)
        .where(block.c.register_id == register_id, block.c.day == day)
        .order_by(block.c.version)
    )
    return [(Packed(*row[:-1]).unpack(), row[-1]) for row in connection.execute(query)]


def touched_by(connection: Connection, delivery_id: str) -> list[Key]:
    """The days of which a delivery made a version. Rare enough to read the whole table rather than keep an index."""
    query = select(block.c.register_id, block.c.day).where(block.c.delivery_id == delivery_id)
    return sorted({(row.register_id, row.day) for row in connection.execute(query)})
