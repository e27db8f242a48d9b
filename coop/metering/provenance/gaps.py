"""Gaps of a meter and the reason for each: its gateway was silent, said nothing of it, said it and it is parked, what
was there was taken back, or nobody speaks for the meter at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import func, select

from coop.kit.database import among
from coop.kit.parking import Letter
from coop.kit.tokens import list_gateways
from coop.kit.tx import Tx
from coop.metering.civil_days import step_on
from coop.metering.intake.parking import READINGS, TELEGRAMS, list_telegrams
from coop.metering.model import Meter
from coop.metering.readings.store import instant
from coop.metering.tables import delivery
from coop.values import Said, say, say_count

BRINGING = timedelta(days=1)
"""Time after a gap within which its values usually come: a head-end brings a day the day after."""


@dataclass(frozen=True)
class Gap:
    """A time of which nothing is known of a register, and why; ``letter`` is the parked message that may fill it."""

    start: datetime
    end: datetime
    why: Said
    letter: str | None = None


@dataclass(frozen=True)
class Parked:
    """The time of which a parked message speaks, of one meter."""

    serial: str
    start: datetime
    end: datetime
    letter: Letter


def explain_gaps(
    tx: Tx,
    meter: Meter,
    stretches: Iterable[tuple[int, int]],
    numbers: Collection[int],
    parked: Sequence[Parked],
    taken_back: Sequence[datetime] = (),
) -> list[Gap]:
    """Say of each gap [s since 1970] why it is there. ``numbers`` are deliveries that spoke of the meter otherwise, and
    ``taken_back`` instants at which values stood that do no more."""
    stretches = list(stretches)
    gateways = _list_speakers(tx, meter, numbers) if stretches else []
    return [
        _explain(tx, meter, gateways, instant(start_s), instant(end_s), parked, taken_back)
        for start_s, end_s in stretches
    ]


def list_parked(tx: Tx) -> list[Parked]:
    """Readings that are parked, by the meter and the time of which they speak."""
    found = []
    for letter in list_telegrams(tx):
        if letter.kind != READINGS:
            continue
        told: dict[str, list[datetime]] = {}
        document = orjson.loads(letter.body)
        for stand in document["stands"]:
            told.setdefault(stand["meter"], []).append(datetime.fromisoformat(stand["at"]))
        for series in document["series"]:
            start = datetime.fromisoformat(series["start"])
            end = step_on(start, series["step_s"], len(series["values"]))
            told.setdefault(series["meter"], []).extend((start, end))
        found += [Parked(serial, min(instants), max(instants), letter) for serial, instants in told.items()]
    return found


def _list_speakers(tx: Tx, meter: Meter, numbers: Collection[int]) -> list[str]:
    """Gateways that brought readings of the meter, and those that are named for it alone."""
    columns = delivery.c
    query = select(columns.gateway).distinct()
    query = query.where(columns.community == tx.community, among(tx, columns.number, numbers))
    query = query.where(columns.format.in_(TELEGRAMS))
    brought = set(tx.scalars(query)) if numbers else set()
    named = {name for name, meters in list_gateways(tx).items() if meters is not None and meter.serial in meters}
    return sorted(brought | named)


def _explain(
    tx: Tx,
    meter: Meter,
    gateways: Sequence[str],
    start: datetime,
    end: datetime,
    parked: Sequence[Parked],
    taken_back: Sequence[datetime],
) -> Gap:
    for one in parked:
        if one.serial == meter.serial and one.start <= end and one.end >= start:
            parked_why = say("it was said, and is parked: %(reason)s", reason=one.letter.reason)
            return Gap(start, end, parked_why, one.letter.id)
    if any(start <= at <= end for at in taken_back):
        return Gap(start, end, say("what was there was taken back"))
    if not gateways:
        return Gap(start, end, say("no gateway speaks for this meter: it is read by hand or by file"))
    heard = _count_heard(tx, gateways, start, end)
    if not heard:
        return Gap(start, end, say("gateway %(gateways)s was not heard", gateways=tuple(gateways)))
    said = say_count(
        "gateway %(gateways)s was heard %(num)s time and said nothing of it",
        "gateway %(gateways)s was heard %(num)s times and said nothing of it",
        heard,
        gateways=tuple(gateways),
    )
    return Gap(start, end, said)


def _count_heard(tx: Tx, gateways: Sequence[str], start: datetime, end: datetime) -> int:
    columns = delivery.c
    query = select(func.count()).where(
        columns.community == tx.community,
        among(tx, columns.gateway, gateways),
        columns.received_at >= start,
        columns.received_at < end + BRINGING,
    )
    return tx.scalar(query) or 0
