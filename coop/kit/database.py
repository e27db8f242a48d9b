"""One database per service: SQLite file or PostgreSQL schema, and transactions that end one way or the other.

Invariant: every write runs inside ``Database.write``; what it did is committed whole when the block ends and gone when
it raises. SQLite runs in WAL mode with ``synchronous=FULL``, because a bill or a vote that was answered must outlive a
power cut; a write takes the write lock at once, so that two writers wait instead of failing half way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    Table,
    TypeDecorator,
    any_,
    create_engine,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.engine import make_url

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """Metadata with the naming convention that migrations rely on."""
    return MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: ``timestamptz`` in PostgreSQL, sortable text with microseconds in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        value = value.astimezone(UTC)
        return value.isoformat(timespec="microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


def among(connection: Connection, column: ColumnElement[Any], wanted: Collection[object]) -> ColumnElement[bool]:
    """Where ``column`` is one of ``wanted``, which is one bound parameter however many they are.

    ``IN`` with a list is another statement for each length, which SQLAlchemy renders and the database reads anew, and
    its length has a limit.
    """
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(list(wanted))).table_valued("value").c.value))
    return column == any_(literal(list(wanted), ARRAY(column.type)))


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows of plain values, in the order of the table's columns, straight through the driver.

    For rows by the thousand: what SQLAlchemy does to make a row's parameters costs more than SQLite's own work on it.
    """
    if rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        names, marks = ", ".join(table.columns.keys()), ", ".join([mark] * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))


class Database:
    """The database of one service."""

    def __init__(self, url: str, service: str) -> None:
        self.service = service
        self.engine = _engine(url, service)

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded default."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.info["begin"] = "BEGIN IMMEDIATE"
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view that never waits for a writer and may not write."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.info["begin"] = "BEGIN"
            with connection.begin() as transaction:
                yield connection
                transaction.rollback()

    def migrate(self) -> None:
        """Bring the tables to the service's newest revision; several processes may do so at once."""
        with self.write() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"coop-{self.service}",))
            command.upgrade(self.migration_config(connection), "head")

    def migration_config(self, connection: Connection) -> Config:
        """Alembic's settings for this service's own history, on an open connection."""
        package = Path(__file__).parent.parent
        config = Config()
        config.set_main_option("script_location", str(package / "kit" / "migrations"))
        config.set_main_option("version_locations", str(package / self.service / "migrations"))
        config.set_main_option("path_separator", "newline")
        config.attributes["connection"] = connection
        return config

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(url: str, service: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, connect_args={"options": f"-csearch_path={service}"}, pool_pre_ping=True)
    with engine.begin() as connection:
        # Several processes of one service may start at once, and CREATE SCHEMA IF NOT EXISTS alone can race.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"coop-schema-{service}",))
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{service}"')
    return engine


def _sqlite_connect(dbapi: Any, _record: Any) -> None:
    dbapi.isolation_level = None  # the driver must not begin transactions behind our back
    cursor = dbapi.cursor()
    # Pages of 8 KiB take a third off the cost of writing days of readings, which are some hundreds of bytes each.
    for pragma in ("page_size=8192", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.info.pop("begin", "BEGIN"))
