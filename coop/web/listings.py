"""A list as it leaves the house: named columns over nouns, whatever file it becomes.

A page shows a list page by page; a ``Listing`` is the whole of it, with the same filters, in the words of the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, auto
from operator import attrgetter
from typing import Any

from coop.web.language import gettext

Value = str | int | bool | Decimal | date | datetime | None


class Kind(Enum):
    """Kind of what a column holds, and so how each file writes it."""

    TEXT = auto()
    WORD = auto()
    """A word of ours such as ``tenant``: a program gets it as it is, a person in their language."""
    WHOLE = auto()
    DECIMAL = auto()
    EUROS = auto()
    """Whole cents, written as euros with two decimals."""
    FLAG = auto()
    DAY = auto()
    INSTANT = auto()
    """An instant, written in UTC."""


_UNITS = {Kind.EUROS: "EUR", Kind.INSTANT: "UTC"}


@dataclass(frozen=True)
class Column:
    """One column: the ``name`` that programs read, the ``label`` that people do, and where in a row its value stands.

    ``of`` is an attribute, a path of attributes, or a function of the row; by default the attribute ``name``.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    unit: str = ""
    of: str | Callable[[Any], Any] = ""

    def reader(self) -> Callable[[Any], Value]:
        """The function that reads the column from a row; cents become euros, exactly."""
        read: Callable[[Any], Any] = self.of if callable(self.of) else attrgetter(self.of or self.name)
        if self.kind is not Kind.EUROS:
            return read

        def read_euros(row: Any) -> Value:
            cents = read(row)
            return None if cents is None else Decimal(cents).scaleb(-2)

        return read_euros

    def heading(self, lang: str) -> str:
        """The label in the reader's language, with its unit."""
        unit = self.unit or _UNITS.get(self.kind, "")
        return gettext(lang, self.label) + (f" [{unit}]" if unit else "")


@dataclass(frozen=True)
class Listing:
    """Rows of nouns under columns; ``name`` is that of the file."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Any]

    def values(self) -> Iterator[list[Value]]:
        """The values of each row, in the order of the columns."""
        readers = [column.reader() for column in self.columns]
        for row in self.rows:
            yield [read(row) for read in readers]
