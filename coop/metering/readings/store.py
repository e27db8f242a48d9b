"""Queries: deliveries and the packed days of registers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, func, select

from coop.kit import months
from coop.kit.database import among
from coop.kit.keyset import Window
from coop.kit.months import month_of
from coop.kit.rows import find_as, select_as
from coop.kit.tx import Tx
from coop.metering.model import Delivery, Receipt
from coop.metering.readings.blocks import Day, unpack_day
from coop.metering.readings.detached import ReadingsDetached, list_detached, refuse_detached
from coop.metering.tables import block, delivery
from coop.values import Period

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

    community: str
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


@dataclass(frozen=True)
class Delivered:
    """A delivery as it was kept. ``body`` is None where only its hash is."""

    id: str
    format: str
    gateway: str
    options: str
    received_at: datetime
    problems: int
    actor: str
    body: bytes | None

    @property
    def is_of_a_gateway(self) -> bool:
        """True when a gateway handed it over, by a token or through a broker."""
        return self.actor.partition(":")[0] in ("gateway", "program")


@dataclass(frozen=True)
class ListedDelivery:
    """A delivery without its body. ``received_at`` was claimed for what is imported, else it is ``recorded_at``;
    ``actor`` and ``channel`` say who handed it over, and how; ``undoes`` is the import that it took back."""

    id: str
    format: str
    gateway: str
    received_at: datetime
    recorded_at: datetime
    actor: str
    channel: str
    size_bytes: int
    values_taken: int
    new_versions: int
    problems: int
    undoes: str | None


RegisterDay = tuple[str, int]
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


def find_delivery(tx: Tx, delivery_id: str) -> Delivered | None:
    """A delivery, or None."""
    return find_as(tx, Delivered, delivery, delivery.c.id == delivery_id)


def list_deliveries(tx: Tx, window: Window) -> list[ListedDelivery]:
    """A window of the deliveries, newest first, and one more."""
    order = [delivery.c.recorded_at, delivery.c.id]
    return select_as(tx, ListedDelivery, delivery, order_by=order, window=window, newest_first=True)


def list_imports(tx: Tx) -> list[tuple[ListedDelivery, bool]]:
    """Files that people imported, the newest first, at most 100; each with whether it was taken back."""
    undone_ids = select(delivery.c.undoes).where(delivery.c.community == tx.community, delivery.c.undoes.is_not(None))
    taken_back = set(tx.scalars(undone_ids))
    columns = delivery.c
    order = [columns.recorded_at, columns.id]
    window = Window(100)
    found = select_as(
        tx, ListedDelivery, delivery, columns.format == "csv", order_by=order, window=window, newest_first=True
    )
    return [(each, each.id in taken_back) for each in found[:100]]


def accepted(tx: Tx, delivery_ids: Collection[str]) -> dict[str, bool]:
    """Find which of these deliveries are here, and whether anything in them was good."""
    query = select(delivery.c.id, delivery.c.problems, delivery.c.values_taken).where(
        delivery.c.community == tx.community, among(tx, delivery.c.id, delivery_ids)
    )
    return {identity: problems == 0 or values > 0 for identity, problems, values in tx.execute(query)}


def undone(tx: Tx, delivery_id: str) -> bool:
    """True when a delivery was taken back."""
    query = select(delivery.c.id).where(delivery.c.community == tx.community, delivery.c.undoes == delivery_id)
    return tx.execute(query).first() is not None


def add_deliveries(tx: Tx, arrived: Sequence[tuple[Delivery, Receipt]], undoes: str | None = None) -> None:
    """Insert the rows of deliveries, with what became of them."""
    rows: list[dict[str, object]] = [
        {
            "id": receipt.delivery_id,
            "community": tx.community,
            "format": one.format,
            "gateway": one.gateway,
            "options": one.options,
            "received_at": one.received_at,
            "recorded_at": tx.now,
            "actor": str(tx.actor),
            "channel": tx.actor.channel,
            "size_bytes": len(one.body),
            "values_taken": receipt.values,
            "new_versions": receipt.new_versions,
            "problems": len(receipt.problems),
            "body": None if one.format in COLUMNAR else one.body,
            "undoes": undoes,
        }
        for one, receipt in arrived
    ]
    tx.insert(delivery, rows)


def add_blocks(tx: Tx, rows: Iterable[Packed]) -> None:
    """Insert new versions of days, in the order of their key: neighbours are written together.

    Raises:
        ReadingsDetached: the month of one of them is set aside.
    """
    ordered = sorted(rows)
    make_months(tx, {month_of(row.day) for row in ordered if row.version == 1})
    tx.insert_rows(block, ordered)


def make_months(tx: Tx, wanted: Iterable[date]) -> None:
    """Make room for the readings of months.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    if aside := months.make(tx, block, wanted):
        raise ReadingsDetached(aside)


def packed(tx: Tx, wanted: Mapping[int, Collection[str]]) -> dict[RegisterDay, Packed]:
    """The newest version of each register's day that is there; ``wanted`` names registers by day.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    found: dict[RegisterDay, Packed] = {}
    alike: dict[frozenset[str], list[int]] = {}
    for day, ids in wanted.items():
        alike.setdefault(frozenset(ids), []).append(day)
    later = block.alias()
    ours = block.c.community == tx.community
    for ids, days in alike.items():
        within = and_(ours, among(tx, block.c.day, days), among(tx, block.c.register_id, ids))
        # Said once more, or PostgreSQL plans for every month that there is.
        in_months = () if tx.is_sqlite else (among(tx, later.c.day, days),)
        newest = (
            select(func.max(later.c.version))
            .where(
                later.c.community == block.c.community,
                later.c.day == block.c.day,
                later.c.register_id == block.c.register_id,
                *in_months,
            )
            .scalar_subquery()
        )
        for row in tx.execute(select(block).where(within, block.c.version == newest)).all():
            one = Packed(*row)
            found[one.register_id, one.day] = one
    # A month of which anything is there is attached.
    here = {month_of(day) for _, day in found}
    absent = {day: ids for day, ids in wanted.items() if month_of(day) not in here}
    refuse_detached(tx, absent, set().union(*absent.values()))
    return found


def latest(tx: Tx, register_ids: Iterable[str], days: Iterable[int]) -> dict[RegisterDay, Stored]:
    """The newest version of each day that is there, unpacked.

    Raises:
        ReadingsDetached: one of them is set aside.
    """
    ids = set(register_ids)
    return {key: one.unpack() for key, one in packed(tx, dict.fromkeys(days, ids)).items()}


def find_first_day(tx: Tx) -> date | None:
    """The UTC day of the oldest reading, or None before there is any."""
    day = tx.scalar(select(func.min(block.c.day)).where(block.c.community == tx.community))
    return None if day is None else (_EPOCH + timedelta(days=day)).date()


def newest_day(tx: Tx, register_id: str, until: int) -> int | None:
    """The last day up to ``until`` of which anything is there.

    Raises:
        ReadingsDetached: a later one is set aside.
    """
    query = select(func.max(block.c.day)).where(
        block.c.community == tx.community, block.c.register_id == register_id, block.c.day <= until
    )
    found: int | None = tx.scalar(query)
    after = month_of(found) if found is not None else date.min
    later = [
        one.month for one in list_detached(tx) if after < one.month <= month_of(until) and one.holds([register_id])
    ]
    if later:
        raise ReadingsDetached(later[-1:])
    return found


def newest_days(tx: Tx, register_ids: Iterable[str], since: int) -> dict[str, int]:
    """By register, the last day from ``since`` on of which anything is there."""
    query = (
        select(block.c.register_id, func.max(block.c.day))
        .where(
            block.c.community == tx.community, block.c.day >= since, among(tx, block.c.register_id, set(register_ids))
        )
        .group_by(block.c.register_id)
    )
    return dict(tx.execute(query).all())


def has_any(tx: Tx, period: Period) -> bool:
    """True where anything was read in a period.

    Raises:
        ReadingsDetached: all that was, is set aside.
    """
    query = select(block.c.version).where(
        block.c.community == tx.community,
        block.c.day >= day_number(period.start_at),
        block.c.day < day_number(period.end_at),
    )
    if tx.execute(query.limit(1)).first() is not None:
        return True
    refuse_detached(tx, range(day_number(period.start_at), day_number(period.end_at)))
    return False


def exactly(tx: Tx, versions: Mapping[RegisterDay, int]) -> dict[RegisterDay, Packed]:
    """These versions and no others: what a result was computed from.

    Raises:
        ReadingsDetached: one of them is set aside.
        KeyError: one of them is not there.
    """
    found: dict[RegisterDay, Packed] = {}
    days = among(tx, block.c.day, {day for _, day in versions})
    ids = among(tx, block.c.register_id, {register_id for register_id, _ in versions})
    for row in tx.execute(select(block).where(block.c.community == tx.community, days, ids)).all():
        one = Packed(*row)
        if versions.get((one.register_id, one.day)) == one.version:
            found[one.register_id, one.day] = one
    absent = versions.keys() - found.keys()
    refuse_detached(tx, {day for _, day in absent}, {register_id for register_id, _ in absent})
    if absent:
        raise KeyError(min(absent))
    return found


def versions_of(tx: Tx, register_id: str, day: int) -> list[tuple[Stored, datetime]]:
    """All versions of one day, each with the instant at which its delivery was received.

    Raises:
        ReadingsDetached: they are set aside.
    """
    query = (
        select(block, delivery.c.received_at)
        .join(delivery, and_(delivery.c.community == block.c.community, delivery.c.id == block.c.delivery_id))
        .where(block.c.community == tx.community, block.c.register_id == register_id, block.c.day == day)
        .order_by(block.c.version)
    )
    versions = [(Packed(*row[:-1]).unpack(), row[-1]) for row in tx.execute(query)]
    if not versions:
        refuse_detached(tx, [day], [register_id])
    return versions


def touched_by(tx: Tx, delivery_id: str) -> list[RegisterDay]:
    """The days of which a delivery made a version. Rare enough to read the whole table rather than keep an index.

    Raises:
        ReadingsDetached: some of what it made may be set aside.
    """
    made = tx.scalar(
        select(delivery.c.new_versions).where(delivery.c.community == tx.community, delivery.c.id == delivery_id)
    )
    query = select(block.c.register_id, block.c.day).where(
        block.c.community == tx.community, block.c.delivery_id == delivery_id
    )
    versions = [(row.register_id, row.day) for row in tx.execute(query)]
    if len(versions) < (made or 0):
        raise ReadingsDetached(one.month for one in list_detached(tx))
    return sorted(set(versions))
