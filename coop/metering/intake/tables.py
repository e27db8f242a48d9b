"""Tables of files that people bring in, and of what two of them say: withdrawals of readings, changes of a meter."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, SmallInteger, String, Table

from coop.kit.columns import Json, Zipped
from coop.kit.metadata import Instant
from coop.metering.intake.acts import Act
from coop.metering.tables import metadata, refers

reading_upload = Table(
    "reading_upload",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("file_name", String(200), nullable=False),
    Column("uploaded_at", Instant, nullable=False),
    Column("uploaded_by", String(120), nullable=False),
    Column("body", Zipped, nullable=False),
)

reading_mapping = Table(
    "reading_mapping",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("mapping", Json(dict[str, Any]), nullable=False),
    Column("kept_at", Instant, nullable=False),
    Column("kept_by", String(120), nullable=False),
)

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

meter_proposal = Table(
    "meter_proposal",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("serial", String(100), nullable=False),
    Column("told", Json(Act), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(120), nullable=False),
    Index("ix_meter_proposal_serial", "community", "serial"),
)
"""Proposals of what happened to a meter, or of what was registered of it wrongly."""

meter_answer = Table(
    "meter_answer",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("proposal_id", String(36), primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("answered_by", String(120), nullable=False),
    refers("proposal_id", "meter_proposal"),
)
"""Answers of second persons to changes of meters."""

INTAKE_KEPT = (withdrawal, withdrawal_answer, meter_proposal, meter_answer)
"""Tables of which no row is ever changed or deleted."""
