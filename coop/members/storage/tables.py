"""Tables of the register."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from coop.kit.database import Instant, new_metadata
from coop.kit.tables import add_kit_tables

metadata = new_metadata()
add_kit_tables(metadata)


def _id(name: str, **how: Any) -> Column[str]:
    return Column(name, String(64), **how)


def _community() -> Column[str]:
    return Column("community", String(100), nullable=False)


def _text(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False)


def _brought_by() -> Column[str]:
    return Column("import_id", ForeignKey("import_file.import_id"), nullable=False)


import_file = Table(
    "import_file",
    metadata,
    _id("import_id", primary_key=True),
    _community(),
    _text("kind", 20),
    _text("file_name", 200),
    Column("record_count", Integer, nullable=False),
    Column("added_count", Integer, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("undone_at", Instant),
    CheckConstraint("added_count BETWEEN 0 AND record_count", name="added_are_of_the_records"),
)

member = Table(
    "member",
    metadata,
    _id("member_id", primary_key=True),
    _community(),
    _text("number", 50),
    _text("kind", 20),
    _text("name", 200),
    _text("email", 200),
    _text("address", 200),
    _text("postcode", 20),
    _text("city", 100),
    Column("joined_on", Date, nullable=False),
    Column("left_on", Date),
    _brought_by(),
    UniqueConstraint("community", "number"),
    CheckConstraint("left_on IS NULL OR left_on > joined_on", name="leaves_after_joining"),
    CheckConstraint("kind IN ('tenant', 'owner', 'business', 'corporation')", name="kind_known"),
)

connection = Table(
    "connection",
    metadata,
    _id("connection_id", primary_key=True),
    _community(),
    _text("number", 50),
    _text("building", 100),
    _text("kind", 20),
    _text("address", 200),
    _text("ean", 18),
    _brought_by(),
    UniqueConstraint("community", "number"),
    CheckConstraint("kind IN ('dwelling', 'business', 'common')", name="kind_known"),
)
Index(
    "ix_connection_ean",
    connection.c.community,
    connection.c.ean,
    unique=True,
    sqlite_where=connection.c.ean != "",
    postgresql_where=connection.c.ean != "",
)

occupancy = Table(
    "occupancy",
    metadata,
    Column("connection_id", ForeignKey("connection.connection_id"), primary_key=True),
    Column("opened_on", Date, primary_key=True),
    _community(),
    Column("member_id", ForeignKey("member.member_id"), nullable=False, index=True),
    Column("closed_on", Date),
    Column("registration", Integer, nullable=False),
    _brought_by(),
    CheckConstraint("closed_on IS NULL OR closed_on > opened_on", name="closes_after_opening"),
)

contract = Table(
    "contract",
    metadata,
    _id("contract_id", primary_key=True),
    _community(),
    _text("number", 50),
    Column("member_id", ForeignKey("member.member_id"), nullable=False, index=True),
    Column("connection_id", ForeignKey("connection.connection_id"), nullable=False, index=True),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("tariff_clause", String(50)),
    _brought_by(),
    UniqueConstraint("community", "number"),
    CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="ends_after_starting"),
)

gas_bill = Table(
    "gas_bill",
    metadata,
    Column("contract_id", ForeignKey("contract.contract_id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    _community(),
    Column("gas_m3", Integer, nullable=False),
    Column("amount_cents", Integer, nullable=False),
    CheckConstraint("gas_m3 >= 0 AND amount_cents >= 0", name="not_negative"),
)

withdrawn = Table(
    "withdrawn",
    metadata,
    _id("import_id", primary_key=True),
    Column("noun", String(20), primary_key=True),
    Column("number", String(100), primary_key=True),
    _community(),
    _id("record_id", nullable=False),
)
"""What undone imports took out: others were told that it never was, so its id is never used again."""

account = Table(
    "account",
    metadata,
    _id("account_id", primary_key=True),
    _community(),
    _text("email", 200),
    _text("name", 200),
    Column("password_hash", Text, nullable=False),
    Column("one_time_until", Instant),
    _text("roles", 200),
    Column("member_id", ForeignKey("member.member_id"), index=True),
    Column("active", Boolean, nullable=False),
    UniqueConstraint("community", "email"),
)
"""Who can sign in. A password with ``one_time_until`` opens nothing but the choice of an own one, until then."""

sign_in_try = Table(
    "sign_in_try",
    metadata,
    _id("address_key", primary_key=True),
    _community(),
    Column("tries", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
)
"""Tries to sign in since the last that went well, for any address that was typed, whether somebody has it or not."""
