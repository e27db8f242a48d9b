"""Queries: deliveries that arrived, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from coop.kit.database import among
from coop.kit.keyset import Window
from coop.kit.rows import find_by, select_as
from coop.kit.tx import Tx
from coop.metering.model import Delivery
from coop.metering.receipt import Receipt
from coop.metering.tables import delivery

COLUMNAR = frozenset({"head-end"})
"""Formats of which only the hash is kept."""


@dataclass(frozen=True)
class Delivered:
    """A delivery as it was kept. ``body`` is None where only its hash is; ``adopts`` is the delivery of which it took
    in what was parked."""

    id: str
    number: int
    format: str
    gateway: str
    options: str
    is_claim: bool
    received_at: datetime
    problems: int
    actor: str
    first_day: int | None
    last_day: int | None
    body: bytes | None
    adopts: str | None

    @property
    def is_of_a_gateway(self) -> bool:
        """True when a gateway handed it over, by a token or through a broker."""
        return self.actor.partition(":")[0] in ("gateway", "program")


@dataclass(frozen=True)
class ListedDelivery:
    """A delivery without its body. ``received_at`` was claimed for what is imported, else it is ``recorded_at``;
    ``actor`` and ``channel`` say who handed it over, and how; ``undoes`` is the import that it took back."""

    id: str
    number: int
    format: str
    gateway: str
    received_at: datetime
    recorded_at: datetime
    actor: str
    channel: str
    size_bytes: int
    values_taken: int
    observations: int
    problems: int
    undoes: str | None
    adopts: str | None
    reason: str


def find_delivery(tx: Tx, delivery_id: str) -> Delivered | None:
    """A delivery, or None."""
    return find_by(tx, Delivered, delivery, id=delivery_id)


def get_numbered(tx: Tx, number: int) -> Delivered:
    """The delivery with a number that a block names."""
    numbered = find_by(tx, Delivered, delivery, number=number)
    assert numbered is not None, "every block names deliveries that are there"
    return numbered


def last_number(tx: Tx) -> int:
    """The number of the newest delivery; 0 before the first."""
    return tx.scalar(select(func.max(delivery.c.number)).where(delivery.c.community == tx.community)) or 0


def number_at(tx: Tx, at: datetime) -> int:
    """The number of the newest delivery that was known at an instant; 0 where there was none yet."""
    query = select(delivery.c.number).where(delivery.c.community == tx.community, delivery.c.recorded_at <= at)
    return tx.scalar(query.order_by(delivery.c.recorded_at.desc(), delivery.c.number.desc()).limit(1)) or 0


def list_deliveries(tx: Tx, window: Window) -> list[ListedDelivery]:
    """A window of the deliveries, newest first, and one more."""
    order = [delivery.c.number]
    return select_as(tx, ListedDelivery, delivery, order_by=order, window=window, newest_first=True)


def list_by_channel(tx: Tx, channel: str, window: Window) -> list[ListedDelivery]:
    """The same of those that came in one way."""
    order = [delivery.c.number]
    where = delivery.c.channel == channel
    return select_as(tx, ListedDelivery, delivery, where, order_by=order, window=window, newest_first=True)


def find_claims(tx: Tx, first_day: int, last_day: int) -> frozenset[int]:
    """Numbers of the deliveries by which one account alone says something about any of these UTC days."""
    columns = delivery.c
    query = select(columns.number).where(
        columns.community == tx.community,
        columns.is_claim,
        columns.last_day >= first_day,
        columns.first_day <= last_day,
    )
    return frozenset(tx.scalars(query))


class Claim(NamedTuple):
    """A delivery by which one account alone speaks, and the UTC days about which it does."""

    number: int
    first_day: int
    last_day: int


def list_claims(tx: Tx) -> list[Claim]:
    """Claims that hold: of files that were taken back there are none."""
    columns, taking_back = delivery.c, delivery.alias()
    undone_ids = select(taking_back.c.undoes).where(
        taking_back.c.community == tx.community, taking_back.c.undoes.is_not(None)
    )
    query = select(columns.number, columns.first_day, columns.last_day).where(
        columns.community == tx.community,
        columns.is_claim,
        columns.last_day.is_not(None),
        columns.id.not_in(undone_ids),
    )
    return [Claim(*row) for row in tx.execute(query)]


def has_device(tx: Tx, first_day: int, last_day: int) -> bool:
    """True where a device, or two people, said anything about these UTC days."""
    columns = delivery.c
    query = select(columns.number).where(
        columns.community == tx.community,
        ~columns.is_claim,
        columns.last_day >= first_day,
        columns.first_day <= last_day,
    )
    return tx.execute(query.limit(1)).first() is not None


def list_numbered(tx: Tx, numbers: Collection[int]) -> dict[int, ListedDelivery]:
    """Deliveries by their numbers."""
    found = select_as(tx, ListedDelivery, delivery, among(tx, delivery.c.number, numbers)) if numbers else []
    return {each.number: each for each in found}


def list_imports(tx: Tx) -> list[tuple[ListedDelivery, bool]]:
    """Files that people imported, the newest first, at most 100; each with whether it was taken back."""
    undone_ids = select(delivery.c.undoes).where(delivery.c.community == tx.community, delivery.c.undoes.is_not(None))
    taken_back = set(tx.scalars(undone_ids))
    columns = delivery.c
    order = [columns.number]
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


@dataclass(frozen=True)
class Arrival:
    """A delivery that was taken in, under a number, and what became of it; ``days`` are those of which it speaks."""

    number: int
    delivery: Delivery
    receipt: Receipt
    days: Collection[int] = ()
    undoes: str | None = None
    adopts: str | None = None


def add_deliveries(tx: Tx, arrived: Iterable[Arrival]) -> None:
    """Insert the rows of deliveries. What was recorded later has the higher number, whoever waited for whom."""
    columns = delivery.c
    newest = select(columns.recorded_at).where(columns.community == tx.community).order_by(columns.number.desc())
    recorded_at = max(tx.now, tx.scalar(newest.limit(1)) or tx.now)
    rows: list[dict[str, object]] = [
        {
            "community": tx.community,
            "id": receipt.delivery_id,
            "number": number,
            "format": one.format,
            "gateway": one.gateway,
            "options": one.options,
            "is_claim": one.is_claim,
            "received_at": one.received_at,
            "recorded_at": recorded_at,
            "actor": str(tx.actor),
            "channel": tx.actor.channel,
            "size_bytes": len(one.body),
            "values_taken": receipt.values,
            "observations": receipt.observations,
            "problems": len(receipt.problems),
            "first_day": min(days, default=None),
            "last_day": max(days, default=None),
            "body": None if one.format in COLUMNAR else one.body,
            "undoes": undoes,
            "adopts": adopts,
            "reason": one.reason,
        }
        for number, one, receipt, days, undoes, adopts in (
            (each.number, each.delivery, each.receipt, each.days, each.undoes, each.adopts) for each in arrived
        )
    ]
    tx.insert(delivery, rows)
