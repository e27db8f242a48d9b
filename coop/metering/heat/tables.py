"""Tables of what people say about breaks of registers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, String, Table

from coop.kit.columns import Choice
from coop.kit.metadata import Instant
from coop.metering.heat.verdicts import BreakKind
from coop.metering.tables import metadata, refers

break_proposal = Table(
    "break_proposal",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("register_id", String(36), nullable=False),
    Column("before_s", BigInteger, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("before", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("kind", Choice(BreakKind, 20), nullable=False),
    Column("false_from_s", BigInteger),
    Column("false_to_s", BigInteger),
    Column("reason", String(500), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(120), nullable=False),
    refers("register_id", "register"),
    CheckConstraint("before_s < at_s", name="in_order"),
    CheckConstraint(
        "kind IN ('dip', 'slip', 'rollover', 'reset', 'exchange', 'keep', 'readings', 'intervals', 'aside')",
        name="kind",
    ),
    CheckConstraint("reason <> ''", name="reasoned"),
    CheckConstraint("(kind IN ('dip', 'slip')) = (false_from_s IS NOT NULL)", name="false_from"),
    CheckConstraint("(kind IN ('dip', 'slip')) = (false_to_s IS NOT NULL)", name="false_to"),
)
"""Proposals of what happened at breaks of registers that nothing explains."""

break_answer = Table(
    "break_answer",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("proposal_id", String(36), primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("answered_by", String(120), nullable=False),
    refers("proposal_id", "break_proposal"),
)
"""Answers of second persons to proposals."""

BREAKS_KEPT = (break_proposal, break_answer)
"""Tables of which no row is ever changed or deleted."""
