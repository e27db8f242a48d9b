"""Tables of a file that a migration makes anew: SQLite changes a check, a reference or a column in no other way.

Alembic copies such a table beside itself, drops the old one and gives the copy its name. Rows of other tables refer to
it meanwhile, triggers of others read it, and its own triggers go with it; here they are held together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from coop.values import CoopError, say


def put_references_aside(sql: Connection) -> None:
    """Let tables be dropped and named while others refer to them, from before a transaction on this connection."""
    dbapi: Any = sql.connection.dbapi_connection
    dbapi.execute("PRAGMA foreign_keys=OFF")
    dbapi.execute("PRAGMA legacy_alter_table=ON")  # or a name is refused while a trigger reads the table that had it


@contextmanager
def references_aside(sql: Connection) -> Iterator[None]:
    """The same for one transaction, which begins and ends in the block."""
    put_references_aside(sql)
    try:
        yield
    finally:
        dbapi: Any = sql.connection.dbapi_connection
        dbapi.execute("PRAGMA legacy_alter_table=OFF")
        dbapi.execute("PRAGMA foreign_keys=ON")


class KeptTriggers:
    """Triggers of a file, as they were after the step before: a step may make anew what an earlier one made."""

    def __init__(self, sql: Connection) -> None:
        self._sql = sql
        self._look()

    def give_back(self) -> None:
        """Give each table that was made anew in this step its triggers back."""
        now, left = _find_rows(self._sql), {name for name, _, _ in self._sql.exec_driver_sql(_TRIGGERS)}
        for name, table, statement in self._triggers:
            if name not in left and table in now and now[table] != self._rows[table]:
                self._sql.exec_driver_sql(statement)
        self._look()

    def _look(self) -> None:
        self._rows, self._triggers = _find_rows(self._sql), self._sql.exec_driver_sql(_TRIGGERS).all()


@contextmanager
def rows_held(sql: Connection, service: str) -> Iterator[None]:
    """Hold all rows to each other after tables were made anew.

    Raises:
        CoopError: a row refers to one that is not there any more.
    """
    yield
    if orphan := sql.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise CoopError(
            "broken-reference",
            say(
                "a row of %(table)s in %(service)s refers to none of %(other)s",
                table=orphan[0],
                service=service,
                other=orphan[2],
            ),
        )


_TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid"


def _find_rows(sql: Connection) -> dict[str, int]:
    """The place of each table in the list of what a file holds: one that was made anew, however often, has another."""
    found = sql.exec_driver_sql("SELECT name, rowid FROM sqlite_master WHERE type = 'table'")
    return {str(name): int(row) for name, row in found}
