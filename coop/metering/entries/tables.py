"""Tables of what people say that a meter said."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, String, Table

from coop.kit.columns import Choice, Exact
from coop.kit.metadata import Instant
from coop.metering.model import Quantity
from coop.metering.tables import metadata, refers

correction_proposal = Table(
    "correction_proposal",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("serial", String(100), nullable=False),
    Column("quantity", Choice(Quantity, 40), nullable=False),
    Column("at", Instant, nullable=False),
    Column("value", Exact, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(120), nullable=False),
    Index("ix_correction_proposal_serial", "community", "serial"),
    CheckConstraint("reason <> ''", name="reasoned"),
)
"""Proposals of what a meter said at an instant."""

correction_answer = Table(
    "correction_answer",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("proposal_id", String(36), primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("answered_by", String(120), nullable=False),
    refers("proposal_id", "correction_proposal"),
)
"""Answers of second persons to corrections."""

ENTRIES_KEPT = (correction_proposal, correction_answer)
"""Tables of which no row is ever changed or deleted."""
