"""Plan that a demonstration is made from: three numbers, and the grid of time they are spread over.

Invariant: every random draw belongs to one named thing (a member, a meter, a year of weather) and comes from a
generator seeded by the plan's seed and that name alone. So the same plan gives the same bytes, in any order of
asking, and member 7 is the same person in a co-operative of 100 as in one of 200.

Time is cut into chunks of whole UTC days, one for each civil month, that start one day before the month does: the civil
month starts at 22:00 or 23:00 UTC of that day. Chunks never depend on what was asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coop.values import AMSTERDAM, derive_id

Int64Array = NDArray[np.int64]

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class DemoPlan:
    """A demonstration co-operative: ``size`` connections (dwelling equivalents), a ``seed`` and the civil ``year``."""

    size: int = 100
    seed: int = 1
    year: int = 2025

    def __post_init__(self) -> None:
        if not 4 <= self.size <= 1500:
            raise ValueError(f"a demonstration has 4 to 1500 connections, not {self.size}")
        if not 2022 <= self.year <= 2090:
            raise ValueError(f"a demonstration can be made for the years 2022 to 2090, not {self.year}")


def generator(plan: DemoPlan, *name: object) -> np.random.Generator:
    """The random generator that belongs to one named thing of a plan."""
    words = "\x1f".join(str(part) for part in (plan.seed, *name))
    entropy = int.from_bytes(hashlib.sha256(words.encode()).digest()[:16], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def sharing_group_id(plan: DemoPlan) -> str:
    """Id of the one group that shares the roofs; boards read it, and demonstrations beside each other have another."""
    return f"zon-op-het-plein-{derive_id('demo', plan.seed, 'sharing-group')[:4]}"


@dataclass(frozen=True)
class Span:
    """One chunk of time: whole UTC days, with the civil clock of each of its hours.

    ``hour``, ``weekday`` (Monday 0) and ``day_of_year`` have shape (hours,) and are civil time in Amsterdam.
    """

    key: str
    start: datetime
    days: int
    hour: Int64Array
    weekday: Int64Array
    day_of_year: Int64Array

    @property
    def hours(self) -> int:
        """Number of hours."""
        return 24 * self.days

    @property
    def end(self) -> datetime:
        """First instant after it."""
        return self.start + timedelta(days=self.days)

    @property
    def utc_days(self) -> list[date]:
        """The UTC days it covers."""
        return [self.start.date() + timedelta(days=i) for i in range(self.days)]

    def hour_at(self, at: datetime) -> int:
        """Index of the hour that starts at ``at``; the span's end has index ``hours``.

        Raises:
            ValueError: the instant is no whole hour of this span.
        """
        index, rest = divmod(at - self.start, HOUR)
        if rest or not 0 <= index <= self.hours:
            raise ValueError(f"{at} is not a whole hour between {self.start} and {self.end}")
        return index


def utc_midnight(day: date) -> datetime:
    """The instant at which the UTC day starts."""
    return datetime.combine(day, time(), UTC)


def origin(plan: DemoPlan) -> datetime:
    """Start of the simulation: the UTC day in which the civil year starts."""
    return utc_midnight(date(plan.year, 1, 1) - timedelta(days=1))


@lru_cache(maxsize=64)
def span(year: int, month: int) -> Span:
    """The chunk of one civil month."""
    first, after = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    start = utc_midnight(first - timedelta(days=1))
    days = (after - first).days
    civil = [(start + i * HOUR).astimezone(AMSTERDAM) for i in range(24 * days)]
    return Span(
        key=f"{year}-{month:02d}",
        start=start,
        days=days,
        hour=np.array([at.hour for at in civil], np.int64),
        weekday=np.array([at.weekday() for at in civil], np.int64),
        day_of_year=np.array([at.timetuple().tm_yday for at in civil], np.int64),
    )


def spans(plan: DemoPlan) -> Iterator[Span]:
    """The chunks from the plan's year on, without end."""
    year, month = plan.year, 1
    while True:
        yield span(year, month)
        year, month = year + month // 12, month % 12 + 1
