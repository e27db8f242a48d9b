"""Tables of second factors."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from coop.kit.metadata import Instant
from coop.members.tables import metadata


def _of_account() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["community", "account_id"], ["account.community", "account.account_id"])


authenticator = Table(
    "authenticator",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("account_id", String(36), primary_key=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    _of_account(),
    CheckConstraint("length(sealed_secret) BETWEEN 33 AND 200", name="sealed_secret_bounded"),
)
"""The app of an account that shows a code every half minute. No code of ``last_step`` or before is taken again."""

passkey = Table(
    "passkey",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("passkey_id", String(36), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("name", String(100), nullable=False),
    Column("host", String(253), nullable=False),
    Column("credential_id", String(1400), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("used_at", Instant),
    _of_account(),
    UniqueConstraint("community", "credential_id"),
    CheckConstraint("name <> ''", name="has_a_name"),
    CheckConstraint("sign_count >= 0", name="sign_count_not_negative"),
    CheckConstraint("length(public_key) BETWEEN 1 AND 4096", name="public_key_bounded"),
)
"""Passkeys: the public half of a key that a device keeps for one host name."""
Index("ix_passkey_account_id", passkey.c.community, passkey.c.account_id)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("account_id", String(36), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("made_at", Instant, nullable=False),
    Column("used_at", Instant),
    _of_account(),
)
"""Codes on paper that each stand in once for a factor that is lost."""

spent_challenge = Table(
    "spent_challenge",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("challenge", String(64), primary_key=True),
    Column("spent_at", Instant, nullable=False),
)
"""Challenges that a passkey has answered, kept until they would lapse: none is answered twice."""

factor_reset = Table(
    "factor_reset",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("reset_id", String(36), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(120), nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    _of_account(),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn')", name="outcome_known"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"
    ),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> proposed_by", name="confirmed_by_another"),
)
"""Second factors that were lost: one person asks to take them off an account, and another does it."""
Index("ix_factor_reset_account_id", factor_reset.c.community, factor_reset.c.account_id)
