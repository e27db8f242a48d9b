"""The record of a register: every value of a period as it stands and why, what else was said, and what is missing.

Everything is answered from the log of readings, as it is known now or was at an instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from coop.kit.tx import Tx
from coop.metering.heat.review import Judged, judge_readings
from coop.metering.intake.parking import TELEGRAMS
from coop.metering.model import BASE_UNIT, DAY_S, Int64Array, Meter, Quality, QualityArray, Register
from coop.metering.periods import store as periods
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import ListedDelivery
from coop.metering.readings.observations import scale
from coop.metering.readings.standing import Standing, list_standings
from coop.metering.readings.store import History, instant, microseconds, seconds
from coop.values import Period, civil_date, midnight

Stretch = tuple[int, int]
"""From an instant up to another [s since 1970]."""


@dataclass(frozen=True)
class Values:
    """Values of a register as they stand, in the order of time, shape (n,): in whole ``10 ** exponent`` of its unit,
    each over ``step_s`` or at an instant (0), by which delivery it stands, and whether it came after its period was
    closed."""

    at_s: Int64Array
    step_s: Int64Array
    value: Int64Array
    quality: QualityArray
    number: Int64Array
    is_late: NDArray[np.bool_]

    def between(self, from_s: int, to_s: int) -> Values:
        """Those that begin from an instant on, before another."""
        start, end = np.searchsorted(self.at_s, [from_s, to_s]).tolist()
        return Values(*(column[start:end] for column in vars(self).values()))


@dataclass(frozen=True)
class Statement:
    """A value that a delivery said: over ``step_s`` seconds from an instant, or at it (0) [base unit]. ``why_aside``
    names why a value that stands does not count."""

    at: datetime
    step_s: int
    value: Decimal
    quality: Quality
    standing: Standing
    why_aside: str
    is_late: bool
    delivery: ListedDelivery

    def name_sender(self, *, names_people: bool) -> str:
        """Gateway that sent it, or the person who said it; empty where people are not named."""
        return self.delivery.gateway if names_people or self.delivery.format in TELEGRAMS else ""


@dataclass(frozen=True)
class RecordedDay:
    """A civil day of a register: the first and last cumulative reading, or what its intervals counted [base unit]; how
    many values are there, how many of them are estimated, corrected, told by the customer, late or set aside; and for
    how long nothing was said [s]."""

    day: date
    first: Decimal | None
    last: Decimal | None
    energy: Decimal | None
    count: int
    estimated: int
    corrected: int
    customer: int
    late: int
    aside: int
    missing_s: int


@dataclass(frozen=True)
class Record:
    """Record of one register in a period, and what that means; ``gaps`` are the times of which nothing is known while
    the meter hung there."""

    register: Register
    period: Period
    values: Values
    judged: Judged
    gaps: tuple[Stretch, ...]
    days: tuple[RecordedDay, ...]

    @property
    def unit(self) -> str:
        """Base unit of its quantity."""
        return BASE_UNIT[self.register.quantity]

    @property
    def is_cumulative(self) -> bool:
        """True for readings of a count, False for the values of intervals."""
        return not self.values.step_s.any()

    def amount(self, units: int) -> Decimal:
        """Register units in the base unit."""
        return Decimal(units).scaleb(self.register.exponent)


def read_record(tx: Tx, meter: Meter, register: Register, period: Period, known_at: datetime | None = None) -> Record:
    """The record of a register for a period, as it is known now or was at an instant.

    Raises:
        ReadingsDetached: some of it is set aside.
    """
    values, gaps = read_values(tx, meter, register, period, known_at)
    judged = judge_readings(tx, register, period, known_at)
    exponent = register.exponent
    days = tuple(_sum_day(values, judged, gaps, exponent, period.start + timedelta(days=i)) for i in range(period.days))
    return Record(register, period, values, judged, gaps, days)


def read_values(
    tx: Tx, meter: Meter, register: Register, period: Period, known_at: datetime | None = None
) -> tuple[Values, tuple[Stretch, ...]]:
    """The values of a register in a period, as they are known now or were at an instant, and the times of which nothing
    is known while the meter hung there.

    Raises:
        ReadingsDetached: some of it is set aside.
    """
    known = None if known_at is None else arrivals.number_at(tx, known_at)
    histories = readings.read_histories(tx, register.id, _days_of(period), known)
    start_s, end_s = seconds(period.start_at), seconds(period.end_at)
    values = _join(tx, register, histories, known_at).between(start_s, end_s + 1)
    if values.step_s.any():
        values = values.between(start_s, end_s)
    until = min(known_at or tx.now, tx.now)
    from_s = max(start_s, seconds(meter.places[0].installed_at))
    to_s = min(end_s, seconds(until), seconds(meter.removed_at) if meter.removed_at else end_s)
    return values, tuple(find_gaps(values, from_s, to_s))


def list_statements(tx: Tx, record: Record, within: Period, known_at: datetime | None = None) -> list[Statement]:
    """Everything that was said of the register within a part of its record, in the order of time."""
    known = None if known_at is None else arrivals.number_at(tx, known_at)
    register = record.register
    asides = {one.at_s: one.why for one in record.judged.asides}
    start_s, end_s = seconds(within.start_at), seconds(within.end_at)
    told: list[tuple[int, int, History, Standing]] = []
    for day, history in readings.read_histories(tx, register.id, _days_of(within), known).items():
        for i, standing in list_standings(history):
            at_s = day * DAY_S + int(history.entries.offsets[i])
            if start_s <= at_s < end_s or (at_s == end_s and not history.entries.step_s[i]):
                told.append((at_s, i, history, standing))
    numbers = [int(history.entries.number[i]) for _, i, history, _ in told]
    deliveries = _name_deliveries(tx, numbers)
    steps_s = [int(history.entries.step_s[i]) for _, i, history, _ in told]
    late = _find_late(tx, *(np.array(each, np.int64) for each in ([at_s for at_s, *_ in told], steps_s, numbers)))
    return [
        _state(at_s, i, history, standing, deliveries[number], asides, is_late=is_late)
        for (at_s, i, history, standing), number, is_late in zip(told, numbers, late.tolist(), strict=True)
    ]


def find_gaps(values: Values, from_s: int, to_s: int) -> list[Stretch]:
    """Times between two instants of which nothing is known: between intervals, or civil days without a cumulative
    reading."""
    if from_s >= to_s:
        return []
    if values.step_s.any():
        return _gaps_between(values.at_s, values.at_s + values.step_s, from_s, to_s)
    return _days_without(values.at_s, from_s, to_s)


def _gaps_between(starts: Int64Array, ends: Int64Array, from_s: int, to_s: int) -> list[Stretch]:
    edges_end = np.concatenate([[from_s], np.maximum.accumulate(np.append(from_s, ends))[1:]])
    edges_start = np.append(starts, to_s)
    return [
        (max(int(end), from_s), min(int(start), to_s))
        for end, start in zip(edges_end, edges_start, strict=True)
        if min(int(start), to_s) > max(int(end), from_s)
    ]


def overlap_gaps(first: Sequence[Stretch], second: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """Stretches that lie in gaps of both.

    >>> overlap_gaps([(0, 10), (20, 30)], [(5, 25)])
    ((5, 10), (20, 25))
    """
    both = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return tuple(sorted((start, end) for start, end in both if start < end))


def _days_without(at_s: Int64Array, from_s: int, to_s: int) -> list[Stretch]:
    found: list[Stretch] = []
    day = civil_date(instant(from_s))
    while (start := seconds(midnight(day))) < to_s:
        day += timedelta(days=1)
        end = seconds(midnight(day))
        first, after = np.searchsorted(at_s, [start, end]).tolist()
        if first == after:
            stretch = (max(start, from_s), min(end, to_s))
            if found and found[-1][1] == stretch[0]:
                stretch = (found.pop()[0], stretch[1])
            found.append(stretch)
    return found


def _days_of(period: Period) -> range:
    """UTC days in which values of civil days lie, with a reading at their end."""
    return range(seconds(period.start_at) // DAY_S, seconds(period.end_at) // DAY_S + 1)


def _join(tx: Tx, register: Register, histories: Mapping[int, History], known_at: datetime | None) -> Values:
    """The values of several days as one column each."""
    folds = [(day, history.fold) for day, history in histories.items() if len(history.fold.day)]
    if not folds:
        nothing = np.empty(0, np.int64)
        return Values(nothing, nothing, nothing, np.empty(0, np.uint8), nothing, np.empty(0, np.bool_))
    at_s = np.concatenate([fold.day.offsets + day * DAY_S for day, fold in folds])
    number = np.concatenate([fold.number for _, fold in folds])
    step_s = np.concatenate([np.full(len(fold.day), fold.step_s, np.int64) for _, fold in folds])
    return Values(
        at_s,
        step_s,
        np.concatenate([scale(fold.day.values, fold.exponent, register.exponent) for _, fold in folds]),
        np.concatenate([fold.day.quality for _, fold in folds]),
        number,
        _find_late(tx, at_s, step_s, number),
    )


def _find_late(tx: Tx, at_s: Int64Array, step_s: Int64Array, number: Int64Array) -> NDArray[np.bool_]:
    """True for each value that was taken in after the period in which it lies was closed first; a cumulative reading at
    a bound lies in the periods on both sides of it."""
    late = np.zeros(len(at_s), np.bool_)
    closings = periods.list_first_closings(tx)
    if not closings:
        return late
    numbers, place = np.unique(number, return_inverse=True)
    deliveries = arrivals.list_numbered(tx, numbers.tolist())
    recorded_us = np.array([microseconds(deliveries[each].recorded_at) for each in numbers.tolist()], np.int64)[place]
    for closed, closed_at in closings.items():
        end_s = seconds(closed.end_at)
        within = (at_s >= seconds(closed.start_at)) & ((at_s < end_s) | ((at_s == end_s) & (step_s == 0)))
        late |= within & (recorded_us > microseconds(closed_at))
    return late


def _sum_day(values: Values, judged: Judged, gaps: Sequence[Stretch], exponent: int, day: date) -> RecordedDay:
    from_s, to_s = seconds(midnight(day)), seconds(midnight(day + timedelta(days=1)))
    own = values.between(from_s, to_s)
    is_counted = bool(own.step_s.any())
    is_read = bool(len(own.at_s)) and not is_counted
    quality = own.quality
    return RecordedDay(
        day,
        Decimal(int(own.value[0])).scaleb(exponent) if is_read else None,
        Decimal(int(own.value[-1])).scaleb(exponent) if is_read else None,
        Decimal(int(own.value.sum())).scaleb(exponent) if is_counted else None,
        len(own.at_s),
        int((quality == Quality.ESTIMATED).sum()),
        int((quality == Quality.CORRECTED).sum()),
        int((quality == Quality.CUSTOMER).sum()),
        int(own.is_late.sum()),
        sum(from_s <= one.at_s < to_s for one in judged.asides),
        sum(max(0, min(end, to_s) - max(start, from_s)) for start, end in gaps),
    )


def _name_deliveries(tx: Tx, numbers: Iterable[int]) -> dict[int, ListedDelivery]:
    """Deliveries by number; of one that took in what was parked, the one that brought it."""
    named = arrivals.list_numbered(tx, set(numbers))
    for number, each in list(named.items()):
        if each.adopts is not None and (brought := arrivals.find_delivery(tx, each.adopts)) is not None:
            named[number] = arrivals.list_numbered(tx, {brought.number})[brought.number]
    return named


def _state(
    at_s: int,
    i: int,
    history: History,
    standing: Standing,
    delivery: ListedDelivery,
    asides: Mapping[int, str],
    *,
    is_late: bool,
) -> Statement:
    entries = history.entries
    return Statement(
        instant(at_s),
        int(entries.step_s[i]),
        Decimal(int(entries.values[i])).scaleb(int(entries.exponent[i])),
        Quality(int(entries.quality[i])),
        standing,
        asides.get(at_s, "") if standing is Standing.STANDS else "",
        is_late,
        delivery,
    )
