"""Tables of identity beside the accounts themselves: what is asked for, and waits for somebody to use or confirm it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, String, Table

from coop.kit.metadata import Instant
from coop.members.tables import metadata

one_time_address = Table(
    "one_time_address",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("key_sha256", String(64), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("email", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("outcome", String(20)),
    ForeignKeyConstraint(["community", "account_id"], ["account.community", "account.account_id"]),
    CheckConstraint("purpose IN ('set-password', 'confirm-email')", name="purpose_known"),
    CheckConstraint("(purpose = 'confirm-email') = (email <> '')", name="email_confirmed"),
    CheckConstraint("expires_at > made_at", name="expires_after_made"),
    CheckConstraint("outcome IN ('used', 'replaced')", name="outcome_known"),
    CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"),
)
"""Addresses that let one person do one thing once. Only the hash of the key is kept."""
Index("ix_one_time_address_account_id", one_time_address.c.community, one_time_address.c.account_id)
