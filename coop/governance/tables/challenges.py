"""Table of rulings that were disputed at the meeting."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, String, UniqueConstraint

from coop.governance.tables.columns import count_column, id_column, make_table, refer, said

challenge = make_table(
    "challenge",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    Column("asked_by", String(10), nullable=False),
    id_column("member_id", nullable=True),
    Column("entry_id", String(100)),
    Column("by_hands", Boolean, nullable=False),
    count_column("votes_asking"),
    count_column("votes_there"),
    Column("is_granted", Boolean, nullable=False),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("resolution_id",), "decision"),
    refer(("entry_id",), "entry"),
    UniqueConstraint("community", "resolution_id", "member_id"),
    CheckConstraint("number >= 1 AND votes_asking >= 0 AND votes_there >= 0", name="number"),
    CheckConstraint("asked_by IN ('voter', 'majority')", name="asked_by"),
    CheckConstraint("(asked_by = 'voter') = (member_id IS NOT NULL)", name="member"),
    CheckConstraint("asked_by = 'voter' OR entry_id IS NOT NULL", name="signed"),
)
"""Somebody disputes the outcome that was pronounced, at once: a voter who is there, in their own session or as two
people signed it, or the majority of the meeting. ``is_granted``: with it a new vote is held."""

CHALLENGE_TABLES = (challenge,)
