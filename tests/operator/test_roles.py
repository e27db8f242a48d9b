"""Roles in PostgreSQL: the owner migrates; a service uses its own tables and can take down no wall and no guard."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from coop.events import SERVICES
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering.periods.detaching import attach_month, detach_month
from coop.metering.readings.detached import ReadingsDetached
from coop.metering.service import METERING
from coop.operator.migrating import check, migrate
from coop.operator.runtime import open_room, open_rooms
from coop.operator.services import service_named
from coop.values import CoopError
from tests.flows.test_two_alike import LATE, LIVES, NOORD, ZUID
from tests.kit.clocks import SetClock
from tests.metering.homes import NOW, at, deliver, found, gj, writing
from tests.metering.test_months import FIRST, close_two_months
from tests.servers.postgres import Postgres


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Settings:
    """An installation whose services have users of their own; nothing is made yet."""
    owner = make_url(postgres_url)
    prefix = f"{owner.username}_"
    passwords = {name: f"it's-100%-{name}" for name in SERVICES}
    url = owner.set(username=f"{prefix}SERVICE", password=None).render_as_string(hide_password=False)
    return Settings.model_validate(
        {
            "data_dir": tmp_path,
            "database_url": url.replace("SERVICE", "{service}"),
            "owner_database_url": postgres_url,
            "role_prefix": prefix,
            "role_passwords": passwords,
        }
    )


def as_service(settings: Settings, name: str, user: str = "") -> str:
    """The address at which a service's user signs in."""
    user = user or name
    password = settings.password_of(user)
    url = make_url(settings.database_url.replace("{service}", user)).set(password=password)
    return url.render_as_string(hide_password=False)


def kept_password(postgres: Postgres, role: str) -> str:
    """What the server keeps of a role's password."""
    dsn = postgres.admin.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (role,)).fetchone()
    assert row is not None
    return str(row[0])


def allowed(settings: Settings, name: str, statements: list[str]) -> list[str]:
    """The statements that PostgreSQL lets a service's user run."""
    run = []
    dsn = as_service(settings, name).replace("+psycopg", "")
    with psycopg.connect(dsn, options=f"-csearch_path={name}", autocommit=True) as connection:
        for statement in statements:
            try:
                connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
            run.append(statement)
    return run


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_lives_as_a_user_who_owns_nothing(settings: Settings, name: str) -> None:
    migrate(settings, [name], print, with_roles=True)
    service, live = LIVES[name]
    database = service.open_database(as_service(settings, name), SetClock(LATE))
    assert not database.is_owner
    live(database, ZUID)
    live(database, NOORD)
    database.close()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_take_down_no_wall_and_no_guard(settings: Settings, name: str) -> None:
    migrate(settings, SERVICES, print, with_roles=True)
    other = next(other for other in SERVICES if other != name)
    kept = [table.name for table in service_named(name).kept_tables]
    assert (
        allowed(
            settings,
            name,
            [
                f"SELECT * FROM {other}.journal",
                f"CREATE TABLE {name}.mine (id integer)",
                "DROP TABLE journal",
                "TRUNCATE journal",
                "DELETE FROM journal",
                "UPDATE journal SET data = '{}'",
                "ALTER TABLE journal DISABLE TRIGGER ALL",
                "ALTER TABLE journal DISABLE TRIGGER journal_keeps",
                "DROP TRIGGER journal_keeps ON journal",
                "CREATE OR REPLACE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
                "ALTER TABLE journal NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE journal DISABLE ROW LEVEL SECURITY",
                "DROP POLICY community_wall ON journal",
                "SET session_replication_role = replica",
                "UPDATE document SET body = ''",
                "DELETE FROM document",
                "UPDATE alembic_version SET version_num = 'x'",
                *(f"DELETE FROM {table}" for table in kept),
                *(f"UPDATE {table} SET community = community" for table in kept),
                *(f"TRUNCATE {table} CASCADE" for table in kept),
            ],
        )
        == []
    )


def test_a_service_reaches_a_month_of_readings_through_its_table_only(settings: Settings) -> None:
    migrate(settings, ["metering"], print, with_roles=True)
    owner = METERING.open_database(settings.url("metering"), SetClock(NOW))
    service = METERING.open_database(as_service(settings, "metering"), SetClock(NOW))
    assert not service.is_owner
    with writing(service) as tx:
        found(tx)
        close_two_months(tx)
    detach_month(owner, FIRST)
    migrate(settings, ["metering"], print)  # which gives rights anew
    dsn = as_service(settings, "metering").replace("+psycopg", "")
    hostile = [
        "SELECT count(*) FROM block_2025_04",
        "SELECT count(*) FROM block_2025_03_detached",
        "INSERT INTO block_2025_04 SELECT * FROM block",
        "DELETE FROM block_2025_03_detached",
        "DROP TABLE block_2025_04",
        "ALTER TABLE block DETACH PARTITION block_2025_04",
        "ALTER TABLE block_2025_04 DISABLE TRIGGER ALL",
        "DELETE FROM detached_month",
        "INSERT INTO detached_month VALUES ('demo', '2025-04-01', '[]', 1, '', now(), '')",
        "CREATE TABLE mine (id integer)",
    ]
    with psycopg.connect(dsn, options="-csearch_path=metering -ccoop.community=*", autocommit=True) as connection:
        for statement in hostile:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    with pytest.raises(CoopError, match="somebody else"):
        attach_month(service, FIRST)
    with writing(service) as tx, pytest.raises(ReadingsDetached):
        deliver(tx, gj("H1", at("2025-03-20T00:00"), "15"))
    attach_month(owner, FIRST)
    with writing(service) as tx:
        assert deliver(tx, gj("H1", at("2025-03-20T00:00"), "13")).accepted
    service.close()
    owner.close()


def test_migrating_with_roles_may_be_repeated_and_changes_passwords(postgres: Postgres, settings: Settings) -> None:
    lines: list[str] = []
    assert not check(settings, SERVICES, lines.append, with_roles=True)
    versions = sorted(path.name[:4] for path in service_named("members").migrations.glob("[0-9]*.py"))
    missing = ", ".join(["kit_0001", *(f"members_{version}" for version in versions)])
    assert f"members: has no tables, and would get {missing}" in lines
    migrate(settings, SERVICES, print, with_roles=True)
    assert check(settings, SERVICES, print, with_roles=True)
    changed = settings.model_copy(update={"role_passwords": {"members": SecretStr("another")}})
    before = kept_password(postgres, settings.role_prefix + "members")
    migrate(changed, ["members"], print, with_roles=True)
    assert kept_password(postgres, settings.role_prefix + "members") != before
    assert kept_password(postgres, settings.role_prefix + "billing").startswith("SCRAM-SHA-256$")


def test_a_role_without_a_password_is_not_made(settings: Settings) -> None:
    without = settings.model_copy(update={"role_passwords": {}})
    with pytest.raises(CoopError, match="needs a password"):
        migrate(without, ["members"], print, with_roles=True)


@pytest.mark.parametrize(("revision", "words"), [("kit_0001", "older than this"), ("members_0099", "newer than this")])
def test_a_service_s_user_refuses_tables_of_another_release(settings: Settings, revision: str, words: str) -> None:
    migrate(settings, ["members"], print, with_roles=True)
    owner = Database(settings.url("members"), "members")
    with owner.system_write() as sql:
        sql.exec_driver_sql("DELETE FROM alembic_version")
        sql.exec_driver_sql("INSERT INTO alembic_version VALUES (%s)", (revision,))
    owner.close()
    url = as_service(settings, "members")
    served = settings.model_copy(update={"database_url": url}).as_service()
    with pytest.raises(CoopError, match=words):
        open_room("members", served)


def test_a_service_s_user_finds_no_tables_and_says_who_makes_them(settings: Settings) -> None:
    migrate(settings, ["billing"], print, with_roles=True)
    url = as_service(settings, "members", user="billing")
    with pytest.raises(CoopError, match="run `coop migrate` as their owner"):
        service_named("members").open_database(url)


def test_one_user_for_all_goes_on_owning_and_migrating(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=postgres_url)
    assert not check(settings, SERVICES, print)
    rooms = open_rooms(settings)
    assert check(settings, SERVICES, print)
    for room in rooms.values():
        assert room.database.is_owner
        with room.database.write(NOORD, COMMAND_LINE) as tx:
            assert tx.community == NOORD
        room.database.close()


def test_a_file_is_checked_without_being_made(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert not check(settings, ["members"], print)
    assert list(tmp_path.iterdir()) == []
    migrate(settings, ["members"], print)
    assert check(settings, ["members"], print)
    with pytest.raises(CoopError, match="a file has no roles"):
        migrate(settings, ["members"], print, with_roles=True)


def test_passwords_are_read_from_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOP_ROLE_PASSWORDS", json.dumps({"members": "secret of members"}))
    settings = Settings()
    assert settings.password_of("members") == "secret of members"
    assert "secret" not in repr(settings.role_passwords)
