"""Parts that the register's tables have in common: their metadata, and the columns that come again.

Invariant: ids are those of one co-operative, so every key begins with its community, and so does every reference.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Dialect, ForeignKeyConstraint, String, TypeDecorator

from coop.communities.tables import add_community_tables
from coop.kit.metadata import new_metadata
from coop.kit.tables import add_kit_tables

metadata = new_metadata()
add_kit_tables(metadata)
add_community_tables(metadata)


class Words(TypeDecorator[frozenset[str]]):
    """A set of words without commas, kept in order with commas between."""

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else ",".join(sorted(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> frozenset[str] | None:
        return None if value is None else frozenset(filter(None, value.split(",")))


def community_column() -> Column[str]:
    return Column("community", String(100), primary_key=True)


def key_column(name: str) -> Column[str]:
    return Column(name, String(36), primary_key=True)


def reference_column(name: str, **options: Any) -> Column[str]:
    return Column(name, String(36), **({"nullable": False} | options))


def text_column(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False)


def refers_to(column: str, table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community", column], [f"{table}.community", f"{table}.{column}"])
