"""The database of metering, once as a SQLite file and once in PostgreSQL; and a faster one for what is alike on
both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coop.kit.database import Database
from coop.metering.service import METERING
from tests.metering.both_ways import Seen, check_corrections
from tests.metering.homes import open_database
from tests.migrated import MigratedUrl


@pytest.fixture(autouse=True)
def corrections(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Every correction is computed both ways: what stands, and all of it."""
    return check_corrections(monkeypatch)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_url: MigratedUrl) -> Iterator[Database]:
    """Migrated, with the homes of ``homes.found``."""
    opened = open_database(migrated_url(METERING, request.param), migrate=False)
    yield opened
    opened.close()


@pytest.fixture
def one_database(migrated_url: MigratedUrl) -> Iterator[Database]:
    """The same on SQLite alone."""
    opened = open_database(migrated_url(METERING, "sqlite"), migrate=False)
    yield opened
    opened.close()
