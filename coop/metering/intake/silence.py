"""Silence of gateways: which of them have not been heard for longer than they usually leave between two deliveries.

``silent:  now - last > max(3 * mean, 30 min)``, ``mean`` over the deliveries of the last 60 days: a gateway that speaks
each quarter of an hour is named within the hour, one that speaks once a day after three days. ``last`` is the server's
time; the time between deliveries is that at which each is said to have come in, so that a file of many, brought in at
once, makes nobody's interval nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from coop.kit.tokens import list_gateways
from coop.kit.tx import Tx
from coop.metering.intake.formats import FORMATS
from coop.metering.tables import delivery

WINDOW = timedelta(days=60)
"""Time over which a gateway's own interval is taken."""

INTERVALS = 3
"""So many of its own intervals a gateway may leave out."""

SHORTEST = timedelta(minutes=30)
"""No gateway is called silent sooner."""


@dataclass(frozen=True)
class Heard:
    """A gateway, when it was heard last, and the mean time between its deliveries; None where it said nothing in the
    last 60 days, or only once."""

    gateway: str
    last_at: datetime | None
    interval: timedelta | None

    def is_silent(self, now: datetime) -> bool:
        """True where it should have been heard by now."""
        if self.last_at is None:
            return True
        if self.interval is None:
            return now - self.last_at > INTERVALS * timedelta(days=1)
        return now - self.last_at > max(INTERVALS * self.interval, SHORTEST)


def list_heard(tx: Tx) -> list[Heard]:
    """Every gateway that delivered in the last 60 days or holds a token, by name."""
    columns = delivery.c
    query = (
        select(
            columns.gateway,
            func.count(),
            func.min(columns.received_at),
            func.max(columns.received_at),
            func.max(columns.recorded_at),
        )
        .where(
            columns.community == tx.community,
            columns.recorded_at >= tx.now - WINDOW,
            columns.received_at >= tx.now - WINDOW,
            columns.format.in_(list(FORMATS)),
        )
        .group_by(columns.gateway)
    )
    heard = {
        gateway: Heard(gateway, last_at, (until - since) / (count - 1) if count > 1 else None)
        for gateway, count, since, until, last_at in tx.execute(query)
    }
    unheard = {gateway: Heard(gateway, None, None) for gateway in list_gateways(tx)}
    return [one for _, one in sorted((unheard | heard).items())]


def list_silent(tx: Tx) -> list[Heard]:
    """Gateways that should have been heard by now, by name."""
    return [one for one in list_heard(tx) if one.is_silent(tx.now)]
