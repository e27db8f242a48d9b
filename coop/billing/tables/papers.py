"""Tables of the papers of bills: whom each is for, and the file as it was put away; and of the files that show that a
notice went out, on which bills lean.

Invariant: none of it is ever changed, and all of it is deleted once the books need it no longer; so no file is a
``document``, which is kept for ever. A key opens what the register told of a run's bills, and goes with them.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Integer, LargeBinary, String, Table

from coop.billing.tables.heard import key, metadata
from coop.communities.addressee import Addressee
from coop.kit.columns import Json
from coop.kit.metadata import Instant

recipient_key = Table(
    "recipient_key",
    metadata,
    key("community"),
    key("run_id", 36),
    Column("private_key", LargeBinary, nullable=False),
)
"""Opens the boxes in which the register tells whom the bills of a run are for."""

bill_recipient = Table(
    "bill_recipient",
    metadata,
    key("community"),
    key("bill_id", 36),
    Column("issued_on", Date, nullable=False),
    Column("addressee", Json(Addressee), nullable=False),
    Column("told_at", Instant, nullable=False),
)
"""Whom a bill is for, as the register had them when it heard of the bill."""

bill_paper = Table(
    "bill_paper",
    metadata,
    key("community"),
    key("bill_id", 36),
    Column("issued_on", Date, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("byte_count", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("archived_at", Instant, nullable=False),
    CheckConstraint("byte_count > 0", name="is_a_file"),
)
"""The file of a bill, the same for everybody who reads it."""

notice_file = Table(
    "notice_file",
    metadata,
    key("community"),
    key("sha256", 64),
    Column("byte_count", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),
    CheckConstraint("byte_count > 0", name="is_a_file"),
)
"""A file that shows to whom a notice went, by its hash, which stays with the list once the file is erased."""
