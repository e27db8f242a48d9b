"""The clock of a demonstration: as fast as the machine's, and whole days away from it, so that the played year has
just ended when it is in.

Meters, meetings, votes and what was refused then all speak of the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from coop.kit.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from coop.demo.plan import DemoPlan

NOTE: Final = "demonstration.json"
"""File in the folder of a demonstration that says how far it was played, and how far back its clock is."""


@dataclass(frozen=True)
class PlayedClock:
    """The machine's clock, set back by whole days (or ahead, by fewer than none)."""

    days_back: int

    def now(self) -> datetime:
        return SYSTEM_CLOCK.now() - timedelta(days=self.days_back)


def clock_of(data_dir: Path) -> Clock:
    """The clock by which an installation in a folder runs: that of its demonstration, where it plays one."""
    note = data_dir / NOTE
    days_back = orjson.loads(note.read_bytes()).get("days_back", 0) if note.exists() else 0
    return PlayedClock(days_back) if days_back else SYSTEM_CLOCK


def days_back_to(plan: DemoPlan, today: date) -> int:
    """Days from the one after all of a plan's year came in up to ``today``.

    >>> from coop.demo.plan import DemoPlan
    >>> days_back_to(DemoPlan(size=4, seed=1, year=2025), date(2026, 1, 31))
    9
    """
    from coop.demo.stream import complete_by  # whoever only reads the clock needs no simulator

    return (today - complete_by(plan)).days - 1
