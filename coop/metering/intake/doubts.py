"""Doubts about a file of readings: what may be true, and more often is a wrong period, unit or column.

Each register of the file is held beside what is known of it up to ``NEAR_DAYS`` before and after, and beside what it
can count. A doubt refuses nothing by itself: whoever brings the file confirms it with a reason, which is kept with the
delivery. What one account says counts for nothing beside a device anyhow, until two people say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations

import numpy as np

from coop.communities.store import load_choices
from coop.kit.tx import Tx
from coop.metering.intake.doubt_rules import (
    Doubt,
    Readings,
    doubt_night,
    doubt_stands,
    doubt_use,
    is_apart,
    is_near,
)
from coop.metering.model import (
    BASE_UNIT,
    CUMULATIVE,
    DAY_S,
    QUANTITY_WORDS,
    Delivery,
    Meter,
    MeterKind,
    Quantity,
    Register,
    Shape,
    to_units,
)
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.readings.days import Stored
from coop.metering.readings.log import find_last_day
from coop.metering.readings.parameters import Limit, Parameters
from coop.metering.readings.store import instant, seconds
from coop.metering.register import store as register
from coop.values import BadInput, Problem, Said, civil_date, say

NEAR_DAYS = 35
"""Days before and after a file in which its registers are looked up: a month, and some. A choice."""

ASTRAY_DAYS = 300
"""Days that a register of a file lies from all others of it, so that its year is doubted. A choice."""

REASON_MAX = 500
_FINE = -15
_NOTHING = Readings(np.empty(0, np.int64), np.empty(0))

Key = tuple[str, Quantity]


@dataclass(frozen=True)
class Held:
    """A register of a file beside what is known: readings of the same kind, the use per hour around them, and whether
    anything is known of it at any time."""

    key: Key
    file: Readings
    known: Readings
    rate: float | None
    is_heard: bool
    limit: Limit | None

    @property
    def name(self) -> str:
        """Meter and quantity."""
        return say("%(meter)s %(quantity)s", meter=self.key[0], quantity=QUANTITY_WORDS[self.key[1]])

    @property
    def past(self) -> tuple[Readings, Limit | None]:
        """Readings that are known of it, and its limit."""
        return self.known, self.limit

    @property
    def start_s(self) -> int:
        """Instant of its first reading [s since 1970]."""
        return int(self.file.at_s[0])

    @property
    def end_s(self) -> int:
        """Instant of its last reading [s since 1970]."""
        return int(self.file.at_s[-1])

    @property
    def line(self) -> int | None:
        """Line of its first reading."""
        return self.file.line(0)


def find_doubts(tx: Tx, delivery: Delivery) -> list[Problem]:
    """Doubts about a file of readings, by line and register; reads, and keeps nothing."""
    held = _hold(tx, delivery)
    swapped = list(_list_swapped(held))
    named = {one.key for pair in swapped for one in pair}
    found = [
        Problem(
            say("its values fit %(other)s, and those fit it: are two columns swapped?", other=b.name), a.name, a.line
        )
        for one, other in swapped
        for a, b in ((one, other), (other, one))
    ]
    astray = {one.key: reason for one, reason in _list_astray(held)}
    found += [_doubt_of(one, one.line, astray[one.key]) for one in held if one.key in astray]
    now_s = seconds(tx.now)
    for one in held:
        if one.key not in named and one.key not in astray and (doubt := _doubt(tx, one, now_s)):
            found.append(_doubt_of(one, *doubt))
    return sorted(found, key=lambda problem: (problem.line or 0, problem.field))


def _doubt_of(one: Held, line: int | None, reason: Said) -> Problem:
    return Problem(reason, one.name, line)


def confirm(tx: Tx, delivery: Delivery, reason: str) -> Delivery:
    """The delivery with the reason why it is right; without doubts, or where it was taken before, it needs none.

    Raises:
        BadInput: ``doubtful-file``, something is doubted and no reason is given, or too long a one.
    """
    reason = reason.strip()
    if len(reason) > REASON_MAX:
        raise BadInput([Problem(say("is longer than %(most)s characters", most=REASON_MAX), "reason")])
    is_known = bool(arrivals.accepted(tx, [delivery.id(tx.community)]))
    if not reason and not is_known and (doubts := find_doubts(tx, delivery)):
        raise BadInput(doubts, "doubtful-file")
    return replace(delivery, reason=reason)


def _doubt(tx: Tx, one: Held, now_s: int) -> Doubt | None:
    kind = register.directory(tx).meters[one.key[0]].kind
    if kind is MeterKind.SOLAR and (doubt := doubt_night(one.file)):
        return doubt
    if one.rate is None and not len(one.known) and now_s - one.end_s > NEAR_DAYS * DAY_S:
        reason = _doubt_period(tx, one)
        if reason is not None:
            return one.line, reason
    if one.file.step_s:
        return doubt_use(one.file, one.known, one.rate)
    return doubt_stands(one.file, one.known, one.limit)


def _doubt_period(tx: Tx, one: Held) -> Said | None:
    """Doubt the year of a register of which nothing is known around a time that is long ago: by what is known of it at
    other times, by who held its connection, and by what was heard of other meters since."""
    if one.is_heard:
        return say(
            "nothing is known of it within %(days)s days, and it was long ago: is the year right?", days=NEAR_DAYS
        )
    start, end = civil_date(instant(one.start_s)), civil_date(instant(one.end_s))
    connection_id = _find_connection(register.directory(tx).meters[one.key[0]], instant(one.end_s))
    holds = register.list_occupancies(tx, connection_id=connection_id) if connection_id else []
    near = timedelta(days=NEAR_DAYS)
    if holds and not any(hold.start - near <= end and (hold.end is None or start <= hold.end + near) for hold in holds):
        return say("nobody held its connection within %(days)s days of it: is the year right?", days=NEAR_DAYS)
    last_day = find_last_day(tx)
    if last_day is not None and last_day * DAY_S - one.end_s > NEAR_DAYS * DAY_S:
        return say(
            "nothing of it was ever heard, while other meters were up to %(day)s: is the year right?",
            day=civil_date(instant(last_day * DAY_S)),
        )
    return None


def _find_connection(meter: Meter, at: datetime) -> str | None:
    """The connection at which a meter hung at an instant."""
    for place in meter.places:
        if place.installed_at <= at and (place.removed_at is None or at < place.removed_at):
            return place.connection_id
    return None


def _list_astray(held: list[Held]) -> Iterator[tuple[Held, Said]]:
    """Registers of which the readings lie most of a year from those of all others in the file, where there are two."""
    for one in held:
        apart_s = [max(other.start_s - one.end_s, one.start_s - other.end_s) for other in held if other is not one]
        if len(apart_s) >= 2 and min(apart_s) > ASTRAY_DAYS * DAY_S:
            days = min(apart_s) // DAY_S
            yield one, say("its readings lie %(days)s days from all others in this file: is the year right?", days=days)


def _list_swapped(held: list[Held]) -> Iterator[tuple[Held, Held]]:
    """Pairs of registers of one unit of which each fits the other's past, and not its own."""
    stands = [one for one in held if not one.file.step_s and len(one.known) and doubt_stands(one.file, *one.past)]
    for one, other in combinations(stands, 2):
        is_alike = BASE_UNIT[one.key[1]] == BASE_UNIT[other.key[1]]
        if is_alike and not doubt_stands(one.file, *other.past) and not doubt_stands(other.file, *one.past):
            yield one, other
    uses = [(one, mine, known) for one in held if one.file.step_s and (mine := one.file.rate()) and (known := one.rate)]
    uses = [each for each in uses if is_apart(*each[1:])]
    for (one, mine, my_known), (other, yours, your_known) in combinations(uses, 2):
        is_alike = BASE_UNIT[one.key[1]] == BASE_UNIT[other.key[1]]
        if is_alike and is_near(mine, your_known) and is_near(yours, my_known):
            yield one, other


def _hold(tx: Tx, delivery: Delivery) -> list[Held]:
    files = _read_file(delivery)
    directory, parameters = register.directory(tx), Parameters(load_choices(tx))
    shapes = {one.id: one for one in directory.registers.values() if (one.serial, one.quantity) in files}
    days = sorted({day for file in files.values() for end in file.at_s[[0, -1]] for day in _near(int(end))})
    stored = readings.latest(tx, shapes, days) if shapes else {}
    heard = readings.newest_days(tx, shapes, 0)
    held = []
    for key, file in files.items():
        meter = directory.meters.get(key[0])
        if meter is None:
            continue
        kept = {shape: directory.registers.get((*key, shape)) for shape in Shape}
        around = {day for end in file.at_s[[0, -1]] for day in _near(int(end))}
        of = {shape: _read_known(stored, one, around) for shape, one in kept.items() if one is not None}
        stands = of.get(Shape.STAND, {}).get(0, _NOTHING)
        uses = [each for shape in (Shape.INTERVAL, Shape.DAY) for each in of.get(shape, {}).values()]
        known = next((each for each in uses if each.step_s == file.step_s), _NOTHING) if file.step_s else stands
        rates = [rate for each in (*uses, stands) if (rate := each.rate()) is not None]
        is_heard = any(one is not None and one.id in heard for one in kept.values())
        limit = parameters.limit(meter.kind, key[1], civil_date(instant(int(file.at_s[0]))))
        held.append(Held(key, file, known, rates[0] if rates else None, is_heard, limit))
    return held


def _near(at_s: int) -> range:
    return range(at_s // DAY_S - NEAR_DAYS, at_s // DAY_S + NEAR_DAYS + 1)


def _read_file(delivery: Delivery) -> dict[Key, Readings]:
    """Counting registers of a file, in base units."""
    stands: dict[Key, list[tuple[int, float, int | None]]] = {}
    units: dict[Key, tuple[str, float]] = {}
    for stand in delivery.decoded.stands:
        if stand.quantity in CUMULATIVE:
            value = to_units(stand.value, stand.unit, stand.quantity, _FINE) * 10.0**_FINE
            factor = to_units(Decimal(1), stand.unit, stand.quantity, _FINE) * 10.0**_FINE
            units[stand.meter, stand.quantity] = stand.unit, factor
            stands.setdefault((stand.meter, stand.quantity), []).append((seconds(stand.at), value, stand.line))
    found = {}
    for key, told in stands.items():
        told.sort(key=lambda each: each[0])
        at_s, values = np.array([each[0] for each in told]), np.array([each[1] for each in told], np.float64)
        found[key] = Readings(at_s, values, 0, [each[2] for each in told], *units[key])
    uses: dict[Key, list[Readings]] = {}
    for series in delivery.decoded.series:
        if series.quantity in CUMULATIVE:
            starts = np.array([seconds(series.bound(i)) for i in range(len(series.values))])
            factor = float(to_units(Decimal(1), series.unit, series.quantity, 0))
            lines = [series.line, *[None] * (len(starts) - 1)]
            part = Readings(starts, np.asarray(series.values * factor, np.float64), series.step_s, lines)
            uses.setdefault((series.meter, series.quantity), []).append(part)
    found |= {key: _join(parts) for key, parts in uses.items()}
    return found


def _join(parts: list[Readings]) -> Readings:
    lines = [line for part in parts for line in part.lines]
    at_s, values = (np.concatenate([getattr(part, name) for part in parts]) for name in ("at_s", "values"))
    return Readings(at_s, values, parts[0].step_s, lines)


def _read_known(
    stored: Mapping[readings.RegisterDay, Stored], of: Register, around: Collection[int]
) -> dict[int, Readings]:
    """Use that is known of a register on some days, in base units, by step; 0 for readings at instants."""
    parts: dict[int, list[Readings]] = {}
    for (identity, day), one in sorted(stored.items(), key=lambda each: each[0][1]):
        if identity == of.id and day in around and len(one.content):
            at_s = one.content.offsets + day * DAY_S
            parts.setdefault(one.step_s, []).append(
                Readings(at_s, np.asarray(one.content.values * 10.0**of.exponent, np.float64), one.step_s)
            )
    return {step_s: _join(of) for step_s, of in parts.items()}
