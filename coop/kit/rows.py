"""One mapping between rows and nouns: a frozen dataclass and a table whose columns have the names of its fields."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import ColumnElement, Table, insert, select

from coop.kit.tx import Tx

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Noun = TypeVar("Noun")


def select_as(
    tx: Tx, noun: type[Noun], table: Table, *where: ColumnElement[bool], order_by: Iterable[Any] = ()
) -> list[Noun]:
    """Rows of a table in the transaction's community, as nouns; a field takes the column of its name."""
    columns = [table.c[name] for name in field_names(cast(Hashable, noun))]
    query = select(*columns).where(table.c.community == tx.community, *where).order_by(*order_by)
    return [noun(*row) for row in tx.execute(query)]


def find_as(tx: Tx, noun: type[Noun], table: Table, *where: ColumnElement[bool]) -> Noun | None:
    """The one row that ``where`` finds, as a noun, or None."""
    return next(iter(select_as(tx, noun, table, *where)), None)


def insert_nouns(tx: Tx, table: Table, nouns: Iterable[object], **columns: object) -> None:
    """Insert a row for each noun, with the transaction's community and further columns that are the same for all."""
    if rows := [row_of(tx, noun, **columns) for noun in nouns]:
        tx.execute(insert(table), rows)


def row_of(tx: Tx, noun: object, **columns: object) -> Mapping[str, object]:
    """The row of one noun."""
    return {
        "community": tx.community,
        **{name: getattr(noun, name) for name in field_names(cast(Hashable, type(noun)))},
        **columns,
    }


@cache
def field_names(noun: Hashable) -> tuple[str, ...]:
    """Names of a dataclass's fields."""
    return tuple(field.name for field in fields(cast("type[DataclassInstance]", noun)))
