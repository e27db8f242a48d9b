"""Tables of the history of the register, of who shares a contract, and of what other services told that rests on it.

Invariant: a change is only ever added, numbered within its co-operative. What was heard is one row per fact; nothing
refers to these rows, and they can be rebuilt from the journals of the services that told them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from coop.kit.metadata import Instant
from coop.members.tables.shape import metadata


def _key(name: str, length: int = 36) -> Column[str]:
    return Column(name, String(length), primary_key=True)


def _text(name: str, length: int = 36) -> Column[str]:
    return Column(name, String(length), nullable=False)


contract_party = Table(
    "contract_party",
    metadata,
    _key("community", 100),
    _key("contract_id"),
    _key("member_id"),
    ForeignKeyConstraint(["community", "contract_id"], ["contract.community", "contract.contract_id"]),
    ForeignKeyConstraint(["community", "member_id"], ["member.community", "member.member_id"]),
)
"""Members who hold a contract together with the one that it names."""

register_change = Table(
    "register_change",
    metadata,
    _key("community", 100),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _text("noun", 20),
    _text("record", 120),
    _text("field", 40),
    _text("old", 400),
    _text("new", 400),
    _text("reason", 500),
    Column("changed_at", Instant, nullable=False),
    _text("changed_by", 120),
    _text("channel", 20),
    Column("import_id", String(36)),
    ForeignKeyConstraint(["community", "import_id"], ["import_file.community", "import_file.import_id"]),
    CheckConstraint("number >= 1", name="number_counts"),
    CheckConstraint("noun IN ('member', 'connection', 'occupancy', 'contract')", name="noun_known"),
    CheckConstraint("old <> new", name="changes_something"),
    Index("ix_register_change_record", "community", "noun", "record", "number"),
    Index("ix_register_change_import_id", "community", "import_id"),
)
"""Fields of the register that became something else: of the ``record`` with this number, from ``old`` to ``new``."""

import_draft = Table(
    "import_draft",
    metadata,
    _key("community", 100),
    _key("draft_id"),
    _text("kind", 20),
    _text("file_name", 200),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    _text("made_by", 120),
    Index("ix_import_draft_made_at", "community", "made_at"),
)
"""Files that somebody looks at before they are imported; forgotten after a day."""

heard_bill = Table(
    "heard_bill",
    metadata,
    _key("community", 100),
    _key("bill_id", 100),
    _text("number", 100),
    _text("kind", 20),
    _text("member_id", 100),
    _text("contract_id", 100),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("total_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    Index("ix_heard_bill_contract_id", "community", "contract_id"),
    Index("ix_heard_bill_member_id", "community", "member_id"),
)

heard_use = Table(
    "heard_use",
    metadata,
    _key("community", 100),
    _key("connection_id", 100),
    _key("member_id", 100),
    Column("period_start", Date, primary_key=True),
    Column("period_end", Date, primary_key=True),
)
"""Periods in which metering measured what a member used through a connection."""

heard_vote = Table(
    "heard_vote",
    metadata,
    _key("community", 100),
    _key("meeting_id", 100),
    Column("opened_on", Date, primary_key=True),
    Column("held_on", Date, primary_key=True),
)
"""Meetings whose votes were opened: whoever was a member then stood on the voting list."""
