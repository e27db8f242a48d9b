"""The table of registers that turned out to be finer than their first delivery said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, SmallInteger, String, Table

from coop.metering.tables import metadata, refers

register_resolution = Table(
    "register_resolution",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("register_id", String(36), primary_key=True),
    Column("exponent", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    refers("register_id", "register"),
)
"""Finer resolutions of registers, each with the number of the delivery that brought it."""

RESOLUTIONS_KEPT = (register_resolution,)
"""Tables of which no row is ever changed or deleted."""
