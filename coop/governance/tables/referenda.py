"""Table of referenda that members ask on what a meeting adopted."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, String, UniqueConstraint

from coop.governance.tables.columns import count_column, id_column, make_table, refer, said

referendum_request = make_table(
    "referendum_request",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    id_column("member_id"),
    count_column("members_asking"),
    count_column("votes_asking"),
    Column("is_granted", Boolean, nullable=False),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("resolution_id",), "decision"),
    UniqueConstraint("community", "resolution_id", "member_id"),
    CheckConstraint("number >= 1 AND members_asking >= 1 AND votes_asking >= 1", name="number"),
)
"""A member asks a referendum on a decision, in their own session. ``is_granted``: with this request enough ask, and the
decision is suspended until all members voted on it."""

REFERENDUM_TABLES = (referendum_request,)
