"""Tables of what happens around a meeting: documents of its points, notices and points that were withdrawn, mandates,
who was there, members who are suspended, and minutes."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, String, UniqueConstraint

from coop.governance.model import ROLES
from coop.governance.tables.columns import (
    count_column,
    day_column,
    id_column,
    make_table,
    refer,
    said,
    sha256_column,
)

withdrawal = make_table(
    "withdrawal",
    ("entry_id",),
    Column("entry_id", String(100), nullable=False),
    id_column("meeting_id"),
    Column("whole", Boolean, nullable=False),
    Column("reason", String(300), nullable=False),
    id_column("followed_by", nullable=True),
    *said(),
    refer(("entry_id",), "entry"),
    refer(("meeting_id",), "meeting"),
    refer(("followed_by",), "meeting", ("meeting_id",), name="fk_withdrawal_followed_by"),
)
"""A meeting that is not held (``whole``), or points that are taken off its agenda, as two people signed it.
``followed_by``: the meeting that was convened in its place."""

withdrawn_point = make_table(
    "withdrawn_point",
    ("resolution_id",),
    id_column("resolution_id"),
    Column("entry_id", String(100), nullable=False),
    refer(("resolution_id",), "resolution"),
    refer(("entry_id",), "withdrawal"),
)
"""A resolution that is not put to the vote any more: it is never decided."""

minutes = make_table(
    "minutes",
    ("meeting_id", "number"),
    id_column("meeting_id"),
    count_column("number"),
    Column("entry_id", String(100), nullable=False),
    sha256_column("minutes_hash"),
    *said(),
    refer(("meeting_id",), "meeting"),
    refer(("entry_id",), "entry"),
    refer(("minutes_hash",), "document", ("sha256",)),
    CheckConstraint("number >= 1", name="number"),
)
"""Minutes of a meeting as one person wrote and another confirmed them; those with the highest number count."""

mandate = make_table(
    "mandate",
    ("meeting_id", "member_id", "number"),
    id_column("meeting_id"),
    id_column("member_id"),
    count_column("number"),
    Column("change", String(10), nullable=False),
    id_column("holder"),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("meeting_id",), "meeting"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("change IN ('given', 'revoked', 'voted')", name="change"),
    CheckConstraint("holder <> member_id AND holder <> ''", name="holder"),
)
"""A member lets another vote for them at a meeting, or no longer; of each member the newest row counts."""

attendance = make_table(
    "attendance",
    ("meeting_id", "number"),
    id_column("meeting_id"),
    count_column("number"),
    Column("change", String(10), nullable=False),
    id_column("member_id"),
    Column("manner", String(10), nullable=False),
    id_column("holder"),
    count_column("undoes"),
    Column("entry_id", String(100)),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("meeting_id",), "meeting"),
    refer(("entry_id",), "entry"),
    CheckConstraint("number >= 1 AND undoes >= 0 AND undoes < number", name="number"),
    CheckConstraint("change IN ('came', 'left', 'undone', 'signed')", name="change"),
    CheckConstraint("(change = 'came') = (manner <> '')", name="coming"),
    CheckConstraint("manner IN ('', 'room', 'online', 'mandate')", name="manner"),
    CheckConstraint("(manner = 'mandate') = (holder <> '')", name="holder"),
    CheckConstraint("(change = 'undone') = (undoes > 0)", name="undoing"),
    CheckConstraint("(change = 'signed') = (member_id = '')", name="member"),
)
"""Comings and goings at a meeting, line by line as noted; a line that was wrong is undone by a later one."""

attendance_list = make_table(
    "attendance_list",
    ("meeting_id",),
    id_column("meeting_id"),
    sha256_column("list_hash"),
    *said(),
    refer(("meeting_id",), "meeting"),
    refer(("list_hash",), "document", ("sha256",)),
)
"""Attendance as a meeting was closed: a document that is never changed."""

point_paper = make_table(
    "point_paper",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    id_column("paper_id"),
    Column("name_nl", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("media_type", String(100), nullable=False),
    count_column("size_bytes"),
    sha256_column("sha256"),
    Column("is_later", Boolean, nullable=False),
    *said(),
    refer(("resolution_id",), "resolution"),
    refer(("sha256",), "document"),
    UniqueConstraint("community", "resolution_id", "paper_id"),
    CheckConstraint("number >= 1 AND size_bytes >= 1", name="number"),
    CheckConstraint(f"role IN {ROLES}", name="role"),
)
"""A document that lies open with a point of an agenda: bound by its notice, or laid there later."""

suspension = make_table(
    "suspension",
    ("member_id", "number"),
    id_column("member_id"),
    count_column("number"),
    Column("change", String(10), nullable=False),
    day_column("from_on"),
    day_column("ends_on", nullable=True),
    Column("article", String(100), nullable=False),
    Column("entry_id", String(100)),
    *said(),
    refer(("entry_id",), "entry"),
    UniqueConstraint("community", "entry_id"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("change IN ('suspended', 'expelled', 'lifted')", name="change"),
    CheckConstraint("ends_on >= from_on", name="days"),
    CheckConstraint("(change = 'expelled') = (ends_on IS NULL)", name="ends"),
    CheckConstraint("change = 'lifted' OR entry_id IS NOT NULL", name="signed"),
)
"""A member is suspended from a day until the day before another, or as long as an expulsion is not settled, or that was
lifted: by two people, or without an entry as the expulsion was settled. Of each member the newest row counts."""

word_given = make_table(
    "word_given",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    Column("speaker", String(10), nullable=False),
    Column("says", String(10), nullable=False),
    Column("entry_id", String(100), nullable=False),
    *said(),
    refer(("resolution_id",), "resolution"),
    refer(("entry_id",), "entry"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint(
        "(speaker = 'chair' AND says IN ('for', 'against')) OR (speaker = 'body' AND says IN ('consents', 'refuses'))",
        name="says",
    ),
)
"""Words of the chair or a body outside the meeting on a resolution before its count, as two people signed; of each
speaker the newest row counts."""

ASSEMBLY_TABLES = (
    withdrawal,
    withdrawn_point,
    minutes,
    mandate,
    attendance,
    attendance_list,
    point_paper,
    suspension,
    word_given,
)
