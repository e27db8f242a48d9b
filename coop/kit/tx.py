"""A transaction of one community: what it may touch, when it happens, and who acts, in one argument.

Invariants: every statement is held to the community (``kit.wall``); ``now`` is the installation's clock at the start,
the same for all that the transaction writes; facts are told in the transaction that makes them true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from typing import Any, Final, TypeVar, TypeVarTuple, overload

from sqlalchemy import Connection, CursorResult, Dialect, Executable, Result, ScalarResult, Table
from sqlalchemy.sql.selectable import TypedReturnsRows

from coop.events import Event
from coop.kit import inserting, journal, rowwall, wall
from coop.kit.actor import Actor
from coop.values import civil_date

T = TypeVar("T")
Columns = TypeVarTuple("Columns")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Tx:
    """An open transaction; ``Database.write`` and ``Database.read`` make it. Where rows may be ``waiting``, what it
    inserts waits with them, until anything else is asked of the database."""

    __slots__ = ("_connection", "_options", "_waiting", "actor", "community", "now")

    def __init__(
        self,
        sql: Connection,
        community: str,
        now: datetime,
        actor: Actor,
        waiting: inserting.Waiting | None = None,
    ) -> None:
        if community == rowwall.EVERYBODY:
            raise ValueError(f"{community} is no community")
        self._connection, self._waiting = sql, waiting
        self._options = {wall.OPTION: community}
        self.community, self.now, self.actor = community, now, actor

    @property
    def _sql(self) -> Connection:
        """The connection, once all that was inserted is there."""
        if self._waiting is not None:
            self._waiting.insert()
        return self._connection

    @property
    def today(self) -> date:
        """Civil date in Amsterdam at ``now``."""
        return civil_date(self.now)

    @property
    def dialect(self) -> Dialect:
        """The database's dialect."""
        return self._connection.dialect

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded default."""
        return self._connection.dialect.name == "sqlite"

    @overload
    def execute(  # type: ignore[overload-overlap]  # SQLAlchemy's own Connection.execute has the same pair
        self, statement: TypedReturnsRows[*Columns], parameters: Parameters = None
    ) -> Result[*Columns]: ...
    @overload
    def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]: ...
    def execute(self, statement: Executable, parameters: Parameters = None) -> Any:
        """Run a statement that is held to the community.

        Raises:
            ForgotCommunity: it is not.
        """
        return self._sql.execute(statement, parameters, execution_options=self._options)

    def scalar(self, statement: TypedReturnsRows[T]) -> T | None:
        """First column of the first row, or None."""
        return self._sql.scalar(statement, execution_options=self._options)

    def scalars(self, statement: TypedReturnsRows[T]) -> ScalarResult[T]:
        """First column of every row."""
        return self._sql.scalars(statement, execution_options=self._options)

    def insert_rows(self, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows of values as the driver takes them, in the order of the table's columns.

        Raises:
            ForgotCommunity: a row carries another community.
        """
        at = table.columns.keys().index("community")
        self._hold(table, {row[at] for row in rows})
        inserting.insert_tuples(self._sql, table, rows)

    def insert(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows that have a value for the same columns.

        Raises:
            ForgotCommunity: a row carries another community, or none.
        """
        self.insert_new(table, rows, ())

    def insert_columns(self, table: Table, columns: Mapping[str, Sequence[object]]) -> None:
        """Insert rows that are given column by column.

        Raises:
            ForgotCommunity: a row carries another community, or none.
        """
        self._hold(table, set(columns.get("community", (None,))))
        inserting.insert_columns(self._sql, table, columns)

    def insert_new(self, table: Table, rows: Sequence[Mapping[str, object]], key: Sequence[str]) -> None:
        """Insert the rows whose ``key`` is not there yet.

        Raises:
            ForgotCommunity: a row carries another community, or none.
        """
        self._hold(table, {row.get("community") for row in rows})
        if self._waiting is not None:
            self._waiting.add(table, rows, key)
        else:
            inserting.insert_mappings(self._connection, table, rows, key)

    def _hold(self, table: Table, communities: set[object]) -> None:
        if others := communities - {self.community}:
            raise wall.ForgotCommunity(f"{others} are not {self.community!r} in rows for {table.name}")

    def lock(self, name: str) -> None:
        """Wait until no other transaction of this community holds the lock ``name``, and hold it to the end.

        On SQLite a writing transaction is alone already.
        """
        if not self.is_sqlite:
            self._sql.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (self._number(name),))

    def try_lock(self, name: str) -> bool:
        """Hold the lock ``name`` to the end, as ``lock`` does; False, at once, when another transaction holds it."""
        if self.is_sqlite:
            return True
        return bool(self._sql.exec_driver_sql("SELECT pg_try_advisory_xact_lock(%s)", (self._number(name),)).scalar())

    def is_locked(self, name: str) -> bool:
        """True while a transaction holds the lock ``name``, which looking does not take; never with SQLite."""
        if self.is_sqlite:
            return False
        return bool(self._sql.exec_driver_sql(_HELD, (self._number(name),)).scalar())

    def _number(self, lock: str) -> int:
        digest = hashlib.sha256(f"{self.community}\x1f{lock}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """All of the block or nothing; the transaction goes on either way."""
        sql, waiting = self._sql, self._waiting
        self._waiting = None  # what is inserted in the block stands or falls with it
        try:
            with savepoint(sql):
                yield
        finally:
            self._waiting = waiting

    def tell(self, *events: Event) -> None:
        """Write facts into the journal. A fact that was told before is not told again."""
        journal.append(self._sql, events, self.community, self.now, self.actor)


_HELD: Final = """
    SELECT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND ((classid::bigint << 32) | objid::bigint) = %s
    )
"""
"""Held locks by their number, whose halves stand apart in the view of PostgreSQL."""


@contextmanager
def savepoint(sql: Connection, begin: str = "", end: str = "") -> Iterator[None]:
    """All of the block or nothing. Through the driver: SQLAlchemy's own costs five times as much, and every fact has
    one. What is to ``begin`` and to ``end`` the block goes to the server in the same message."""
    _send(sql, f"SAVEPOINT part{begin}")
    try:
        yield
    except BaseException:
        if not sql.invalidated:
            _send(sql, "ROLLBACK TO SAVEPOINT part")
            _send(sql, "RELEASE SAVEPOINT part")
        raise
    _send(sql, f"RELEASE SAVEPOINT part{end}")


def part_of(sql: Connection, community: str) -> AbstractContextManager[None]:
    """All of a block or nothing, for one community in a transaction over all of them."""
    if sql.dialect.name == "sqlite":
        return savepoint(sql)
    begin, end = (f"; {rowwall.name_community(key)}" for key in (community, rowwall.EVERYBODY))
    return savepoint(sql, begin, end)


def _send(sql: Connection, statements: str) -> None:
    sql.exec_driver_sql(statements, execution_options={"no_parameters": True})
