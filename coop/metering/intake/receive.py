"""Receiving: a delivery from a door to durable and queryable readings, in one transaction.

The same delivery again is silent, whoever brings it and when. A gateway's delivery goes in as far as it is good, and
what is not good is parked; a file that a person imports goes in whole or not at all, and can be undone.

Kept of a delivery: text telegrams and imported files as they came, so that a member can see the telegram behind a
stand; of columnar batches only the hash, because the blocks hold the same values (decision record 0011).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from prometheus_client import Counter

from coop.kit.tx import Tx
from coop.metering.intake.batch import Batch, Changed
from coop.metering.intake.formats import FORMATS
from coop.metering.intake.gateways import limit
from coop.metering.intake.late import mark_late
from coop.metering.intake.parking import park_broken, park_refused, park_unrouted, take
from coop.metering.model import DAY_S, Decoded, Delivery
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import Arrival
from coop.metering.readings.log import RegisterDay, add_blocks, write_block
from coop.metering.readings.observations import undoing
from coop.metering.readings.standing import count_contradictions
from coop.metering.receipt import Receipt
from coop.metering.register.locking import lock
from coop.values import BadInput, CoopError, Problem, say

TELEGRAMS = Counter("coop_telegrams", "Deliveries that came in.", ["channel", "outcome"])

CSV = "csv"
UNDO = "undo"


def decode_delivery(
    format: str, body: bytes, *, gateway: str, received_at: datetime, mapping: Mapping[str, Any] | None = None
) -> Delivery:
    """Decode what was handed over. Needs no transaction, and belongs outside one.

    Args:
        format: A name in ``FORMATS``, or ``csv``, which needs a ``mapping``.
        body: As it came.
        gateway: Who handed it over.
        received_at: When, UTC.
        mapping: What the columns of a CSV file mean (``formats.csv_readings.CsvMapping``).

    Raises:
        BadInput: no such format, the mapping is wrong, or the file has any bad line.
    """
    if format == CSV:
        from coop.metering.intake.formats.csv_readings import CsvMapping, decode_csv

        told = dict(mapping or {})
        read = decode_csv(body, CsvMapping.parse(told), received_at=received_at)
        options = json.dumps(told, sort_keys=True, separators=(",", ":"))
        decoded = Decoded(read.stands, read.series)
        return Delivery(CSV, gateway, received_at, body, decoded, options, read.exponents)
    if format not in FORMATS:
        raise BadInput(
            [Problem(say("'%(format)s' is none of %(formats)s", format=format, formats=(*FORMATS, CSV)), "format")],
            "unknown-format",
        )
    return Delivery(format, gateway, received_at, body, FORMATS[format](body, received_at=received_at))


@dataclass(frozen=True)
class Message:
    """A raw message of a bus or a broker: for which co-operative, from what address, and what was read in it, or why
    nothing was."""

    community: str
    address: str
    body: bytes
    read: Delivery | CoopError


def read_delivery(format: str, gateway: str, body: bytes, received_at: datetime) -> Delivery | CoopError:
    """A raw message decoded, or why nothing can be made of it. When it was received is ours to say."""
    try:
        if format == CSV:
            raise BadInput([Problem(say("a file is imported by somebody who sees what becomes of it"), "format")])
        return decode_delivery(format, body, gateway=gateway, received_at=received_at)
    except BadInput as refusal:
        return refusal


def by_community(messages: Iterable[Message]) -> list[tuple[str, list[Message]]]:
    """Messages of each co-operative, in order."""
    alike: dict[str, list[Message]] = {}
    for message in messages:
        alike.setdefault(message.community, []).append(message)
    return list(alike.items())


def take_messages(tx: Tx, messages: Sequence[Message]) -> None:
    """Store the readings of raw messages of the transaction's co-operative, as far as their gateways may say them, and
    park the rest."""
    for message in messages:
        if isinstance(message.read, CoopError):
            park_unrouted(tx, message.address, message.body, message.read)
    receive_all(tx, limit(tx, [message.read for message in messages if isinstance(message.read, Delivery)]))


def receive(tx: Tx, delivery: Delivery) -> Receipt:
    """Store a delivery's readings, and park what is not good.

    Raises:
        BadInput: an imported file holds a reading that is refused; nothing of it may be committed.
    """
    return receive_all(tx, [delivery])[0]


def receive_all(tx: Tx, deliveries: Sequence[Delivery]) -> list[Receipt]:
    """Store the readings of several deliveries in order, as if each came alone, and park what is not good.

    Raises:
        BadInput: as ``receive``.
    """
    receipts = _store(tx, deliveries)
    for receipt in receipts:
        outcome = "duplicate" if receipt.duplicate else "taken" if receipt.accepted else "refused"
        TELEGRAMS.labels(tx.actor.channel, outcome).inc()
    return receipts


def _store(tx: Tx, deliveries: Sequence[Delivery]) -> list[Receipt]:
    lock(tx)
    ids = _identify(tx, deliveries)
    known = arrivals.accepted(tx, ids)
    arrived = list(zip(ids, deliveries, strict=True))
    new: dict[str, Delivery] = {}
    for delivery_id, delivery in arrived:
        if delivery_id not in known:
            new.setdefault(delivery_id, delivery)
    batch = Batch(tx, new, arrivals.last_number(tx) + 1)
    receipts: list[Receipt] = []
    taken_in: list[Arrival] = []
    claimed: set[RegisterDay] = set()
    changed: list[Changed] = []
    for delivery_id, delivery in arrived:
        if delivery_id in known:
            receipts.append(Receipt(delivery_id, known[delivery_id], True, 0, 0))
            continue
        taken = take(batch, delivery_id)
        problems = (*delivery.decoded.problems, *(one.problem for one in taken.refused))
        if delivery.format == CSV and problems:
            raise BadInput(problems, "bad-file")
        park_broken(tx, delivery_id, delivery.decoded)
        park_refused(tx, delivery_id, taken.refused)
        known[delivery_id] = taken.values > 0 or not problems
        receipt = Receipt(delivery_id, known[delivery_id], False, taken.values, len(taken.changed), problems)
        receipts.append(receipt)
        days = {each.day for each in taken.changed}
        taken_in.append(Arrival(batch.numbers[delivery_id], delivery, receipt, days))
        changed += taken.changed
        if delivery.is_claim:
            claimed |= {each[:2] for each in taken.changed}
    arrivals.add_deliveries(tx, taken_in)
    batch.write()
    mark_late(tx, changed)
    contradicting = count_contradictions(tx, claimed)
    return [
        one if one.duplicate else replace(one, contradictions=contradicting[batch.numbers[one.delivery_id]])
        for one in receipts
    ]


def undo_import(tx: Tx, delivery_id: str) -> Receipt:
    """Take an imported file back: each day of which it speaks stands as it would without the file.

    What others said stays, also where they said the same. The undoing is a delivery of its own and is kept as one; done
    twice it is the same one.

    Raises:
        CoopError: there is no such import.
    """
    lock(tx)
    imported = arrivals.find_delivery(tx, delivery_id)
    if imported is None or imported.format != CSV:
        raise CoopError("no-such-import", say("there is no import %(delivery_id)s", delivery_id=delivery_id))
    undo = Delivery(UNDO, imported.gateway, tx.now, delivery_id.encode(), Decoded())
    (undo_id,) = _identify(tx, [undo])
    if arrivals.accepted(tx, [undo_id]):
        return Receipt(undo_id, True, True, 0, 0)
    number = arrivals.last_number(tx) + 1
    entries = undoing(imported.number, number)
    touched = readings.touched_by(tx, imported)
    receipt = Receipt(undo_id, True, False, 0, len(touched))
    days = {day for _, day in touched}
    arrivals.add_deliveries(tx, [Arrival(number, undo, receipt, days, undoes=delivery_id)])
    add_blocks(tx, [write_block(tx.community, key, entries, {}) for key in touched])
    mark_late(tx, [Changed(*key, number, key[1] * DAY_S, (key[1] + 1) * DAY_S) for key in touched])
    return receipt


def preview(tx: Tx, delivery: Delivery) -> Receipt:
    """Answer as ``receive`` would, with nothing kept; for a look before an import.

    Raises:
        BadInput: as ``receive``.
    """
    try:
        with tx.savepoint():
            raise _Looked(_store(tx, [delivery])[0])
    except _Looked as looked:
        return looked.receipt


class _Looked(Exception):
    """Ends a look, so that nothing of it stays."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__()
        self.receipt = receipt


def _identify(tx: Tx, deliveries: Sequence[Delivery]) -> list[str]:
    """Ids of deliveries: the same content is the same one, but for a file that was undone and comes again, and for a
    telegram that comes from the device itself after a person passed it on."""
    from_device = [
        replace(one, is_signed=True).id(tx.community) if one.mandate and one.is_claim else "" for one in deliveries
    ]
    known = arrivals.accepted(tx, set(from_device) - {""}) if any(from_device) else {}
    ids = []
    for delivery, device_s in zip(deliveries, from_device, strict=True):
        repeat, delivery_id = 0, device_s if device_s in known else delivery.id(tx.community)
        while delivery.format == CSV and arrivals.undone(tx, delivery_id):
            repeat += 1
            delivery_id = delivery.id(tx.community, repeat)
        ids.append(delivery_id)
    return ids
