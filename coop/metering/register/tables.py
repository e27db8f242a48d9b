"""Tables of the register: finer resolutions, decisions about periods that were closed already, and what is heard of
members: who holds which connection, and under which contract."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Integer, SmallInteger, String, Table

from coop.kit.metadata import Instant
from coop.metering.tables import metadata, refers

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

late_decision = Table(
    "late_decision",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", String(120), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("cause", String(500), nullable=False),
    Column("reason", String(500), nullable=False),
)
"""Decisions about a period that was closed already: its next correction says so."""

peak_power = Table(
    "peak_power",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("serial", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("valid_from", Date, nullable=False),
    Column("peak_w", Integer, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(120), nullable=False),
    Column("reason", String(500), nullable=False),
    CheckConstraint("peak_w BETWEEN 0 AND 100000000", name="within_bounds"),
    CheckConstraint("reason <> ''", name="reasoned"),
)
"""Statements on the peak power of the panels behind a meter, each from a day on."""

RESOLUTIONS_KEPT = (register_resolution, peak_power)
"""Tables of which no row is ever changed or deleted."""
