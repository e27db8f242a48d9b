"""Inserts straight through the driver: for a row, SQLAlchemy's own parameters cost more than SQLite's work.

The columns' types still turn values into what the database stores, as they do everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Date, Dialect, LargeBinary, Table
from sqlalchemy.types import TypeEngine

from coop.kit.columns import Choice
from coop.kit.metadata import Instant

Convert = Callable[[Any], Any]


def insert_mappings(
    sql: Connection, table: Table, rows: Sequence[Mapping[str, object]], key: Sequence[str] = ()
) -> None:
    """Insert rows that have a value for the same columns; with a ``key``, those whose key is not there yet.

    Raises:
        ValueError: a row has other columns than the first.
    """
    if not rows:
        return
    if any(row.keys() != rows[0].keys() for row in rows[1:]):
        raise ValueError(f"rows for {table.name} have different columns")
    insert_columns(sql, table, {name: [row[name] for row in rows] for name in rows[0]}, key)


def insert_columns(
    sql: Connection, table: Table, columns: Mapping[str, Sequence[object]], key: Sequence[str] = ()
) -> None:
    """Insert rows that are given column by column, as ``insert_mappings`` does.

    Raises:
        ValueError: a column has more values than another.
    """
    statement, converts = _prepare(sql.dialect, table, tuple(columns), tuple(key))
    values: list[Iterable[object]] = [
        columns[name] if convert is None else map(convert, columns[name]) for name, convert in converts
    ]
    if rows := list(zip(*values, strict=True)):
        sql.exec_driver_sql(statement, rows)


class Waiting:
    """Rows of one table that wait to be inserted at once: whoever looks at the database inserts them first."""

    def __init__(self, sql: Connection) -> None:
        self._sql = sql
        self._alike: tuple[Table, tuple[str, ...], tuple[str, ...]] | None = None
        self._rows: list[Mapping[str, object]] = []

    def add(self, table: Table, rows: Sequence[Mapping[str, object]], key: Sequence[str]) -> None:
        """Let rows wait with those before them, as far as these are of the same kind."""
        if not rows:
            return
        alike = table, tuple(key), tuple(rows[0])
        if alike != self._alike:
            self.insert()
        self._alike = alike
        self._rows += rows

    def insert(self) -> None:
        """Insert all that wait."""
        if self._alike is not None:
            (table, key, _), rows = self._alike, self._rows
            self._alike, self._rows = None, []
            insert_mappings(self._sql, table, rows, key)


def insert_tuples(sql: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows of values as the driver takes them, in the order of the table's columns."""
    if not rows:
        return
    columns = [*zip(*rows, strict=True)]
    if sql.dialect.name != "sqlite":
        sql.exec_driver_sql(_prepare_columns(sql.dialect, table), tuple(map(list, columns)))
        return
    filled = {
        column.name: map(_as_sqlite_takes, values) if isinstance(column.type, LargeBinary) else values
        for column, values in zip(table.columns, columns, strict=True)
        if column.server_default is not None or values.count(None) < len(values)
    }
    statement, _ = _prepare(sql.dialect, table, tuple(filled), ())
    sql.exec_driver_sql(statement, [*zip(*filled.values(), strict=True)])


def _as_sqlite_takes(value: object) -> object:
    """A value for which SQLite's driver need not look for an adapter: it looks for one for each of ``bytes`` and None,
    which took as long as a quarter of an insert."""
    return bytearray(value) if isinstance(value, bytes) else value


@lru_cache(maxsize=100)
def _prepare_columns(dialect: Dialect, table: Table) -> str:
    """The statement that takes all rows at once, as an array for each column, so that a guard of the table looks at
    them together."""
    quote = dialect.identifier_preparer.quote
    # Without its length, to which an array would be cut in silence.
    kinds = [column.type.compile(dialect).split("(")[0] for column in table.columns]
    names = ", ".join(map(quote, table.columns.keys()))
    arrays = ", ".join(f"%b::{kind}[]" for kind in kinds)
    return f"INSERT INTO {quote(table.name)} ({names}) SELECT * FROM unnest({arrays})"


@lru_cache(maxsize=1000)
def _prepare(
    dialect: Dialect, table: Table, names: tuple[str, ...], key: tuple[str, ...]
) -> tuple[str, tuple[tuple[str, Convert | None], ...]]:
    """The statement, and for each column what turns a value of its type into the database's."""
    quote = dialect.identifier_preparer.quote
    mark = "?" if dialect.name == "sqlite" else "%s"
    into = f"{quote(table.name)} ({', '.join(map(quote, names))})"
    unless = f" ON CONFLICT ({', '.join(map(quote, key))}) DO NOTHING" if key else ""
    statement = f"INSERT INTO {into} VALUES ({', '.join([mark] * len(names))}){unless}"
    return statement, tuple((name, _converter(table.c[name].type.dialect_impl(dialect), dialect)) for name in names)


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """Converter of a value of a type into the database's. Days, instants and choices come back in most rows of a batch,
    and each is turned once; not decimals, of which two are equal that are written otherwise."""
    convert = kind.bind_processor(dialect)
    return lru_cache(maxsize=4096)(convert) if convert and isinstance(kind, Date | Instant | Choice) else convert
