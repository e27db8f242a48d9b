"""Tables of referenda that members ask on what a meeting adopted."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, String, UniqueConstraint

from coop.governance.tables.columns import count_column, id_column, make_table, refer, said

referendum_request = make_table(
    "referendum_request",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    id_column("member_id"),
    Column("is_own", Boolean, nullable=False),
    Column("entry_id", String(100)),
    count_column("members_asking"),
    count_column("votes_asking"),
    Column("is_granted", Boolean, nullable=False),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("resolution_id",), "decision"),
    refer(("entry_id",), "entry"),
    UniqueConstraint("community", "resolution_id", "member_id", "is_own"),
    CheckConstraint("is_own = (entry_id IS NULL)", name="signed"),
    CheckConstraint("number >= 1 AND members_asking >= 1 AND votes_asking >= 1", name="number"),
)
"""A member asks a referendum on a decision, in their own session or by a paper that two people signed, once of each.
``is_granted``: with this request enough ask, and the decision is suspended until all members voted on it."""

referendum_objection = make_table(
    "referendum_objection",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    count_column("requests_before"),
    Column("in_time", Boolean, nullable=False),
    *said(),
    refer(("resolution_id", "number"), "referendum_request"),
    CheckConstraint("requests_before >= number", name="follows"),
)
"""A member says that the request ``number``, which others entered for them, is not theirs. ``in_time``: not enough had
asked by then, and it counts no more."""

REFERENDUM_TABLES = (referendum_request, referendum_objection)
