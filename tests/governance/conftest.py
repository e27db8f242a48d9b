"""The database of governance, once as a SQLite file and once in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.kit.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Migrated and empty."""
    url = (
        f"sqlite:///{tmp_path}/governance.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    opened = Database(url, "governance")
    opened.migrate()
    yield opened
    opened.close()
