"""The clock of a demonstration: as fast as the machine's, and whole days away from it, so that the played year has
just ended when it is in.

Meters, meetings, votes and what was refused then all speak of the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coop.demo.plan import DemoPlan
from coop.demo.stream import complete_by
from coop.kit.clock import SYSTEM_CLOCK


@dataclass(frozen=True)
class PlayedClock:
    """The machine's clock, set back by whole days (or ahead, by fewer than none)."""

    days_back: int

    def now(self) -> datetime:
        return SYSTEM_CLOCK.now() - timedelta(days=self.days_back)


def days_back_to(plan: DemoPlan, today: date) -> int:
    """Days from the one after all of a plan's year came in up to ``today``.

    >>> days_back_to(DemoPlan(size=4, seed=1, year=2025), date(2026, 1, 31))
    9
    """
    return (today - complete_by(plan)).days - 1
