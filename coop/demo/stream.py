"""The deliveries of the demonstration, in the order in which they come in.

Invariant: each delivery depends on the plan alone and on nothing that was asked for, so the deliveries of January and
those of February, one after the other, are those of both months. A UTC day is turned into its deliveries when it is
over; what is late, repeated or corrected waits in a heap until its time.

Usual hours: a concentrator sends its M-Bus frames twenty minutes after civil midnight, a P1 gateway within the first
minutes; the plant sends its UTC day at 00:10, the head-ends theirs from 04:30 UTC.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count

from coop.demo.faults import Fault, FaultKind, faults
from coop.demo.meters import PLANT
from coop.demo.plan import HOUR, DemoPlan, origin, utc_midnight
from coop.demo.readout import Readout, Telegram
from coop.demo.registers import Registers
from coop.demo.simulation import chunks
from coop.demo.telegrams import Column, head_end
from coop.values import midnight

_LONGEST_DELAY = timedelta(days=40)
"""No delivery of the demonstration comes later than this after the day that it is about."""


@dataclass(frozen=True)
class Delivery:
    """Delivery that came in at one time through one gateway: ``format`` is ``p1``, ``mbus`` or ``head-end``."""

    format: str
    gateway: str
    received_at: datetime
    body: bytes


def complete_by(plan: DemoPlan) -> date:
    """The day on which everything about the plan's year has come in."""
    return date(plan.year + 1, 1, 1) + timedelta(days=20)


def deliveries(plan: DemoPlan, start: date, end: date) -> Iterator[Delivery]:
    """Deliveries received on the civil days from ``start`` up to ``end``, made month by month as they are asked for.

    The quarter-hours of a day come on the day after, corrections weeks later: ask up to ``complete_by`` for the whole
    year.
    """
    yield from _stream(plan, midnight(start), midnight(end), None)


def live(plan: DemoPlan, start_at: datetime) -> Iterator[Delivery]:
    """Deliveries from ``start_at`` on without end, a telegram at a time.

    Goes on seamlessly where ``deliveries`` stopped, or where it was stopped itself: what is still owed comes first.
    From the next UTC day on, and in any case once the year is in, P1 meters speak every hour, the plant every hour, and
    each frame and column travels alone.
    """
    next_day = (start_at + timedelta(days=1) - timedelta(microseconds=1)).date()
    alone_from = min(next_day, complete_by(plan) + timedelta(days=1))
    yield from _stream(plan, start_at, None, alone_from)


def _stream(plan: DemoPlan, start_at: datetime, end_at: datetime | None, alone_from: date | None) -> Iterator[Delivery]:
    registers = Registers(plan)
    readout = Readout(plan, registers)
    of_gateways = [fault for fault in faults(plan) if fault.kind in (FaultKind.DUPLICATE, FaultKind.LATE)]
    first_day = (max(start_at - _LONGEST_DELAY, origin(plan))).date()
    waiting: list[tuple[datetime, str, int, Delivery]] = []
    order = count()
    for chunk in chunks(plan):
        registers.take(chunk)
        for day in chunk.span.utc_days:
            if day < first_day:
                continue
            alone = alone_from is not None and day >= alone_from
            made = _alone(readout, day) if alone else _with_faults(_together(readout, day), of_gateways)
            for delivery in made:
                heapq.heappush(waiting, (delivery.received_at, delivery.gateway, next(order), delivery))
            # Nothing about a later day comes in before that day starts.
            after = utc_midnight(day) + timedelta(days=1)
            while waiting and waiting[0][0] < after:
                delivery = heapq.heappop(waiting)[-1]
                if end_at and delivery.received_at >= end_at:
                    return
                if delivery.received_at >= start_at:
                    yield delivery


def _together(readout: Readout, day: date) -> Iterator[tuple[datetime, Delivery]]:
    """(time that it is about, delivery) for one UTC day, a delivery for each gateway."""
    at = midnight(day + timedelta(days=1))
    yield from _grouped(readout.stands(at), {"mbus": timedelta(minutes=20), "p1": timedelta(seconds=20)})
    yield from _grouped(readout.exchanges(day), {"mbus": timedelta(minutes=5), "p1": timedelta(minutes=5)})
    start, after = utc_midnight(day), utc_midnight(day) + timedelta(days=1)
    yield start, _columns(PLANT, after + timedelta(minutes=10), readout.plant(day))
    by_head_end: dict[str, list[Column]] = {}
    for name, column in readout.electricity(day):
        by_head_end.setdefault(name, []).append(column)
    for place, (name, columns) in enumerate(by_head_end.items()):
        yield start, _columns(name, after + timedelta(hours=4, minutes=30 + place), columns)
    for received_at, name, column in readout.corrections(day):
        yield received_at, _columns(name, received_at, [column])


def _columns(name: str, sent_at: datetime, columns: list[Column]) -> Delivery:
    return Delivery("head-end", name, sent_at, head_end(name, sent_at, columns))


def _grouped(telegrams: Iterator[Telegram], delay: dict[str, timedelta]) -> Iterator[tuple[datetime, Delivery]]:
    groups: dict[tuple[datetime, str, str], list[bytes]] = {}
    for telegram in telegrams:
        groups.setdefault((telegram.captured_at, telegram.format, telegram.gateway), []).append(telegram.body)
    for place, ((at, kind, gateway), bodies) in enumerate(groups.items()):
        yield at, Delivery(kind, gateway, at + delay[kind] + timedelta(seconds=place), b"".join(bodies))


def _with_faults(made: Iterator[tuple[datetime, Delivery]], of_gateways: list[Fault]) -> Iterator[Delivery]:
    """Late deliveries at their late time, repeated ones twice."""
    for about, delivery in made:
        hits = [fault for fault in of_gateways if fault.where == delivery.gateway and fault.start <= about < fault.end]
        late = next((fault.received_at for fault in hits if fault.kind is FaultKind.LATE), None)
        yield replace(delivery, received_at=late) if late else delivery
        for fault in hits:
            if fault.kind is FaultKind.DUPLICATE and fault.received_at:
                yield replace(delivery, received_at=fault.received_at)


def _alone(readout: Readout, day: date) -> Iterator[Delivery]:
    """The same UTC day, each telegram and column by itself, spread over the hours as in life."""
    start = utc_midnight(day)
    civil_midnight = midnight(day + timedelta(days=1))
    for hour in range(24):
        at = start + hour * HOUR
        speaking = ("p1", "mbus") if at == civil_midnight else ("p1",)
        for place, telegram in enumerate(readout.stands(at, speaking)):
            spread = timedelta(seconds=20 + place * 37 % 3500)
            yield Delivery(telegram.format, telegram.gateway, at + spread, telegram.body)
        sent_at = at + HOUR + timedelta(seconds=30)
        hourly = [replace(c, start=at, values=c.values[hour : hour + 1]) for c in readout.plant(day)]
        yield _columns(PLANT, sent_at, hourly)
    for telegram in readout.exchanges(day):
        received_at = telegram.captured_at + timedelta(minutes=5)
        yield Delivery(telegram.format, telegram.gateway, received_at, telegram.body)
    morning = start + timedelta(days=1, hours=4, minutes=30)
    for place, (name, column) in enumerate(readout.electricity(day)):
        yield _columns(name, morning + timedelta(seconds=3 * place), [column])
    for received_at, name, column in readout.corrections(day):
        yield _columns(name, received_at, [column])
