"""Tables of what closed periods were computed with besides readings, and of what was decided about them since."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String, Table

from coop.kit.metadata import Instant
from coop.metering.tables import metadata

computed_with = Table(
    "computed_with",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("sha256", String(64), nullable=False),
)
"""Document of the grounds on which a closed period was computed last, whether or not it came out differently."""

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
