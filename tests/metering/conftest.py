"""The database of metering, once as a SQLite file and once in PostgreSQL; and a faster one for what is alike on
both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.kit.database import Database
from tests.metering.homes import open_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Migrated, with the homes of ``homes.found``."""
    sqlite = request.param == "sqlite"
    opened = open_database(f"sqlite:///{tmp_path}/metering.db" if sqlite else request.getfixturevalue("postgres_url"))
    yield opened
    opened.close()


@pytest.fixture
def one_database(tmp_path: Path) -> Iterator[Database]:
    """The same on SQLite alone."""
    opened = open_database(f"sqlite:///{tmp_path}/metering.db")
    yield opened
    opened.close()
