"""A clock that a test sets."""

from __future__ import annotations

from datetime import datetime


class SetClock:
    """Shows the time that it was set to."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
