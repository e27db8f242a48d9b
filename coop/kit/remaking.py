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


@contextmanager
def triggers_kept(sql: Connection, service: str) -> Iterator[None]:
    """Give each table that is made anew in this transaction its triggers back, and hold all rows to each other.

    Raises:
        CoopError: a row refers to one that is not there any more.
    """
    pages, triggers = _find_pages(sql), sql.exec_driver_sql(_TRIGGERS).all()
    yield
    now, left = _find_pages(sql), {name for name, _, _ in sql.exec_driver_sql(_TRIGGERS)}
    for name, table, statement in triggers:
        if name not in left and table in now and now[table] != pages[table]:
            sql.exec_driver_sql(statement)
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


def _find_pages(sql: Connection) -> dict[str, int]:
    """The page at which each table begins: one that was made anew has another."""
    found = sql.exec_driver_sql("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'")
    return {str(name): int(page) for name, page in found}
