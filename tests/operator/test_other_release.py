"""Commands that only look, on tables of another release: they say so, and what to do, on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from coop.kit.database import Database
from coop.kit.settings import Settings
from tests.flows.command import coop
from tests.founding import found_installation


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    return Settings(data_dir=tmp_path / "data", secret="secret of the tests", database_url=url)


@pytest.mark.parametrize(
    "change", ["ALTER TABLE journal RENAME TO of_another", "ALTER TABLE journal RENAME COLUMN hash TO of_another"]
)
def test_tables_of_another_release_are_named_as_such(settings: Settings, change: str) -> None:
    found_installation(settings)
    done = coop(settings, "verify", "--all", COOP_DATABASE_URL=settings.database_url)
    assert done.returncode == 0, done.stderr
    database = Database(settings.url("members"), "members")
    with database.system_write() as sql:
        sql.exec_driver_sql(change)
    database.close()
    done = coop(settings, "verify", "--all", COOP_DATABASE_URL=settings.database_url)
    assert done.returncode == 1
    assert "the tables are of another release" in done.stderr
    assert "`coop migrate`" in done.stderr
