"""Columns and references that the tables of governance are made of, and the metadata that holds them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from coop.communities.law_store import add_law_table
from coop.communities.tables import add_community_tables
from coop.kit.metadata import Instant, new_metadata
from coop.kit.tables import add_kit_tables

metadata = new_metadata()
add_kit_tables(metadata)
add_community_tables(metadata)
law = add_law_table(metadata)


def make_table(name: str, key: tuple[str, ...], *parts: Any) -> Table:
    community = Column("community", String(100), nullable=False)
    return Table(name, metadata, community, *parts, PrimaryKeyConstraint("community", *key))


def refer(
    columns: tuple[str, ...], table: str, theirs: tuple[str, ...] = (), name: str | None = None
) -> ForeignKeyConstraint:
    """A foreign key within the community; a second one to the same table needs a ``name``."""
    return ForeignKeyConstraint(
        ["community", *columns],
        [f"{table}.community", *(f"{table}.{column}" for column in theirs or columns)],
        name=name,
    )


def id_column(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(100), nullable=nullable)


def text_column(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def day_column(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Date, nullable=nullable)


def count_column(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def sha256_column(name: str) -> Column[str]:
    return Column(name, String(64), nullable=False)


def said() -> tuple[Column[Any], Column[Any]]:
    return Column("recorded_at", Instant, nullable=False), Column("actor", String(120), nullable=False)


def cents_column(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)
