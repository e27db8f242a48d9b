"""Tables of privacy: what data are used for, what members said to it, and who looked."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, String, Table

from coop.kit.metadata import Instant
from coop.members.tables.shape import (
    community_column,
    key_column,
    metadata,
    reference_column,
    refers_to,
    text_column,
)

purpose = Table(
    "purpose",
    metadata,
    community_column(),
    key_column("purpose_id"),
    text_column("title", 100),
    text_column("text", 2000),
    Column("made_at", Instant, nullable=False),
    text_column("made_by", 120),
    Column("ended_at", Instant),
)
"""Purposes of the co-operative's own for which members are asked whether their data may be used."""

consent = Table(
    "consent",
    metadata,
    community_column(),
    key_column("member_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text_column("purpose_id", 36),
    Column("is_given", Boolean, nullable=False),
    Column("said_at", Instant, nullable=False),
    text_column("actor", 120),
    text_column("channel", 20),
    text_column("wording_sha256", 64),
    text_column("paper", 200),
    Column("signed_on", Date),
    refers_to("member_id", "member"),
    CheckConstraint("(paper = '') = (signed_on IS NULL)", name="paper_has_its_day"),
)
"""Answers of members to purposes, of which none is changed: the newest one holds."""

use_seen = Table(
    "use_seen",
    metadata,
    community_column(),
    Column("seen_on", Date, primary_key=True),
    Column("viewer", String(120), primary_key=True),
    Column("member_id", String(36), primary_key=True),  # empty: everybody's
    Column("subject", String(20), primary_key=True),
)
"""Looks at the detailed use of members, as metering tells them."""
Index("ix_use_seen_member_id", use_seen.c.community, use_seen.c.member_id, use_seen.c.seen_on)

erasure = Table(
    "erasure",
    metadata,
    community_column(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    reference_column("member_id"),
    Column("asked_at", Instant, nullable=False),
    text_column("asked_by", 120),
    text_column("paper", 200),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    Column("kept_until", Date),
    refers_to("member_id", "member"),
    CheckConstraint("outcome IN ('erased', 'restricted', 'withdrawn')", name="outcome_known"),
    CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"),
    CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_by_somebody"),
    CheckConstraint("outcome = 'withdrawn' OR settled_by <> asked_by", name="carried_out_by_another"),
    CheckConstraint("(COALESCE(outcome, '') = 'restricted') = (kept_until IS NOT NULL)", name="restricted_until_a_day"),
)
"""Requests to erase what is known of a member, and what became of each."""

restricted_person = Table(
    "restricted_person",
    metadata,
    community_column(),
    key_column("member_id"),
    text_column("name", 200),
    text_column("address", 200),
    text_column("postcode", 20),
    text_column("city", 100),
    Column("kept_until", Date, nullable=False),
    refers_to("member_id", "member"),
)
"""Names and addresses that nothing uses any more and the books still need, until a day."""
