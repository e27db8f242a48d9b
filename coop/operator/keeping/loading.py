"""Tables made at the revision of a backup, filled with its rows, and brought up to date: all in one transaction.

Guards that refuse what was decided otherwise (a ballot after its count) are put aside while rows come in, for rows of a
backup were let in before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from alembic import command
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from coop.kit import months, remaking, rowwall
from coop.kit.revisions import migration_config
from coop.kit.service import Service
from coop.operator.keeping.archive import Part, ServicePart
from coop.operator.keeping.dumping import list_tables
from coop.operator.keeping.lines import decode_row, reader_of
from coop.values import CoopError


def make_tables(sql: Connection, service: Service, kept: ServicePart, version: str) -> None:
    """Make the tables of a service as they were when the backup was made.

    Raises:
        CoopError: this program does not know them.
    """
    config = migration_config(sql, service.migrations)
    try:
        for revision in kept.revisions:
            command.upgrade(config, revision)
    except CommandError as unknown:
        raise CoopError(
            "other-tables",
            f"the backup is of coop {version}, whose tables of {service.name} are unknown here: {unknown}",
        ) from None
    if sql.dialect.name == "postgresql":
        for name, whole, bounds in kept.partitions:
            sql.exec_driver_sql(f'CREATE TABLE "{name}" PARTITION OF "{whole}" {bounds}')
        for name, whole in kept.detached:
            months.make_detached(sql, whole, name)
    elif kept.detached:
        names = ", ".join(name for name, _ in kept.detached)
        raise CoopError(
            "has-detached",
            f"a file has no months that are detached, and the backup has {names}:"
            " restore it into PostgreSQL, or attach them before the backup",
        )
    here = {table.name: set(table.columns) for table in list_tables(sql)}
    for name, columns in kept.tables.items():
        if name not in here or set(columns) != here[name]:
            raise CoopError("other-tables", f"table {name} of {service.name} is another one in coop {version}")
        sql.exec_driver_sql(f'DELETE FROM "{name}"')  # what the migration put there is in the backup


@contextmanager
def guards_aside(sql: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Fill tables without their triggers; they hold again afterwards."""
    if sql.dialect.name == "sqlite":
        triggers = sql.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _ in triggers:
            sql.exec_driver_sql(f'DROP TRIGGER "{name}"')
        yield
        for _, statement in triggers:
            sql.exec_driver_sql(statement)
    else:
        for table in tables:
            sql.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        yield
        sql.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")  # a table that is still to be looked at cannot be altered
        for table in tables:
            sql.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


def load_rows(sql: Connection, part: Part, columns: Sequence[str]) -> None:
    """Insert the rows of a part of a table.

    Raises:
        CoopError: a line is not one of this table.
    """
    connection: Any = sql.connection.dbapi_connection
    names = ", ".join(f'"{name}"' for name in columns)
    if sql.dialect.name == "postgresql":
        _make_months(sql, part, columns)
        with connection.cursor() as cursor, cursor.copy(f'COPY "{part.table}" ({names}) FROM STDIN') as copy:
            copy.write(part.body)
        return
    kinds = {str(row[1]): str(row[2]) for row in sql.exec_driver_sql(f'PRAGMA table_info("{part.table}")')}
    readers = [reader_of(kinds[name]) for name in columns]
    marks = ", ".join("?" * len(columns))
    try:
        rows = [decode_row(line, readers) for line in part.body.decode().removesuffix("\n").split("\n")]
    except ValueError as error:
        raise CoopError("damaged-backup", f"a row of {part.table} cannot be read: {error}") from None
    connection.executemany(f'INSERT INTO "{part.table}" ({names}) VALUES ({marks})', rows)


def _make_months(sql: Connection, part: Part, columns: Sequence[str]) -> None:
    """Make the months of the rows of a partitioned table; a backup of a file names none."""
    column = months.find_day_column(sql, part.table)
    if column is not None:
        at = columns.index(column)
        days = {int(line.split(b"\t")[at]) for line in part.body.splitlines()}
        months.make_all(sql, part.table, {months.month_of(day) for day in days})


def finish_tables(sql: Connection, service: Service) -> None:
    """Count on from the newest numbers, hold the rows to each other, and bring the tables up to date.

    Raises:
        CoopError: a row refers to one that is not there.
    """
    if sql.dialect.name == "postgresql":
        for table in inspect(sql).get_table_names():
            for column in inspect(sql).get_columns(table):
                if column.get("identity") or "nextval" in str(column.get("default")):
                    sql.exec_driver_sql(
                        f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column['name']}'),"
                        f' greatest(max("{column["name"]}"), 1), max("{column["name"]}") IS NOT NULL) FROM "{table}"'
                    )
    elif orphan := sql.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise CoopError("damaged-backup", f"a row of {orphan[0]} in {service.name} refers to none of {orphan[2]}")
    for name, whole in months.list_detached(sql):
        months.guard_detached(sql, whole, name)
    kept = remaking.rows_held(sql, service.name) if sql.dialect.name == "sqlite" else nullcontext()
    with kept:
        command.upgrade(migration_config(sql, service.migrations), "heads")
    rowwall.raise_walls(sql, service.name)  # now, for nothing can be copied into a table behind a wall
