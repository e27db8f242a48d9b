"""Table of the people whom an OpenID provider knows."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, String, Table, UniqueConstraint

from coop.kit.metadata import Instant
from coop.members.tables import metadata

bound_subject = Table(
    "bound_subject",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("bound_at", Instant, nullable=False),
    ForeignKeyConstraint(["community", "account_id"], ["account.community", "account.account_id"]),
    UniqueConstraint("community", "issuer", "account_id"),
)
"""Accounts by the name under which an OpenID provider knows their owner."""
