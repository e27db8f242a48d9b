"""One mapping between rows and nouns: a frozen dataclass and a table whose columns have the names of its fields.

A field that holds a ``Period``, such as ``days``, takes two columns, ``days_start`` and ``days_end``; where it may be
None, both are null.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_type_hints

from sqlalchemy import Column, ColumnElement, Select, Table, bindparam, select

from coop.kit.database import among_bound, as_list
from coop.kit.keyset import Window, cut_query
from coop.kit.tx import Tx
from coop.values import Period

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Noun = TypeVar("Noun")


@dataclass(frozen=True)
class _Field:
    """A field of a noun."""

    name: str
    is_period: bool
    is_optional_period: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold it."""
        return (f"{self.name}_start", f"{self.name}_end") if self.is_period else (self.name,)

    @property
    def paths(self) -> tuple[str, ...]:
        """The way from a noun to what each of the columns holds."""
        return (f"{self.name}.start", f"{self.name}.end") if self.is_period else (self.name,)

    def read(self, noun: object) -> tuple[object, ...]:
        """Values that each of the columns holds."""
        value = getattr(noun, self.name)
        if self.is_period:
            return (None, None) if value is None else (value.start, value.end)
        return (value,)


def select_as(
    tx: Tx,
    noun: type[Noun],
    table: Table,
    *where: ColumnElement[bool],
    order_by: Iterable[Any] = (),
    window: Window | None = None,
    newest_first: bool = False,
) -> list[Noun]:
    """Rows of a table in the transaction's community, as nouns; a field takes the column of its name.

    Of a ``window`` and one row more where one is asked; ``order_by`` then tells every row from any other, and
    ``newest_first`` turns it round.
    """
    query: Select[Any] = select(*columns_of(noun, table)).where(table.c.community == tx.community, *where)
    if window is None:
        query = query.order_by(*order_by)
    else:
        query = cut_query(query, window, *order_by, newest_first=newest_first)
    return list(map(maker_of(noun), tx.execute(query)))


def find_as(tx: Tx, noun: type[Noun], table: Table, *where: ColumnElement[bool]) -> Noun | None:
    """The one row that ``where`` finds, as a noun, or None."""
    return next(iter(select_as(tx, noun, table, *where)), None)


def find_by(tx: Tx, noun: type[Noun], table: Table, **values: object) -> Noun | None:
    """The one row whose columns have these values, as a noun, or None. A value that is None finds nothing.

    A fifth of the work of ``find_as``: the statement is built once for each noun and set of columns.
    """
    query = _query_by(cast(Hashable, noun), table, tuple(values), ())
    row = tx.execute(query, {"community": tx.community, **values}).first()
    return maker_of(noun)(row) if row is not None else None


def list_by(tx: Tx, noun: type[Noun], table: Table, *order_by: str, **values: object) -> list[Noun]:
    """The rows whose columns have these values, as nouns, by the order of some columns. As with ``find_by``, the
    statement is built once."""
    query = _query_by(cast(Hashable, noun), table, tuple(values), order_by)
    return list(map(maker_of(noun), tx.execute(query, {"community": tx.community, **values})))


@cache
def _query_by(noun: Any, table: Table, names: tuple[str, ...], order_by: tuple[str, ...]) -> Select[Any]:
    held = [table.c[name] == bindparam(name, type_=table.c[name].type) for name in ("community", *names)]
    return select(*columns_of(noun, table)).where(*held).order_by(*(table.c[name] for name in order_by))


def group_as(
    tx: Tx,
    noun: type[Noun],
    table: Table,
    by: Sequence[Column[Any]],
    *where: ColumnElement[bool],
    order_by: Iterable[Any] = (),
) -> dict[tuple[Any, ...], list[Noun]]:
    """Rows of a table as nouns, under the values of the columns ``by``, which need not be fields of theirs."""
    query = select(*by, *columns_of(noun, table)).where(table.c.community == tx.community, *where).order_by(*order_by)
    make, width = maker_of(noun), len(by)
    groups: dict[tuple[Any, ...], list[Noun]] = {}
    for row in tx.execute(query):
        groups.setdefault(tuple(row[:width]), []).append(make(row[width:]))
    return groups


def group_among(
    tx: Tx, noun: type[Noun], table: Table, by: str, wanted: Collection[object], *order_by: str, **values: object
) -> dict[Any, list[Noun]]:
    """Rows whose column ``by`` is one of ``wanted``, and whose others have these values, as nouns under their value of
    ``by``. As with ``find_by``, the statement is built once."""
    query = _query_among(cast(Hashable, noun), table, tx.dialect.name, by, tuple(values), order_by)
    make = maker_of(noun)
    groups: dict[Any, list[Noun]] = {}
    for row in tx.execute(query, {"community": tx.community, "wanted": as_list(tx, wanted), **values}):
        groups.setdefault(row[0], []).append(make(row[1:]))
    return groups


@cache
def _query_among(
    noun: Any, table: Table, dialect_name: str, by: str, names: tuple[str, ...], order_by: tuple[str, ...]
) -> Select[Any]:
    query = _query_by(noun, table, names, order_by)
    held = query.with_only_columns(table.c[by], *columns_of(noun, table))
    return held.where(among_bound(dialect_name, table.c[by], "wanted"))


def insert_nouns(tx: Tx, table: Table, nouns: Iterable[object], **columns: object) -> None:
    """Insert a row for each noun, with the transaction's community and further columns that are the same for all."""
    insert_beside(tx, table, list(nouns), {}, **columns)


def insert_beside(
    tx: Tx, table: Table, nouns: Sequence[object], beside: Mapping[str, Sequence[object]], **columns: object
) -> None:
    """Insert a row for each noun of one kind, as ``insert_nouns`` does, and columns ``beside`` them with a value for
    each."""
    if not nouns:
        return
    names, read = _reader_of(cast(Hashable, type(nouns[0])))
    same = {"community": tx.community, **columns}
    filled = {name: [value] * len(nouns) for name, value in same.items()}
    tx.insert_columns(table, {**filled, **beside, **dict(zip(names, zip(*map(read, nouns), strict=True), strict=True))})


def row_of(tx: Tx, noun: object, **columns: object) -> Mapping[str, object]:
    """The row of one noun, with further columns."""
    names, read = _reader_of(cast(Hashable, type(noun)))
    return {"community": tx.community, **columns, **dict(zip(names, read(noun), strict=True))}


def columns_of(noun: type[object], table: Table) -> list[Column[Any]]:
    """The columns of a table that hold a noun, in the order of its fields."""
    return [table.c[name] for field in _fields(cast(Hashable, noun)) for name in field.columns]


def maker_of(noun: type[Noun]) -> Callable[[Sequence[Any]], Noun]:
    """Makes a noun of the values of its columns."""
    periods = [at for at, field in enumerate(_fields(cast(Hashable, noun))) if len(field.columns) == 2]
    if not periods:
        return lambda values: noun(*values)

    def make(values: Sequence[Any]) -> Noun:
        merged = list(values)
        for at in periods:
            merged[at : at + 2] = [_period(merged[at], merged[at + 1])]
        return noun(*merged)

    return make


def _period(start: Any, end: Any) -> Period | None:
    return None if start is None else Period(start, end)


@cache
def _reader_of(noun: Hashable) -> tuple[tuple[str, ...], Callable[[object], tuple[object, ...]]]:
    """Names of the columns that hold a noun, and what reads their values from one."""
    names = tuple(name for field in _fields(noun) for name in field.columns)
    paths = [path for field in _fields(noun) for path in field.paths]
    if len(paths) > 1 and not any(field.is_optional_period for field in _fields(noun)):
        return names, attrgetter(*paths)

    def read(value: object) -> tuple[object, ...]:
        return tuple(part for field in _fields(noun) for part in field.read(value))

    return names, read


@cache
def _fields(noun: Hashable) -> tuple[_Field, ...]:
    kinds = get_type_hints(noun)
    names = [field.name for field in fields(cast("type[DataclassInstance]", noun))]
    return tuple(_Field(name, kinds[name] in (Period, Period | None), kinds[name] == (Period | None)) for name in names)
