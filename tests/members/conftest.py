"""The register's database, once as a SQLite file and once in PostgreSQL, and its pages over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.kit.web import create_app
from coop.members import accounts
from coop.members.main import SERVICE, routers
from coop.web import operations
from coop.web.shell import error_page, mount_static
from tests.members.desk import TOWN, Visitor


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Migrated and empty."""
    url = f"sqlite:///{tmp_path}/members.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url, "members")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real argon2 at its lowest cost: tests check hundreds of passwords, and nobody attacks them."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: hasher)


@pytest.fixture
def visitor(database: Database, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody with a browser that is not signed in yet and reads English."""
    settings = Settings(data_dir=tmp_path, base_url="https://coop.example", community=TOWN)
    replayers: dict[str, operations.Replayer] = {}
    app = create_app(
        "members",
        settings,
        [operations.router(SERVICE.consumer(database), replayers), *routers(database, settings)],
        error_page,
    )
    mount_static(app)
    headers = {"accept": "text/html", "accept-language": "en", "origin": "https://coop.example"}
    with TestClient(app, base_url="https://coop.example", headers=headers, follow_redirects=False) as client:
        yield Visitor(client, settings.signing_secret(), replayers)
