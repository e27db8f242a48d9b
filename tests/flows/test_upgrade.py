"""A release that changes filled tables: what waits is said, and after it the rows, guards and walls are as before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Connection, MetaData, Text, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from coop.billing.service import BILLING
from coop.demo.cooperative import COMMUNITY
from coop.events import SERVICES
from coop.governance.service import GOVERNANCE
from coop.kit import rowwall
from coop.kit.database import Database
from coop.kit.service import Service
from coop.kit.settings import Settings
from coop.operator.makemigration import make_migration
from tests.flows.command import Done, coop
from tests.flows.conftest import Year
from tests.flows.installation import SECRET

pytestmark = pytest.mark.slow

CHANGED = {"billing": "bill", "governance": "decision"}
"""Tables that a next release might change: other rows refer to them, triggers keep them, others' triggers read them."""

ADDED = "remark"


@dataclass(frozen=True)
class Filled:
    """An installation that lived through a year with the tables of this release."""

    settings: Settings
    more: dict[str, str]

    def run(self, *arguments: str) -> Done:
        """Run ``coop`` as the owner of the tables."""
        return coop(self.settings, *arguments, **self.more)

    def open(self, name: str) -> Database:
        """The database of a service, for its owner."""
        return Database(self.settings.url(name), name)

    def read(self, work: Callable[[Connection], Any]) -> dict[str, Any]:
        """What is found in each service."""
        found = {}
        for name in SERVICES:
            with closing(self.open(name)) as database, database.system_read() as sql:
                found[name] = work(sql)
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, year: Year, tmp_path: Path) -> Filled:
    """The played year: its files, or a database in which each service has a role of its own."""
    if request.param == "sqlite":
        return Filled(year.copy(tmp_path / "data"), {})
    url = request.getfixturevalue("postgres_url")
    prefix = f"{make_url(url).database}_"
    more = {"COOP_DATABASE_URL": url, "COOP_ROLE_PREFIX": prefix}
    more["COOP_ROLE_PASSWORDS"] = json.dumps(dict.fromkeys(SERVICES, "a password of the tests"))
    settings = Settings(data_dir=tmp_path / "data", secret=SECRET, database_url=url, role_prefix=prefix)
    backup = str(tmp_path / "backup")
    assert coop(year.settings, "backup", "--to", backup).returncode == 0
    for arguments in (("restore", backup), ("migrate", "--roles")):
        done = coop(settings, *arguments, **more)
        assert done.returncode == 0, done.stderr
    return Filled(settings, more)


@pytest.fixture
def next_release(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Two services whose code has a column more and a check that says something else; their migrations by name."""
    made, before = {}, {}
    for service in (BILLING, GOVERNANCE):
        folder = tmp_path / f"migrations of {service.name}"
        folder.mkdir()
        for path in service.migrations.glob("[0-9]*.py"):
            (folder / path.name).write_text(path.read_text())
        made[service.name] = make_migration(with_changes(service, folder), "Add a remark")
        write_check_by_hand(made[service.name], CHANGED[service.name])
        before[service.name] = service.migrations
        object.__setattr__(service, "migrations", folder)
    yield made
    for service in (BILLING, GOVERNANCE):
        object.__setattr__(service, "migrations", before[service.name])


def with_changes(service: Service, folder: Path) -> Service:
    """The service as its next release has it."""
    metadata = MetaData()
    for table in service.metadata.sorted_tables:
        table.to_metadata(metadata)
    changed = metadata.tables[CHANGED[service.name]]
    changed.append_column(Column(ADDED, Text, nullable=False, server_default="none"))
    changed.append_constraint(CheckConstraint(f"{ADDED} <> ''", name="remark_says"))
    return replace(service, metadata=metadata, migrations=folder)


def write_check_by_hand(path: Path, table: str) -> None:
    """Add what Alembic does not see, as the file's reader has to."""
    lines = f"    with op.batch_alter_table({table!r}) as batch:\n"
    lines += f"        batch.create_check_constraint('remark_says', \"{ADDED} <> ''\")\n"
    upgrade, downgrade = path.read_text().split("\n\ndef downgrade")
    path.write_text(f"{upgrade.rstrip()}\n{lines}\n\ndef downgrade{downgrade}")


def test_filled_tables_are_changed_and_keep_their_rows_guards_and_walls(
    filled: Filled, next_release: dict[str, Path]
) -> None:
    rows, guards, walls = filled.read(count_rows), filled.read(list_guards), filled.read(list_walls)
    checked = filled.run("migrate", "--check")
    assert checked.returncode == 1
    for name in SERVICES:
        [line] = [line for line in checked.stdout.splitlines() if line.startswith(f"{name}: ")]
        made = next_release.get(name)
        assert ("would get" in line) == (name in CHANGED), line
        assert made is None or f"would get {name}_{made.name[:4]}" in line, line
    assert filled.read(count_rows) == rows, "a check changes nothing"
    migrated = filled.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert filled.run("migrate", "--check").returncode == 0
    assert filled.read(count_rows) == rows
    assert filled.read(list_guards) == guards
    assert filled.read(list_walls) == walls
    for name, table in CHANGED.items():
        with closing(filled.open(name)) as database:
            check_changed(database, table)
    verified = filled.run("verify", "--all")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert " 0 do not agree" in verified.stdout
    if filled.more:
        for name, table in CHANGED.items():
            check_role(filled, name, table)


def test_a_backup_of_before_is_restored_by_the_next_release(
    year: Year, next_release: dict[str, Path], tmp_path: Path
) -> None:
    before = Filled(year.copy(tmp_path / "data"), {})
    restored = Filled(Settings(data_dir=tmp_path / "place", secret=SECRET), {})
    assert before.run("backup", "--to", str(tmp_path / "backup")).returncode == 0
    done = restored.run("restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    assert restored.run("migrate", "--check").returncode == 0
    assert restored.read(list_guards) == before.read(list_guards)
    for name, table in CHANGED.items():
        with closing(restored.open(name)) as database:
            check_changed(database, table)


def check_role(filled: Filled, name: str, table: str) -> None:
    """The role of a service reads the changed table, of its own co-operative alone."""
    role = f"{filled.settings.role_prefix}{name}"
    url = make_url(filled.settings.database_url).set(username=role, password="a password of the tests")
    with closing(Database(url.render_as_string(hide_password=False), name)) as database:
        assert not database.is_owner
        for community, is_there in ((COMMUNITY, True), ("another", False)):
            with database.engine.connect() as sql:
                sql.info["begin"] = f"BEGIN; {rowwall.name_community(community)}"
                with sql.begin():
                    assert bool(sql.exec_driver_sql(f"SELECT {ADDED} FROM {table}").all()) is is_there


def check_changed(database: Database, table: str) -> None:
    """The new column is there, the new check holds, and what was decided still cannot be changed."""
    with database.system_write() as sql:
        assert set(sql.scalars(text(f"SELECT {ADDED} FROM {table}"))) == {"none"}
    for statement, words in (
        (f"UPDATE {table} SET {ADDED} = 'another'", "never change"),
        (f"DELETE FROM {table}", "never change"),
    ):
        with pytest.raises(DBAPIError, match=words), database.system_write() as sql:
            sql.exec_driver_sql(statement)
    with database.system_read() as sql:
        row = sql.execute(text(f"SELECT * FROM {table} LIMIT 1")).mappings().one()
    names = ", ".join(column for column in row if column != ADDED)
    added = f"INSERT INTO {table} ({names}, {ADDED}) SELECT {names}, '' FROM {table} LIMIT 1"
    with pytest.raises(DBAPIError, match="remark_says"), database.system_write() as sql:
        sql.exec_driver_sql(added)


def count_rows(sql: Connection) -> dict[str, int]:
    """Rows of each table."""
    tables = tables_of(sql)
    return {name: int(sql.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0) for name in tables}


def tables_of(sql: Connection) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        if sql.dialect.name == "sqlite"
        else "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = current_schema()::regnamespace"
    )
    return sorted(str(name) for name in sql.scalars(text(query)))


def list_guards(sql: Connection) -> list[tuple[str, ...]]:
    """Every trigger, with its table."""
    query = (
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
        if sql.dialect.name == "sqlite"
        else "SELECT tgname, tgrelid::regclass::text, tgenabled::text FROM pg_trigger"
        " JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"
    )
    return sorted(tuple(map(str, row)) for row in sql.execute(text(query)))


def list_walls(sql: Connection) -> list[tuple[str, ...]]:
    """Every policy, and whether the owner is held to it; a file has none."""
    if sql.dialect.name == "sqlite":
        return []
    query = (
        "SELECT relname, polname, relrowsecurity, relforcerowsecurity FROM pg_policy"
        " JOIN pg_class ON pg_class.oid = polrelid WHERE relnamespace = current_schema()::regnamespace"
    )
    return sorted(tuple(map(str, row)) for row in sql.execute(text(query)))
