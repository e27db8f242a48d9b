"""Tables of what metering hears of members: who holds which connection, and under which contract."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String, Table

from coop.metering.tables import metadata

connection_opened = Table(
    "connection_opened",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("connection_id", String(100), primary_key=True),
    Column("member_id", String(100), primary_key=True),
    Column("opened_on", Date, primary_key=True),
    Column("registration", Integer, primary_key=True),
    Column("building_id", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("number", String(100), nullable=False),
)

connection_closed = Table(
    "connection_closed",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("connection_id", String(100), primary_key=True),
    Column("member_id", String(100), primary_key=True),
    Column("opened_on", Date, primary_key=True),
    Column("registration", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("closed_on", Date),
)
"""Each telling of the end of a hold; the newest number holds, and without a day the hold goes on."""

contract_signed = Table(
    "contract_signed",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("contract_id", String(100), primary_key=True),
    Column("connection_id", String(100), nullable=False),
    Column("starts_on", Date, nullable=False),
)

contract_ended = Table(
    "contract_ended",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("contract_id", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("ends_on", Date),
)
"""Each telling of the end of a contract; the newest number holds, and without a day the contract goes on."""
