"""The tables of a service, out of a view of its database, as text in the order in which they can be filled again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, inspect

from coop.operator.keeping.lines import encode_row

BEHIND_PROGRAM = "alembic_version"
"""The table that migrations fill themselves."""

ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Table:
    """A table and its columns, in the order of its lines."""

    name: str
    columns: tuple[str, ...]


def list_tables(sql: Connection) -> list[Table]:
    """All tables of a service, each after those that its rows refer to; the partitions of one are part of it."""
    inspector = inspect(sql)
    names = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name]
    left_out = {BEHIND_PROGRAM, *(name for name, _, _ in list_partitions(sql))}
    return [
        Table(name, tuple(str(column["name"]) for column in inspector.get_columns(name)))
        for name in names
        if name not in left_out
    ]


def list_partitions(sql: Connection) -> list[tuple[str, str, str]]:
    """Name, table and bounds of every partition; only PostgreSQL has any."""
    if sql.dialect.name == "sqlite":
        return []
    rows = sql.exec_driver_sql(
        "SELECT part.relname, whole.relname, pg_get_expr(part.relpartbound, part.oid) FROM pg_class part"
        " JOIN pg_inherits ON inhrelid = part.oid JOIN pg_class whole ON whole.oid = inhparent"
        " WHERE part.relispartition AND part.relkind = 'r'"
        " AND part.relnamespace = current_schema()::regnamespace ORDER BY part.relname"
    )
    return [(str(name), str(whole), str(bounds)) for name, whole, bounds in rows]


def list_revisions(sql: Connection) -> list[str]:
    """Revisions at which the tables are; empty where none was made."""
    if not inspect(sql).has_table(BEHIND_PROGRAM):
        return []
    return sorted(sql.exec_driver_sql(f"SELECT version_num FROM {BEHIND_PROGRAM}").scalars())


def dump_rows(sql: Connection, table: Table) -> Iterator[bytes]:
    """All rows of a table: some lines at a time, never a part of one."""
    connection: Any = sql.connection.dbapi_connection
    if sql.dialect.name == "sqlite":
        names = ", ".join(f'"{name}"' for name in table.columns)
        cursor = connection.execute(f'SELECT {names} FROM "{table.name}"')
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield "".join(map(encode_row, rows)).encode()
        return
    with connection.cursor() as cursor, cursor.copy(_copy_statement(sql, table)) as copy:
        rows = iter(copy)
        while lines := b"".join(islice(rows, ROWS_AT_ONCE)):
            yield lines


def _copy_statement(sql: Connection, table: Table) -> str:
    sql.exec_driver_sql("SET LOCAL DateStyle = 'ISO'")
    sql.exec_driver_sql("SET LOCAL bytea_output = 'hex'")
    rows = sql.exec_driver_sql(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s",
        (table.name,),
    )
    kinds = {str(name): str(kind) for name, kind in rows}
    written = ", ".join(_written(name, kinds[name]) for name in table.columns)
    return f'COPY (SELECT {written} FROM "{table.name}") TO STDOUT'


def _written(column: str, kind: str) -> str:
    """A column as both databases read it."""
    match kind:
        case "timestamp with time zone":
            return f"""to_char("{column}" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00')"""
        case "boolean":
            return f'"{column}"::int'
    return f'"{column}"'
