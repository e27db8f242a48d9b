"""The database of governance, once as a SQLite file and once in PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.kit.database import Database


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that was migrated once; tests work on copies of it."""
    path = tmp_path_factory.mktemp("governance") / "migrated.db"
    database = Database(f"sqlite:///{path}", "governance")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def embedded(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """SQLite, migrated and empty: for the edges, which do not know what database lies below."""
    shutil.copy(migrated_file, tmp_path / "governance.db")
    opened = Database(f"sqlite:///{tmp_path}/governance.db", "governance")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Either database, migrated and empty: for commands, whose locks and constraints must hold on both."""
    if request.param == "sqlite":
        yield request.getfixturevalue("embedded")
        return
    opened = Database(request.getfixturevalue("postgres_url"), "governance")
    opened.migrate()
    yield opened
    opened.close()
