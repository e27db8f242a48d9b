"""The register's database, once as a SQLite file and once in PostgreSQL, and its pages over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.identity.commands import hashing
from coop.members.service import MEMBERS
from tests.desk import open_desk
from tests.kit.clocks import SetClock
from tests.members.sample import AT
from tests.migrated import MigratedUrl


@pytest.fixture
def clock() -> SetClock:
    """The clock of the installation."""
    return SetClock(AT)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_url: MigratedUrl, clock: SetClock) -> Iterator[Database]:
    """Migrated and empty."""
    opened = MEMBERS.open_database(migrated_url(MEMBERS, request.param), clock, migrate=False)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2 at its lowest cost: tests check hundreds of passwords, and nobody attacks them."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(hashing, "_hasher", lambda: hasher)


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[TestClient]:
    """Somebody with a browser that is not signed in yet and reads English."""
    desk = open_desk(MEMBERS, database, tmp_path, base_url="https://coop.example")
    desk.headers.update({"accept": "text/html", "accept-language": "en", "origin": "https://coop.example"})
    desk.follow_redirects = False
    with desk as opened:
        yield opened
