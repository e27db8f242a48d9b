"""Tables of members who are expelled or whose membership the board ends, and of what became of that."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, String

from coop.governance.tables.columns import day_column, id_column, make_table, refer, said

expulsion = make_table(
    "expulsion",
    ("expulsion_id",),
    id_column("expulsion_id"),
    id_column("member_id"),
    Column("way", String(20), nullable=False),
    day_column("decided_on"),
    day_column("ends_on", nullable=True),
    Column("reason", String(1000), nullable=False),
    Column("article", String(100), nullable=False),
    day_column("told_on"),
    day_column("appeal_until"),
    *said(),
    refer(("expulsion_id",), "entry", ("entry_id",), name="fk_expulsion_entry"),
    CheckConstraint("way IN ('expulsion', 'termination')", name="way"),
    CheckConstraint("(way = 'termination') = (ends_on IS NOT NULL)", name="ends"),
    CheckConstraint("decided_on <= told_on AND told_on < appeal_until", name="days"),
)
"""The board's decision that a membership ends, as two people signed it; its id is that of their entry."""

expulsion_step = make_table(
    "expulsion_step",
    ("expulsion_id", "step"),
    id_column("expulsion_id"),
    Column("step", String(10), nullable=False),
    day_column("day"),
    Column("outcome", String(10), nullable=False),
    day_column("left_on", nullable=True),
    Column("entry_id", String(100)),
    id_column("resolution_id", nullable=True),
    *said(),
    refer(("expulsion_id",), "expulsion"),
    refer(("entry_id",), "entry"),
    refer(("resolution_id",), "resolution"),
    CheckConstraint("step IN ('appealed', 'settled')", name="step"),
    CheckConstraint("(step = 'settled') = (outcome <> '')", name="settled"),
    CheckConstraint("outcome IN ('', 'unopposed', 'confirmed', 'stays')", name="outcome"),
    CheckConstraint("(outcome IN ('unopposed', 'confirmed')) = (left_on IS NOT NULL)", name="left"),
    CheckConstraint("(outcome IN ('confirmed', 'stays')) = (resolution_id IS NOT NULL)", name="decided"),
)
"""The member appealed, themselves or by a paper that two people signed (``entry_id``); and how it ended, on appeal by a
resolution of the members. Each happens once."""

EXPULSION_TABLES = (expulsion, expulsion_step)
