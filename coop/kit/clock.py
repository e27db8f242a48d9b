"""The present, in one place, so that nothing else reads the machine's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime

from coop.values import civil_date


def now() -> datetime:
    """This instant, UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today's civil date in Amsterdam."""
    return civil_date(now())
