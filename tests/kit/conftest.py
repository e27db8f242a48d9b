"""Databases of the kit's tests: every test that takes ``pair`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.kit.database import Database
from tests.kit.post import House, open_house
from tests.kit.town import open_database


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """A teller's and a listener's database."""
    url = f"sqlite:///{tmp_path}/%s.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    names = ("members", "billing")
    databases = [open_database(url % name if "%s" in url else url, name) for name in names]
    yield databases[0], databases[1]
    for database in databases:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A service on each database."""
    url = f"sqlite:///{tmp_path}/members.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with open_house(url) as opened:
        yield opened
