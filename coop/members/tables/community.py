"""Tables of the co-operative's own particulars that wait for somebody, or are no text."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, Integer, LargeBinary, String, Table

from coop.kit.columns import Json
from coop.kit.metadata import Instant
from coop.members.tables.shape import community_column, metadata, text_column

iban_proposal = Table(
    "iban_proposal",
    metadata,
    community_column(),
    Column("number", Integer, primary_key=True),
    text_column("iban", 34),
    Column("proposed_at", Instant, nullable=False),
    text_column("proposed_by", 120),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn', 'replaced')", name="outcome_known"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"
    ),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> proposed_by", name="confirmed_by_another"),
)
"""Other bank accounts of the co-operative, each proposed by one person and confirmed by another."""

choice_proposal = Table(
    "choice_proposal",
    metadata,
    community_column(),
    Column("number", Integer, primary_key=True),
    text_column("name", 40),
    Column("valid_from", Date, nullable=False),
    Column("value", Json(dict[str, Any]), nullable=False),
    text_column("source", 400),
    Column("proposed_at", Instant, nullable=False),
    text_column("proposed_by", 120),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn', 'replaced')", name="outcome_known"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"
    ),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> proposed_by", name="confirmed_by_another"),
)
"""Choices that take two people, such as who needs a second factor: one person proposes, another confirms."""

decision_stop = Table(
    "decision_stop",
    metadata,
    community_column(),
    Column("resolution_id", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text_column("manner", 20),
    Column("from_on", Date, nullable=False),
    Column("told_on", Date, nullable=False),
    CheckConstraint("number >= 1", name="stops_count"),
)
"""Tellings about decisions that fell, or act again: choices rest on them, and the name of who is wound up."""

dissolution = Table(
    "dissolution",
    metadata,
    community_column(),
    Column("resolution_id", String(100), primary_key=True),
    Column("dissolved_on", Date, nullable=False),
)
"""Decisions by which the members ended the co-operative, from a day on."""

logo = Table(
    "logo",
    metadata,
    community_column(),
    Column("sha256", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),
    text_column("kept_by", 120),
)
