"""A small co-operative as billing hears it, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.billing.service import BILLING
from coop.kit.database import Database
from tests.founding import found_in


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty billing database, once of each kind."""
    sqlite = request.param == "sqlite"
    made = BILLING.open_database(
        f"sqlite:///{tmp_path}/billing.db" if sqlite else request.getfixturevalue("postgres_url")
    )
    found_in(made)
    yield made
    made.close()
