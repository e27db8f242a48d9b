"""Faults of a year, as a list to read: which meter or gateway, when, and what is true.

Invariant: faults touch what meters say and never what happened; ``truth`` knows no faults. The first four connections
have one of each kind in any community, at fixed places of the year; later connections draw theirs from their own
generator, so a larger community keeps the faults of a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from coop.demo.community import community
from coop.demo.model import Meter
from coop.demo.plan import DemoPlan, generator
from coop.values import midnight


class FaultKind(StrEnum):
    """Kinds of fault of a telegram or a meter."""

    SILENT_DAYS = "silent-days"
    MISSING_QUARTERS = "missing-quarters"
    DUPLICATE = "duplicate"
    LATE = "late"
    CORRECTED = "corrected"
    EXCHANGE = "exchange"
    RESET = "reset"
    ROLLOVER = "rollover"
    WRONG_CHECKSUM = "wrong-checksum"
    UNKNOWN_METER = "unknown-meter"
    IMPOSSIBLE_VALUE = "impossible-value"
    FUTURE = "future"


@dataclass(frozen=True)
class Fault:
    """One fault. ``where`` is the serial of a meter, or a gateway for what befalls whole deliveries.

    ``start`` up to ``end`` is the time of the telegrams concerned: for a stand its capture, for quarter-hours their
    start, for deliveries of a head-end the UTC day that they hold. ``received_at`` is when a late, repeated or
    corrected delivery comes in. ``truth`` says in a sentence what a reader should make of it.
    """

    kind: FaultKind
    where: str
    start: datetime
    end: datetime
    truth: str
    received_at: datetime | None = None


UNKNOWN_SERIAL = "KAM99990001"
IMPOSSIBLE_STAND = 98_765_432
"""Stand [of the meter's resolution] far beyond what any home can have used."""

_LOST = "The stand is lost; the next one holds what was used in between."
_TWICE = "Nothing new: the same telegrams again."
_SECOND = "The second values are right, the first ones were half of them and 40 Wh."
_UNSENT = "The values are not known; they never come."


def _day(day: date, days: int = 1) -> tuple[datetime, datetime]:
    """UTC bounds of UTC days."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start, start + timedelta(days=days)


def _midnights(first: date, days: int = 1) -> tuple[datetime, datetime]:
    """Bounds that hold the stands of ``days`` civil midnights, from that at which ``first`` starts."""
    return midnight(first), midnight(first + timedelta(days=days))


def _fixed(plan: DemoPlan, heat: dict[int, list[Meter]], eans: dict[int, str], roof: str) -> list[Fault]:
    year = plan.year
    one, two, three, four = (heat[number][0] for number in (1, 2, 3, 4))
    kind = FaultKind
    late, day_again = date(year, 5, 30), date(year, 2, 27)
    return [
        Fault(kind.SILENT_DAYS, one.serial, *_midnights(date(year, 3, 27), 9), _LOST),
        Fault(kind.SILENT_DAYS, four.serial, *_midnights(date(year, 6, 28), 6), _LOST),
        Fault(kind.WRONG_CHECKSUM, two.serial, *_midnights(date(year, 2, 11)), _LOST),
        Fault(kind.FUTURE, four.serial, *_midnights(date(year, 10, 7)), _LOST),
        Fault(kind.IMPOSSIBLE_VALUE, three.serial, *_midnights(date(year, 11, 12)), _LOST),
        Fault(
            kind.RESET,
            three.serial,
            *_midnights(date(year, 7, 8)),
            "Right after the stand of this midnight the register starts again at 0; heat goes on.",
        ),
        Fault(
            kind.ROLLOVER,
            two.serial,
            *_midnights(date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days),
            "The register passes its highest stand within the year and goes on at 0; nothing is lost.",
        ),
        Fault(
            kind.UNKNOWN_METER,
            UNKNOWN_SERIAL,
            *_midnights(date(year, 4, 22)),
            "Belongs to nobody here: the concentrator overheard a neighbour.",
        ),
        Fault(kind.MISSING_QUARTERS, eans[1], _at(year, 4, 9, 10), _at(year, 4, 9, 15), _UNSENT),
        Fault(kind.MISSING_QUARTERS, eans[2], _at(year, 7, 31, 20), _at(year, 8, 1, 3), _UNSENT),
        Fault(kind.MISSING_QUARTERS, roof, _at(year, 6, 17, 9), _at(year, 6, 17, 12), _UNSENT),
        Fault(kind.DUPLICATE, "mbus-1", *_midnights(date(year, 1, 20)), _TWICE, _at(year, 1, 20, 9)),
        Fault(kind.DUPLICATE, "p1-gebouw-01", *_midnights(date(year, 6, 10)), _TWICE, _at(year, 6, 11, 6)),
        Fault(kind.DUPLICATE, "headend-1", *_day(date(year, 3, 5)), _TWICE, _at(year, 3, 6, 11)),
        Fault(kind.LATE, "mbus-1", *_midnights(date(year, 8, 6)), "True, five days late.", _at(year, 8, 11, 7)),
        Fault(kind.LATE, "headend-1", *_day(late), "True, and after the month's end.", _at(year, 6, 4, 5)),
        Fault(kind.CORRECTED, eans[2], *_day(day_again), _SECOND, _at(year, 3, 12, 9)),
        Fault(kind.CORRECTED, eans[3], *_day(date(year, 8, 12)), _SECOND, _at(year, 8, 15, 9)),
    ]


def _at(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def _drawn(plan: DemoPlan, number: int, meter: Meter, ean: str) -> list[Fault]:
    """The faults that connection ``number`` happens to have."""
    draw, found, year = generator(plan, "faults", number), [], plan.year
    chances = [int(chance) for chance in draw.integers(0, 100, 4)]
    days = [date(year, 1, 5) + timedelta(days=int(offset)) for offset in draw.integers(0, 330, 4)]
    length = int(draw.integers(1, 12))
    if chances[0] < 4:
        found.append(Fault(FaultKind.SILENT_DAYS, meter.serial, *_midnights(days[0], length), _LOST))
    if chances[1] < 5:
        start = _at(days[1].year, days[1].month, days[1].day, length)
        found.append(Fault(FaultKind.MISSING_QUARTERS, ean, start, start + timedelta(hours=length), _UNSENT))
    if chances[2] < 3:
        start, end = _day(days[2])
        again = end + timedelta(days=3 + length, hours=9)
        found.append(Fault(FaultKind.CORRECTED, ean, start, end, _SECOND, again))
    if chances[3] < 1 and meter.protocol == "p1":
        found.append(Fault(FaultKind.WRONG_CHECKSUM, meter.serial, *_midnights(days[3]), _LOST))
    return found


@lru_cache(maxsize=8)
def faults(plan: DemoPlan) -> tuple[Fault, ...]:
    """Every fault of the year, in the order of time."""
    people = community(plan)
    heat: dict[int, list[Meter]] = {}
    for meter in people.meters:
        if meter.kind == "heat" and meter.connection_number is not None:
            heat.setdefault(meter.connection_number, []).append(meter)
    eans = {connection.number: connection.ean for connection in people.connections}
    found = _fixed(plan, heat, eans, people.buildings[0].roof.meter)
    for number in range(5, plan.size + 1):
        found += _drawn(plan, number, heat[number][0], eans[number])
    for meters in heat.values():
        for old, new in pairwise(meters):
            sentence = f"The old meter's end stand and the start stand of {new.serial} come at this moment."
            found.append(
                Fault(FaultKind.EXCHANGE, old.serial, new.installed_at, new.installed_at + timedelta(hours=1), sentence)
            )
    return tuple(sorted(found, key=lambda fault: (fault.start, fault.kind, fault.where)))
