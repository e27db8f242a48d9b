"""Tables of motions: what members and the board hand in on a point of the agenda after the notice, and who backs it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, String

from coop.governance.tables.columns import id_column, make_table, refer, said, sha256_column
from coop.kit.columns import Json

motion = make_table(
    "motion",
    ("motion_id",),
    id_column("motion_id"),
    id_column("meeting_id"),
    id_column("resolution_id"),
    Column("manner", String(10), nullable=False),
    Column("content", Json(Any), nullable=False),
    sha256_column("content_hash"),
    id_column("member_id", nullable=True),
    Column("entry_id", String(100)),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("meeting_id",), "meeting"),
    refer(("entry_id",), "entry"),
    CheckConstraint("manner IN ('amendment', 'option')", name="manner"),
    CheckConstraint("(member_id IS NULL) = (entry_id IS NOT NULL)", name="signed"),
)
"""A motion on the point ``resolution_id``: to change it, or to put another option beside it. A member handed it in
from their own session, or two people entered it for the room or for the board."""

motion_backing = make_table(
    "motion_backing",
    ("motion_id", "member_id"),
    id_column("motion_id"),
    id_column("member_id"),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("motion_id",), "motion"),
)
"""A member backs a motion: it comes on the agenda once as many do as the statutes ask."""

MOTION_TABLES = (motion, motion_backing)
