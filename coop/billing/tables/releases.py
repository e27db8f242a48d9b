"""Tables of what one person proposed to let through, and another confirms."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Integer, String, Table

from coop.billing.tables.heard import key, metadata
from coop.kit.metadata import Instant

amount_release = Table(
    "amount_release",
    metadata,
    key("community"),
    key("contract_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("year_start", Date, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("entered_by", String(120), nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn')", name="outcome_known"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"
    ),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> entered_by", name="confirmed_by_another"),
)
"""First monthly amounts in which something is unlikely, as one person proposed to set them all the same; they are set
once another person confirmed it, and of a contract one waits at most."""

Index(
    "uq_amount_release_waits",
    amount_release.c.community,
    amount_release.c.contract_id,
    unique=True,
    sqlite_where=amount_release.c.settled_at.is_(None),
    postgresql_where=amount_release.c.settled_at.is_(None),
)
