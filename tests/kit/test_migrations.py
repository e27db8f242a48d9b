"""Each service's migrations make exactly what its code expects, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from coop.events import SERVICES
from coop.kit.database import Database
from coop.operator.services import service_named

GUARDS = {"journal_keeps", "journal_holds", "document_stays"}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Name of a service."""
    return str(request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path, service: str) -> Iterator[Database]:
    """The service's database after its migrations, run twice as two processes would."""
    url = f"sqlite:///{tmp_path}/{service}.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = service_named(service).open_database(url)
    database.migrate(service_named(service).migrations)
    yield database
    database.close()


def test_migrated_tables_are_those_of_the_code(migrated: Database, service: str) -> None:
    metadata: MetaData = service_named(service).metadata
    with migrated.system_read() as sql:
        context = MigrationContext.configure(
            sql,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, parents: not (kind == "table" and name == "alembic_version"),
            },
        )
        assert compare_metadata(context, metadata) == []


def test_checks_of_the_code_are_in_the_migrated_tables(migrated: Database, service: str) -> None:
    metadata: MetaData = service_named(service).metadata
    with migrated.system_read() as sql:
        for table in metadata.sorted_tables:
            named = {str(found.name) for found in table.constraints if found.__visit_name__ == "check_constraint"}
            assert {name for name in named if name not in _source(sql, table.name)} == set(), table.name


def test_triggers_keep_the_journal(migrated: Database) -> None:
    with migrated.system_read() as sql:
        assert _triggers(sql) >= GUARDS


def _triggers(sql: Connection) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if sql.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    return set(sql.scalars(text(query)))


def _source(sql: Connection, table: str) -> str:
    """What holds the names of a table's constraints."""
    query = (
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"
        if sql.dialect.name == "sqlite"
        else "SELECT coalesce(string_agg(conname, ' '), '') FROM pg_constraint"
        " WHERE conrelid = to_regclass(quote_ident(:table))"
    )
    return str(sql.scalars(text(query), {"table": table}).one())
