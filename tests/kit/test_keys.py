"""Every key of a table begins with the co-operative whose row it is: two of them may have the same ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from coop.events import SERVICES
from coop.operator.services import service_named

WITHOUT = {
    "journal": {
        ("row_id",): "the order in which one service wrote, whoever's facts they were: the chain is one",
        ("position",): "the order in which they were sealed, in one chain",
    },
    "outbound_message": {("number",): "the order in which one service's messages go out"},
    "community_host": {("host",): "a host name belongs to one co-operative of all that there are"},
}
"""Keys without the co-operative, each with its reason."""

NOBODY_S = {
    "relay_state": "up to where one service's chain was handed over",
    "source_position": "up to where another service's chain was heard",
    "slot": "which processes share a broker's session",
    "backup_record": "backups are of the whole installation",
    "outbound_position": "up to where one service's chain became messages",
}
"""Tables of the kit that hold nothing of any co-operative."""


def tables() -> Iterator[Table]:
    """Those of every service."""
    for name in SERVICES:
        yield from service_named(name).metadata.sorted_tables


def keys_of(table: Table) -> Iterator[tuple[str, ...]]:
    """Columns of the primary key, of unique constraints and of unique indexes."""
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            yield tuple(column.name for column in constraint.columns)
    for index in table.indexes:
        if index.unique:
            yield tuple(column.name for column in index.columns)


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: table.name)
def test_every_table_says_whose_its_rows_are(table: Table) -> None:
    assert ("community" in table.c) != (table.name in NOBODY_S)


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: table.name)
def test_every_key_begins_with_the_co_operative(table: Table) -> None:
    if table.name not in NOBODY_S:
        without = {key for key in keys_of(table) if key[0] != "community"}
        assert without == set(WITHOUT.get(table.name, {}))


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: table.name)
def test_every_reference_stays_within_the_co_operative(table: Table) -> None:
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            assert constraint.elements[0].parent.name == constraint.elements[0].column.name == "community"
