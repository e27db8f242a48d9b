"""A small co-operative as billing hears it, on a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from coop.billing.service import BILLING
from coop.kit.database import Database
from tests.founding import found_in
from tests.kit.clocks import SetClock
from tests.migrated import MigratedUrl

Opened = Callable[[date], Database]
"""The same database, on a day."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_url: MigratedUrl) -> Iterator[Database]:
    """An empty billing database, once of each kind."""
    made = BILLING.open_database(migrated_url(BILLING, request.param), migrate=False)
    found_in(made)
    yield made
    made.close()


@pytest.fixture
def opened(migrated_url: MigratedUrl) -> Iterator[Opened]:
    """A database in which it is the day that is asked for: what is of today differs from day to day."""
    clock = SetClock(datetime(2025, 1, 10, 12, tzinfo=UTC))
    made = BILLING.open_database(migrated_url(BILLING, "sqlite"), clock, migrate=False)
    found_in(made)

    def on(day: date) -> Database:
        clock.set(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        return made

    yield on
    made.close()
