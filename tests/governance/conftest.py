"""The database of governance, once as a SQLite file and once in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coop.governance.service import GOVERNANCE
from coop.kit.database import Database
from tests.founding import found_in
from tests.governance.assembly import LATER
from tests.kit.clocks import SetClock
from tests.migrated import MigratedUrl


@pytest.fixture
def clock() -> SetClock:
    """The installation's clock; it stands still unless a test sets it."""
    return SetClock(LATER)


@pytest.fixture
def embedded(migrated_url: MigratedUrl, clock: SetClock) -> Iterator[Database]:
    """SQLite, migrated and founded: for the edges, which do not know what database lies below."""
    yield from open_copy(migrated_url(GOVERNANCE, "sqlite"), clock)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_url: MigratedUrl, clock: SetClock) -> Iterator[Database]:
    """Either database, migrated and founded: for commands, whose locks and constraints must hold on both."""
    yield from open_copy(migrated_url(GOVERNANCE, request.param), clock)


def open_copy(url: str, clock: SetClock) -> Iterator[Database]:
    """A migrated database, which knows a co-operative."""
    opened = GOVERNANCE.open_database(url, clock, migrate=False)
    found_in(opened)
    yield opened
    opened.close()
