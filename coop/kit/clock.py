"""The clock of an installation: one, given to everything that needs the time, and never a client's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol

from coop.values import civil_date


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """This instant, UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


SYSTEM_CLOCK = SystemClock()


def today(clock: Clock) -> date:
    """Civil date in Amsterdam."""
    return civil_date(clock.now())
