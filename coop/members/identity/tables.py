"""Tables of identity beside the accounts themselves: what is asked for, and waits for somebody to use or confirm it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, String, Table

from coop.kit.metadata import Instant
from coop.members.tables import metadata

one_time_address = Table(
    "one_time_address",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("key_sha256", String(64), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("email", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("outcome", String(20)),
    ForeignKeyConstraint(["community", "account_id"], ["account.community", "account.account_id"]),
    CheckConstraint("purpose IN ('set-password', 'confirm-email')", name="purpose_known"),
    CheckConstraint("(purpose = 'confirm-email') = (email <> '')", name="email_confirmed"),
    CheckConstraint("expires_at > made_at", name="expires_after_made"),
    CheckConstraint("outcome IN ('used', 'replaced')", name="outcome_known"),
    CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"),
)
"""Addresses that let one person do one thing once. Only the hash of the key is kept."""
Index("ix_one_time_address_account_id", one_time_address.c.community, one_time_address.c.account_id)

_IS_OWN = "'account:' || account_id"
_SETTLED_WHOLE = (
    "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (settled_through IS NULL)"
    " AND (settled_at IS NULL) = (outcome IS NULL)"
)

role_proposal = Table(
    "role_proposal",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("change", String(20), nullable=False),
    Column("role", String(20), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(120), nullable=False),
    Column("proposed_through", String(20), nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("settled_through", String(20)),
    Column("outcome", String(20)),
    ForeignKeyConstraint(["community", "account_id"], ["account.community", "account.account_id"]),
    CheckConstraint("change IN ('grant', 'withdraw')", name="change_known"),
    CheckConstraint("role IN ('board', 'treasurer', 'partner', 'auditor', 'operator')", name="role_known"),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn', 'alone')", name="outcome_known"),
    CheckConstraint(_SETTLED_WHOLE, name="settled_whole"),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> proposed_by", name="confirmed_by_another"),
    CheckConstraint(
        f"change <> 'grant' OR (proposed_by <> {_IS_OWN} AND (settled_by IS NULL OR settled_by <> {_IS_OWN}"
        " OR outcome = 'withdrawn'))",
        name="granted_by_others",
    ),
    CheckConstraint(
        f"outcome <> 'alone' OR proposed_by = 'operator' OR (change = 'withdraw' AND proposed_by = {_IS_OWN})",
        name="alone_is_own_or_first",
    ),
)
"""Roles that one person would give or take, and the other person who confirmed it. ``alone``: somebody laid down a role
of their own, or the machine's operator did it where nobody of the board could."""
Index("ix_role_proposal_account_id", role_proposal.c.community, role_proposal.c.account_id)

email_change = Table(
    "email_change",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("old_email", String(200), nullable=False),
    Column("new_email", String(200), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String(120), nullable=False),
    Column("asked_through", String(20), nullable=False),
    Column("old_confirmed_at", Instant),
    Column("new_confirmed_at", Instant),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("settled_through", String(20)),
    Column("outcome", String(20)),
    ForeignKeyConstraint(["community", "account_id"], ["account.community", "account.account_id"]),
    CheckConstraint("outcome IN ('changed', 'withdrawn')", name="outcome_known"),
    CheckConstraint(_SETTLED_WHOLE, name="settled_whole"),
    CheckConstraint("outcome <> 'changed' OR new_confirmed_at IS NOT NULL", name="new_address_confirmed"),
    CheckConstraint(
        f"outcome <> 'changed' OR asked_by = {_IS_OWN} OR old_confirmed_at IS NOT NULL", name="owner_confirmed"
    ),
)
"""Other addresses to sign in with. The owner confirms the new one; where somebody else asked for it, the old one as
well."""
Index("ix_email_change_account_id", email_change.c.community, email_change.c.account_id)
