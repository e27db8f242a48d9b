"""Tables of what closed periods were computed with besides readings, and of what was left open in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, Integer, LargeBinary, String, Table

from coop.metering.tables import metadata, refers

computed_with = Table(
    "computed_with",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("sha256", String(64), nullable=False),
)
"""Document of the grounds on which a closed period was computed last, whether or not it came out differently."""

computed_heat = Table(
    "computed_heat",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("known", BigInteger, nullable=False),  # number of the last delivery that it was computed with
    Column("body", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    CheckConstraint("known >= 0", name="known"),
)
"""What the last computing of a closed period keeps of each measurement: a correction need not count them all."""

computed_run = Table(
    "computed_run",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("group_id", String(100), primary_key=True),
    Column("span_start", Date, primary_key=True),
    Column("span_end", Date, primary_key=True),
    Column("known", BigInteger, nullable=False),  # number of the last delivery that it was computed with
    Column("sha256", String(64), nullable=False),
    CheckConstraint("known >= 0", name="known"),
    CheckConstraint("span_end > span_start", name="in_order"),
)
"""The same of each run of shared energy: a hash over all that it follows from besides readings."""

computed_day = Table(
    "computed_day",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("group_id", String(100), primary_key=True),
    Column("span_start", Date, primary_key=True),
    Column("span_end", Date, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),  # UTC, since 1970-01-01
    Column("sums", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("versions", LargeBinary, nullable=False),
    CheckConstraint("length(sha256) = 32", name="sha256"),
)
"""What each UTC day of a run came to, so that a correction shares again only the days of which somebody spoke."""

open_end = Table(
    "open_end",
    metadata,
    Column("community", String(100), primary_key=True),
    # A delivery asks by register and instant: whatever ends before its first reading is not looked at.
    Column("register_id", String(36), primary_key=True),
    Column("before_s", BigInteger, primary_key=True, autoincrement=False),
    Column("period_start", Date, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("after_s", BigInteger, primary_key=True, autoincrement=False),
    Column("by_device", Boolean, nullable=False),
    refers("register_id", "register"),
    CheckConstraint("after_s < before_s", name="in_order"),
    Index("ix_open_end_before", "community", "before_s"),
)
"""Times between two instants in which a reading would change what a revision of a period told; where one account alone
said it, one of the device (``by_device``)."""
