"""Tables of withdrawals of false readings."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, SmallInteger, String, Table

from coop.kit.metadata import Instant
from coop.metering.tables import metadata, refers

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("register_id", String(36), nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("step_s", Integer, nullable=False),
    Column("exponent", SmallInteger, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(120), nullable=False),
    # The withdrawal that it takes back: the reading stands again.
    Column("undoes", String(36)),
    refers("register_id", "register"),
    refers("undoes", "withdrawal"),
    CheckConstraint("reason <> ''", name="reasoned"),
)
"""Proposals to withdraw a false reading."""

withdrawal_answer = Table(
    "withdrawal_answer",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("withdrawal_id", String(36), primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("answered_by", String(120), nullable=False),
    refers("withdrawal_id", "withdrawal"),
)
"""Answers of second persons to proposals to withdraw a reading."""

WITHDRAWALS_KEPT = (withdrawal, withdrawal_answer)
"""Tables of which no row is ever changed or deleted."""
