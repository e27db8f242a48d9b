"""Tables of messages to members, of what they wish for them, and of what was heard that they tell of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, String, Table, Text, UniqueConstraint

from coop.kit.metadata import Instant
from coop.members.tables.shape import community_column, key_column, metadata, reference_column, text_column

message = Table(
    "message",
    metadata,
    community_column(),
    key_column("message_id"),
    text_column("kind", 30),
    text_column("about", 100),
    reference_column("member_id", nullable=True),
    reference_column("account_id", nullable=True),
    text_column("name", 200),
    text_column("channel", 10),
    text_column("address", 500),
    text_column("language", 10),
    text_column("subject", 300),
    Column("content", Text, nullable=False),
    text_column("sha256", 64),
    Column("made_at", Instant, nullable=False),
    text_column("made_by", 120),
    reference_column("outbound_id", nullable=True),
    Column("bounced_at", Instant),
    Column("bounce", String(1000)),
    Column("posted_on", Date),
    Column("posted_at", Instant),
    Column("posted_by", String(120)),
    reference_column("replaced_by", nullable=True),
    UniqueConstraint("community", "outbound_id"),
    CheckConstraint("channel IN ('mail', 'letter')", name="channel_known"),
    CheckConstraint("(channel = 'mail') = (outbound_id IS NOT NULL)", name="mail_stands_in_the_queue"),
    CheckConstraint("member_id IS NOT NULL OR account_id IS NOT NULL", name="goes_to_somebody"),
    CheckConstraint("(bounced_at IS NULL) = (bounce IS NULL)", name="bounced_with_reason"),
    CheckConstraint(
        "(posted_on IS NULL) = (posted_by IS NULL) AND (posted_on IS NULL) = (posted_at IS NULL)", name="posted_whole"
    ),
    CheckConstraint("posted_on IS NULL OR channel = 'letter'", name="only_letters_are_posted"),
)
"""Messages to people, as mail (``outbound_id`` is its row in the queue) or as a letter that somebody posts. ``address``
is where it went: a mail address, or the lines of a postal one. ``content`` is emptied once a message with a secret in
it has gone. It refers to no member by a key: a message was sent, also to somebody whose import was undone since."""
Index("ix_message_member_id", message.c.community, message.c.member_id, message.c.made_at)
Index("ix_message_about", message.c.community, message.c.kind, message.c.about)
Index("ix_message_made_at", message.c.community, message.c.made_at, message.c.message_id)
_LETTER_WAITS = (message.c.channel == "letter") & message.c.posted_on.is_(None)
Index(
    "ix_message_letter",
    message.c.community,
    message.c.message_id,
    sqlite_where=_LETTER_WAITS,
    postgresql_where=_LETTER_WAITS,
)

message_wish = Table(
    "message_wish",
    metadata,
    community_column(),
    key_column("person_id"),
    text_column("language", 10),
    Column("by_letter", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    text_column("changed_by", 120),
)
"""In which language a member, or an account without one, is written to (empty: the co-operative's), and whether on
paper though there is a mail address."""

message_words = Table(
    "message_words",
    metadata,
    community_column(),
    Column("kind", String(30), primary_key=True),
    Column("language", String(10), primary_key=True),
    Column("recorded_at", Instant, primary_key=True),
    text_column("text", 1000),
    text_column("recorded_by", 120),
)
"""The co-operative's own paragraph in a kind of message: only ever added to, and the newest counts."""

bill_due = Table(
    "bill_due",
    metadata,
    community_column(),
    key_column("bill_id"),
    reference_column("member_id"),
    text_column("number", 50),
    Column("asked_cents", BigInteger, nullable=False),
    Column("due_on", Date),
)
"""Bills of which was heard, for what is to be paid in a month."""
Index("ix_bill_due_due_on", bill_due.c.community, bill_due.c.due_on)

coming_meeting = Table(
    "coming_meeting",
    metadata,
    community_column(),
    Column("meeting_id", String(100), primary_key=True),
    Column("held_on", Date, nullable=False),
    Column("vote_from", Date, nullable=False),
    Column("place", Text, nullable=False),
    Column("agenda_nl", Text, nullable=False),
    Column("agenda_en", Text, nullable=False),
)
"""Meetings of which was heard, with their agendas."""

candidate = Table(
    "candidate",
    metadata,
    community_column(),
    Column("member_id", String(100), primary_key=True),
    Column("resolution_id", String(100), primary_key=True),
)
"""Members of whom was heard that they stand for an office: whoever votes may know who they are."""

seat_holder = Table(
    "seat_holder",
    metadata,
    community_column(),
    Column("account_id", String(100), primary_key=True),
)
"""Accounts of whom was heard that they sat in a steering group: who reads what it decided may know who they are."""

withdrawn_meeting = Table(
    "withdrawn_meeting",
    metadata,
    community_column(),
    Column("meeting_id", String(100), primary_key=True),
)
"""Meetings of which was heard that they are not held."""
