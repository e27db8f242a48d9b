"""Tables of what happens around a meeting: notices and points that were withdrawn."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, String

from coop.governance.storage.columns import id_column, make_table, refer, said

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

ASSEMBLY_TABLES = (withdrawal, withdrawn_point)
