"""Tables of who may sign in, and of what may come in with a token."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, UniqueConstraint

from coop.kit.metadata import Instant
from coop.members.tables.shape import (
    Words,
    community_column,
    key_column,
    metadata,
    reference_column,
    refers_to,
    text_column,
)

account = Table(
    "account",
    metadata,
    community_column(),
    key_column("account_id"),
    text_column("email", 200),
    text_column("name", 200),
    Column("password_hash", Text, nullable=False),
    Column("roles", Words, nullable=False),
    reference_column("member_id", nullable=True),
    Column("active", Boolean, nullable=False),
    Column("has_factor", Boolean, nullable=False),
    refers_to("member_id", "member"),
    UniqueConstraint("community", "email"),
    CheckConstraint(
        "NOT (roles LIKE '%auditor%' AND (roles LIKE '%board%' OR roles LIKE '%treasurer%'))",
        name="examines_from_outside",
    ),
    CheckConstraint(
        "NOT (roles LIKE '%partner%' AND (roles LIKE '%board%' OR roles LIKE '%treasurer%'))",
        name="pays_from_outside",
    ),
)
"""People who can sign in. Without a password a one-time address opens nothing but the choice of one."""
Index("ix_account_member_id", account.c.community, account.c.member_id)

account_change = Table(
    "account_change",
    metadata,
    community_column(),
    key_column("account_id"),
    Column("changed_at", Instant, primary_key=True),
    Column("change", String(20), primary_key=True),
    text_column("actor", 120),
    text_column("channel", 20),
    refers_to("account_id", "account"),
)
"""Changes of accounts and who made them: a password that somebody gives out lets them in too, until it is replaced."""

program = Table(
    "program",
    metadata,
    community_column(),
    key_column("token_id"),
    text_column("name", 100),
    Column("made_at", Instant, nullable=False),
    text_column("made_by", 120),
    Column("meters_by", String(120)),  # who said last for which meters its gateway speaks
    Column("confirmed_at", Instant),
    Column("confirmed_by", String(120)),  # the second person, who said so as well
    Column("ended_by", String(120)),
)
"""Programs that may come in, by the id of their token (``program_token``), who let them in, and who let a gateway count
as a device."""

own_token = Table(
    "own_token",
    metadata,
    community_column(),
    key_column("token_id"),
    reference_column("account_id"),
    text_column("name", 100),
    Column("made_at", Instant, nullable=False),
    refers_to("account_id", "account"),
)
"""Tokens that members gave out of what is their own, by the id of the token (``program_token``)."""
Index("ix_own_token_account_id", own_token.c.community, own_token.c.account_id)

sign_in = Table(
    "sign_in",
    metadata,
    community_column(),
    key_column("session_id"),
    reference_column("account_id"),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    text_column("source", 100),
    text_column("browser", 36),
    refers_to("account_id", "account"),
)
"""Sessions that began, with the network address that they came from and the mark that the browser was given."""
Index("ix_sign_in_account_id", sign_in.c.community, sign_in.c.account_id, sign_in.c.began_at)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    community_column(),
    key_column("counter"),
    text_column("address", 36),
    Column("tries", Integer, nullable=False),
    Column("lapses_at", Instant, nullable=False),
)
"""Tries to sign in, counted until ``lapses_at``, for any address that was typed, whether somebody has it or not.
``address`` is the e-mail address made opaque, and empty where tries with all of them are counted."""
