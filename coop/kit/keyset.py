"""Pages of a list by keyset: the rows behind the last one that was seen, which stays right while rows come and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Select, literal, tuple_

Part = str | int | date | datetime
Key = tuple[Part, ...]
Row = TypeVar("Row")
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class Window:
    """A part of a list: at most ``limit`` rows behind the one with the key ``after``; from the start without it."""

    limit: int
    after: Key | None = None


def cut_query(
    query: Select[*Columns], window: Window | None, *columns: ColumnElement[Any], newest_first: bool = False
) -> Select[*Columns]:
    """Order a query by ``columns``, which tell every row from any other, and keep a window and one row more of it.

    The row more says that the list goes on. Without a window the whole list is kept.
    """
    query = query.order_by(*(column.desc() if newest_first else column.asc() for column in columns))
    if window is None:
        return query
    if window.after is not None:
        row = tuple_(*columns)
        key = tuple_(*(literal(part, column.type) for part, column in zip(window.after, columns, strict=True)))
        query = query.where(row < key if newest_first else row > key)
    return query.limit(window.limit + 1)


def cut_rows(
    rows: Sequence[Row], window: Window, key_of: Callable[[Row], Key], *, newest_first: bool = False
) -> list[Row]:
    """A window and one row more of rows that are at hand, and lie in order of their keys.

    >>> cut_rows(["a", "b", "c", "d"], Window(2, ("a",)), lambda row: (row,))
    ['b', 'c', 'd']
    >>> cut_rows(["d", "c", "b", "a"], Window(1, ("c",)), lambda row: (row,), newest_first=True)
    ['b', 'a']
    """
    after = window.after
    if after is None:
        return list(rows[: window.limit + 1])
    behind = [row for row in rows if (key_of(row) < after if newest_first else key_of(row) > after)]
    return behind[: window.limit + 1]
