"""One database per service: SQLite file or PostgreSQL schema, and transactions that end one way or the other.

Invariant: every write runs inside ``Database.write``, for one community, or inside ``Database.system_write``, for the
kit's own work over all of them; what it did is committed whole when the block ends and gone when it raises. SQLite
runs in WAL mode with ``synchronous=FULL``, because a bill or a vote that was answered must outlive a power cut; a write
takes the write lock at once, so that two writers wait instead of failing half way; threads of one process stand in line
for it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    String,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from coop.kit import remaking, rowwall, wall
from coop.kit.actor import NOBODY, Actor
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.kit.turns import Turns
from coop.kit.tx import Tx


class HasDialect(Protocol):
    """A transaction, of one community or of the kit."""

    @property
    def dialect(self) -> Dialect: ...


def among(tx: HasDialect, column: ColumnElement[Any], wanted: Collection[object]) -> ColumnElement[bool]:
    """Condition that ``column`` is one of ``wanted``, which is one bound parameter however many they are.

    ``IN`` with a list is another statement for each length, which SQLAlchemy renders and the database reads anew, and
    its length has a limit.
    """
    return _is_among(column, literal(as_list(tx, wanted), None if tx.dialect.name == "sqlite" else ARRAY(column.type)))


def among_bound(dialect_name: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Condition that ``column`` is one of those that a statement, built once, is given as ``name`` by ``as_list``."""
    return _is_among(column, bindparam(name, type_=String() if dialect_name == "sqlite" else ARRAY(column.type)))


def as_list(tx: HasDialect, wanted: Collection[object]) -> str | list[object]:
    """Values as the one parameter that ``among`` compares with."""
    return json.dumps(list(wanted)) if tx.dialect.name == "sqlite" else list(wanted)


def _is_among(column: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[bool]:
    if isinstance(wanted.type, ARRAY):
        return column == any_(wanted)
    return column.in_(select(func.json_each(wanted).table_valued("value").c.value))


BUSY_S: Final = 30.0
"""Time that a write waits for those before it [s]."""


class DamagedDatabase(Exception):
    """A file that cannot be read as a database; the message names it."""


def is_database_away(error: BaseException) -> bool:
    """True when the database, and not what it was asked to do, keeps it from being done: trying again later helps."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # PostgreSQL's class 54 is what is too large for it, which stays too large.
    too_large = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "").startswith("54")
    return isinstance(error, OperationalError | PoolTimeout | DamagedDatabase) and not too_large


def has_given_way(error: BaseException) -> bool:
    """True when a transaction was ended so that another could go on: nothing is wrong, and trying again helps."""
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    return sqlstate in ("40001", "40P01")  # two that cannot both be first, and two that wait for each other


def has_other_tables(error: BaseException) -> bool:
    """True when a table or a column that was asked for is not there: the tables are of another release."""
    cause = getattr(error, "orig", None)
    if isinstance(cause, sqlite3.Error):
        return str(cause).startswith(("no such table", "no such column"))
    return getattr(cause, "sqlstate", None) in ("42P01", "42703")


class Database:
    """The database of one service."""

    def __init__(self, url: str, service: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self.service = service
        self.clock = clock
        self.engine = _engine(url, service)
        self._turns = Turns()
        wall.guard(self.engine)

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded default."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self, community: str, actor: Actor) -> Iterator[Tx]:
        """A transaction of a community that commits when the block ends and rolls back when it raises."""
        with self._in_turn(), self._begun("BEGIN IMMEDIATE", community) as sql, sql.begin():
            yield Tx(sql, community, self.clock.now(), actor)

    @contextmanager
    def read(self, community: str) -> Iterator[Tx]:
        """A consistent view of a community that never waits for a writer and may not write."""
        with self._begun("BEGIN", community, one_moment=True) as sql, sql.begin() as transaction:
            yield Tx(sql, community, self.clock.now(), NOBODY)
            transaction.rollback()

    @contextmanager
    def system_write(self) -> Iterator[Connection]:
        """A writing transaction over all communities, for the kit's own tables alone."""
        with self._in_turn(), self._begun("BEGIN IMMEDIATE", rowwall.EVERYBODY) as sql, sql.begin():
            yield sql

    @contextmanager
    def system_read(self) -> Iterator[Connection]:
        """A view over all communities, for the kit's own tables alone."""
        with self._begun("BEGIN", rowwall.EVERYBODY) as sql, sql.begin() as transaction:
            yield sql
            transaction.rollback()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let threads that write to a file wait for each other, in order. SQLite itself has each look again now and
        then, so that one of several may find the file busy for half a minute. Who waits for longer leaves it to SQLite
        to say so."""
        has_turn = self.is_sqlite and self._turns.acquire(BUSY_S)
        try:
            yield
        finally:
            if has_turn:
                self._turns.release()

    @contextmanager
    def _begun(self, on_sqlite: str, community: str, *, one_moment: bool = False) -> Iterator[Connection]:
        """A connection whose transaction begins by a statement of the embedded database, or for a community;
        ``one_moment`` lets it see all as it was at its first look, which the embedded database always does."""
        with self.engine.connect() as sql:
            if self.is_sqlite:
                sql.info["begin"] = on_sqlite
            else:
                isolation = " ISOLATION LEVEL REPEATABLE READ" if one_moment else ""
                sql.info["begin"] = f"BEGIN{isolation}; {rowwall.name_community(community)}"
            yield sql

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """True for one process of the service at a time, as long as the block lasts; the others get False and leave
        the work to it. SQLite serves one process, and nothing is claimed there."""
        if self.is_sqlite:
            yield True
            return
        with self.system_read() as sql:
            query = text("SELECT pg_try_advisory_xact_lock(hashtext(:claim))")
            yield bool(sql.scalar(query, {"claim": f"coop-{self.service}-{name}"}))

    @cached_property
    def is_owner(self) -> bool:
        """True for a user who may make tables in the service's schema and change them; always, with a file."""
        if self.is_sqlite:
            return True
        with self.system_read() as sql:
            return bool(sql.scalar(_OWNS, {"schema": self.service}))

    def migrate(self, versions: Path) -> None:
        """Bring the tables to the newest revision of the kit's history and of ``versions``, the service's own.

        Several processes may do so at once.

        Raises:
            CoopError: the tables are newer than this program.
        """
        from coop.kit import revisions  # who changes no tables need not load what does

        with self._changing_tables() as sql:
            revisions.upgrade(sql, self.service, versions)
            rowwall.raise_walls(sql, self.service)

    @contextmanager
    def _changing_tables(self) -> Iterator[Connection]:
        """A writing transaction of one process at a time, in which tables may be made anew."""
        with self._begun("BEGIN IMMEDIATE", rowwall.EVERYBODY) as sql:
            if self.is_sqlite:
                with remaking.references_aside(sql), sql.begin(), remaking.rows_held(sql, self.service):
                    yield sql
                return
            with sql.begin():
                sql.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"coop-{self.service}",))
                sql.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{self.service}"')
                yield sql

    def check_revision(self, versions: Path) -> None:
        """Find the tables at the revision of this program.

        Raises:
            CoopError: they are older or newer.
        """
        from coop.kit import revisions

        with self.system_read() as sql:
            found = revisions.read_revisions(sql, versions)
        revisions.refuse_other(self.service, found)

    def close(self) -> None:
        """Close every connection; one that a thread still uses is closed when it comes back."""
        self.engine.dispose()


_OWNS = text(
    "SELECT CASE WHEN to_regnamespace(:schema) IS NULL"
    " THEN has_database_privilege(current_database(), 'CREATE')"
    " ELSE pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = :schema), 'USAGE') END"
)


def _engine(url: str, service: str) -> Engine:
    parsed = make_url(url)
    # Errors go to logs and to health, and the parameters of a statement may be anybody's name, or a secret.
    options: dict[str, Any] = {"hide_parameters": True}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False}, **options)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "connect", partial(_name_pool, engine))
        event.listen(engine, "checkin", partial(_close_stray, engine))
        event.listen(engine, "begin", _sqlite_begin)
        event.listen(engine, "handle_error", partial(_name_damage, parsed.database))
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    # The driver begins no transactions: ours name their community in the same message to the server.
    options |= {"isolation_level": "AUTOCOMMIT", "pool_pre_ping": True}
    engine = create_engine(parsed, connect_args={"options": f"-csearch_path={service}"}, **options)
    event.listen(engine, "begin", _postgresql_begin)
    return engine


def _name_pool(engine: Engine, _dbapi: Any, record: Any) -> None:
    record.info["pool"] = engine.pool


def _close_stray(engine: Engine, dbapi: Any, record: Any) -> None:
    """Close a connection that comes back after its pool was closed: nobody else would."""
    if dbapi is not None and record.info.get("pool") is not engine.pool:
        dbapi.close()


def _sqlite_connect(dbapi: Any, _record: Any) -> None:
    dbapi.isolation_level = None  # the driver must not begin transactions behind our back
    cursor = dbapi.cursor()
    # Pages of 8 KiB take a third off the cost of writing days of readings, which are some hundreds of bytes each.
    for pragma in ("page_size=8192", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _name_damage(file: str | None, failure: ExceptionContext) -> None:
    """Say which file is damaged, where SQLite says only that one is."""
    if type(failure.original_exception) is sqlite3.DatabaseError:
        raise DamagedDatabase(f"{file} is damaged: {failure.original_exception}") from failure.original_exception


def _sqlite_begin(sql: Connection) -> None:
    sql.exec_driver_sql(sql.info.pop("begin", "BEGIN"))


def _postgresql_begin(sql: Connection) -> None:
    if sql.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        begin = sql.info.pop("begin", "BEGIN")
        sql.exec_driver_sql(begin, execution_options={"no_parameters": True})
