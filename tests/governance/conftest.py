"""The database of governance, once as a SQLite file and once in PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.governance.service import GOVERNANCE
from coop.kit.database import Database
from tests.founding import found_in
from tests.governance.assembly import LATER
from tests.kit.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    """The installation's clock; it stands still unless a test sets it."""
    return SetClock(LATER)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that was migrated once; tests work on copies of it."""
    path = tmp_path_factory.mktemp("governance") / "migrated.db"
    opened = GOVERNANCE.open_database(f"sqlite:///{path}")
    found_in(opened)
    opened.close()
    return path


@pytest.fixture
def embedded(migrated_file: Path, tmp_path: Path, clock: SetClock) -> Iterator[Database]:
    """SQLite, migrated and empty: for the edges, which do not know what database lies below."""
    shutil.copy(migrated_file, tmp_path / "governance.db")
    opened = GOVERNANCE.open_database(f"sqlite:///{tmp_path}/governance.db", clock, migrate=False)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, clock: SetClock) -> Iterator[Database]:
    """Either database, migrated and empty: for commands, whose locks and constraints must hold on both."""
    if request.param == "sqlite":
        yield request.getfixturevalue("embedded")
        return
    opened = GOVERNANCE.open_database(request.getfixturevalue("postgres_url"), clock)
    found_in(opened)
    yield opened
    opened.close()
