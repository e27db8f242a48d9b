"""Nouns of programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coop.values import CoopError, civil_date

STATES = ("open", "ended", "expired")


@dataclass(frozen=True)
class NewProgram:
    """A program to let in. ``gateway`` is its name where it delivers readings, of ``meters``, or of every meter where
    they are None. One without a token is a gateway that sends messages through a broker. ``last_day`` is the last on
    which the token works."""

    name: str
    scopes: tuple[str, ...]
    last_day: date | None = None
    gateway: str | None = None
    meters: tuple[str, ...] | None = None
    has_token: bool = True


@dataclass(frozen=True)
class Program:
    """A program as it is kept: who let it in, and who ended that. A gateway counts as a device for ``device_meters``
    (None: for every meter), as two people said: ``meters_by``, who named its meters last, and ``confirmed_by``."""

    token_id: str
    name: str
    scopes: tuple[str, ...]
    gateway: str | None
    meters: tuple[str, ...] | None
    device_meters: tuple[str, ...] | None
    has_token: bool
    made_at: datetime
    made_by: str
    meters_by: str | None
    confirmed_at: datetime | None
    confirmed_by: str | None
    expires_at: datetime | None
    used_on: date | None
    ended_at: datetime | None
    ended_by: str | None

    @property
    def last_day(self) -> date | None:
        """The last civil day on which its token opens anything; None without a token."""
        return None if self.expires_at is None else civil_date(self.expires_at - timedelta(microseconds=1))

    @property
    def speaks_for_every_meter(self) -> bool:
        """True of a gateway that may deliver readings of every meter."""
        return self.gateway is not None and self.meters is None

    def waits_at(self, now: datetime) -> bool:
        """True of a gateway that speaks for a meter for which it does not count as a device yet."""
        if self.gateway is None or self.device_meters is None or self.state_at(now) != "open":
            return False
        return self.meters is None or not set(self.meters) <= set(self.device_meters)

    def state_at(self, now: datetime) -> str:
        """One of ``STATES``."""
        if self.ended_at is not None:
            return "ended"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "open"


class EveryMeterRefused(CoopError):
    """Somebody lets a gateway speak for every meter who may not."""

    def __init__(self) -> None:
        super().__init__("board-only", "only the board lets a gateway deliver readings of every meter")
