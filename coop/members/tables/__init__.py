"""Tables of the members service, of which each module holds those of some nouns; all are found here."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from coop.kit.columns import Exact
from coop.kit.metadata import Instant
from coop.members.tables.history import (
    contract_party,
    heard_bill,
    heard_use,
    heard_vote,
    import_draft,
    register_change,
)
from coop.members.tables.privacy import consent, erasure, purpose, restricted_person, use_seen
from coop.members.tables.shape import Words, metadata
from coop.members.tables.shape import community_column as _community
from coop.members.tables.shape import key_column as _key
from coop.members.tables.shape import reference_column as _reference
from coop.members.tables.shape import refers_to as _refers
from coop.members.tables.shape import text_column as _text

__all__ = [
    "consent",
    "contract_party",
    "erasure",
    "heard_bill",
    "heard_use",
    "heard_vote",
    "import_draft",
    "metadata",
    "purpose",
    "register_change",
    "restricted_person",
    "use_seen",
]

import_file = Table(
    "import_file",
    metadata,
    _community(),
    _key("import_id"),
    _text("kind", 20),
    _text("file_name", 200),
    Column("record_count", Integer, nullable=False),
    Column("added_count", Integer, nullable=False),
    Column("changed_count", Integer, nullable=False),
    _text("channel", 20),
    Column("imported_at", Instant, nullable=False),
    _text("imported_by", 120),
    Column("undone_at", Instant),
    Column("undone_by", String(120)),
    CheckConstraint(
        "added_count >= 0 AND changed_count >= 0 AND added_count + changed_count <= record_count",
        name="new_and_changed_are_of_the_records",
    ),
)

member = Table(
    "member",
    metadata,
    _community(),
    _key("member_id"),
    _text("number", 50),
    _text("kind", 20),
    _text("name", 200),
    _text("email", 200),
    _text("address", 200),
    _text("postcode", 20),
    _text("city", 100),
    Column("joined_on", Date, nullable=False),
    Column("left_on", Date),
    Column("votes", Integer, nullable=False),
    _text("kvk", 8),
    _text("vat_id", 20),
    _reference("import_id"),
    _refers("import_id", "import_file"),
    UniqueConstraint("community", "number"),
    CheckConstraint("left_on IS NULL OR left_on > joined_on", name="leaves_after_joining"),
    CheckConstraint("kind IN ('tenant', 'owner', 'business', 'corporation', 'landlord')", name="kind_known"),
    CheckConstraint("votes BETWEEN 0 AND 100", name="votes_in_reach"),
)

connection = Table(
    "connection",
    metadata,
    _community(),
    _key("connection_id"),
    _text("number", 50),
    _text("building", 100),
    _text("kind", 20),
    _text("address", 200),
    _text("ean", 18),
    Column("home_equivalents", Exact(20), nullable=False),
    Column("users", Integer, nullable=False),
    _reference("import_id"),
    _refers("import_id", "import_file"),
    UniqueConstraint("community", "number"),
    CheckConstraint("kind IN ('dwelling', 'business', 'common')", name="kind_known"),
    CheckConstraint("users BETWEEN 0 AND 10000", name="users_in_reach"),
)
Index(
    "ix_connection_ean",
    connection.c.community,
    connection.c.ean,
    unique=True,
    sqlite_where=connection.c.ean != "",
    postgresql_where=connection.c.ean != "",
)

occupancy = Table(
    "occupancy",
    metadata,
    _community(),
    _key("connection_id"),
    Column("opened_on", Date, primary_key=True),
    _reference("member_id"),
    Column("closed_on", Date),
    Column("registration", Integer, nullable=False),
    _reference("import_id"),
    _refers("connection_id", "connection"),
    _refers("member_id", "member"),
    _refers("import_id", "import_file"),
    CheckConstraint("closed_on IS NULL OR closed_on > opened_on", name="closes_after_opening"),
)
Index("ix_occupancy_member_id", occupancy.c.community, occupancy.c.member_id)

contract = Table(
    "contract",
    metadata,
    _community(),
    _key("contract_id"),
    _text("number", 50),
    _reference("member_id"),
    _reference("connection_id"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("tariff_clause", String(50)),
    _reference("payer_id", nullable=True),
    _reference("import_id"),
    _refers("member_id", "member"),
    _refers("connection_id", "connection"),
    _refers("import_id", "import_file"),
    ForeignKeyConstraint(["community", "payer_id"], ["member.community", "member.member_id"], name="fk_contract_payer"),
    UniqueConstraint("community", "number"),
    CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="ends_after_starting"),
)
Index("ix_contract_member_id", contract.c.community, contract.c.member_id)
Index("ix_contract_connection_id", contract.c.community, contract.c.connection_id)

gas_bill = Table(
    "gas_bill",
    metadata,
    _community(),
    _key("contract_id"),
    Column("year", Integer, primary_key=True),
    Column("gas_m3", Integer, nullable=False),
    Column("amount_cents", Integer, nullable=False),
    _refers("contract_id", "contract"),
    CheckConstraint("gas_m3 >= 0 AND amount_cents >= 0", name="not_negative"),
)

iban_proposal = Table(
    "iban_proposal",
    metadata,
    _community(),
    Column("number", Integer, primary_key=True),
    _text("iban", 34),
    Column("proposed_at", Instant, nullable=False),
    _text("proposed_by", 120),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn', 'replaced')", name="outcome_known"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"
    ),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> proposed_by", name="confirmed_by_another"),
)
"""Other bank accounts of the co-operative, each proposed by one person and confirmed by another."""

logo = Table(
    "logo",
    metadata,
    _community(),
    Column("sha256", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),
    _text("kept_by", 120),
)

withdrawn = Table(
    "withdrawn",
    metadata,
    _community(),
    _key("import_id"),
    Column("noun", String(20), primary_key=True),
    Column("number", String(100), primary_key=True),
    _reference("record_id"),
    _refers("import_id", "import_file"),
)
"""Records that undone imports took out: others were told that they never were, so no id is used again."""

account = Table(
    "account",
    metadata,
    _community(),
    _key("account_id"),
    _text("email", 200),
    _text("name", 200),
    Column("password_hash", Text, nullable=False),
    Column("roles", Words, nullable=False),
    _reference("member_id", nullable=True),
    Column("active", Boolean, nullable=False),
    Column("has_factor", Boolean, nullable=False),
    _refers("member_id", "member"),
    UniqueConstraint("community", "email"),
)
"""People who can sign in. Without a password a one-time address opens nothing but the choice of one."""
Index("ix_account_member_id", account.c.community, account.c.member_id)

account_change = Table(
    "account_change",
    metadata,
    _community(),
    _key("account_id"),
    Column("changed_at", Instant, primary_key=True),
    Column("change", String(20), primary_key=True),
    _text("actor", 120),
    _text("channel", 20),
    _refers("account_id", "account"),
)
"""Changes of accounts and who made them: a password that somebody gives out lets them in too, until it is replaced."""

program = Table(
    "program",
    metadata,
    _community(),
    _key("token_id"),
    _text("name", 100),
    Column("made_at", Instant, nullable=False),
    _text("made_by", 120),
    Column("ended_by", String(120)),
)
"""Programs that may come in, by the id of their token (``program_token``), and who let them in."""

own_token = Table(
    "own_token",
    metadata,
    _community(),
    _key("token_id"),
    _reference("account_id"),
    _text("name", 100),
    Column("made_at", Instant, nullable=False),
    _refers("account_id", "account"),
)
"""Tokens that members gave out of what is their own, by the id of the token (``program_token``)."""
Index("ix_own_token_account_id", own_token.c.community, own_token.c.account_id)

sign_in = Table(
    "sign_in",
    metadata,
    _community(),
    _key("session_id"),
    _reference("account_id"),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    _text("source", 100),
    _text("browser", 36),
    _refers("account_id", "account"),
)
"""Sessions that began, with the network address that they came from and the mark that the browser was given."""
Index("ix_sign_in_account_id", sign_in.c.community, sign_in.c.account_id, sign_in.c.began_at)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    _community(),
    _key("counter"),
    _text("address", 36),
    Column("tries", Integer, nullable=False),
    Column("lapses_at", Instant, nullable=False),
)
"""Tries to sign in, counted until ``lapses_at``, for any address that was typed, whether somebody has it or not.
``address`` is the e-mail address made opaque, and empty where tries with all of them are counted."""

message = Table(
    "message",
    metadata,
    _community(),
    _key("message_id"),
    _text("kind", 30),
    _text("about", 100),
    _reference("member_id", nullable=True),
    _reference("account_id", nullable=True),
    _text("name", 200),
    _text("channel", 10),
    _text("address", 500),
    _text("language", 10),
    _text("subject", 300),
    Column("content", Text, nullable=False),
    _text("sha256", 64),
    Column("made_at", Instant, nullable=False),
    _text("made_by", 120),
    _reference("outbound_id", nullable=True),
    Column("bounced_at", Instant),
    Column("bounce", String(1000)),
    Column("posted_on", Date),
    Column("posted_at", Instant),
    Column("posted_by", String(120)),
    _reference("replaced_by", nullable=True),
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
    _community(),
    _key("person_id"),
    _text("language", 10),
    Column("by_letter", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    _text("changed_by", 120),
)
"""In which language a member, or an account without one, is written to (empty: the co-operative's), and whether on
paper though there is a mail address."""

message_words = Table(
    "message_words",
    metadata,
    _community(),
    Column("kind", String(30), primary_key=True),
    Column("language", String(10), primary_key=True),
    Column("recorded_at", Instant, primary_key=True),
    _text("text", 1000),
    _text("recorded_by", 120),
)
"""The co-operative's own paragraph in a kind of message: only ever added to, and the newest counts."""

bill_due = Table(
    "bill_due",
    metadata,
    _community(),
    _key("bill_id"),
    _reference("member_id"),
    _text("number", 50),
    Column("total_cents", BigInteger, nullable=False),
    Column("due_on", Date),
)
"""Bills of which was heard, for what is to be paid in a month."""
Index("ix_bill_due_due_on", bill_due.c.community, bill_due.c.due_on)

coming_meeting = Table(
    "coming_meeting",
    metadata,
    _community(),
    Column("meeting_id", String(100), primary_key=True),
    Column("held_on", Date, nullable=False),
    Column("vote_from", Date, nullable=False),
    Column("place", Text, nullable=False),
    Column("agenda_nl", Text, nullable=False),
    Column("agenda_en", Text, nullable=False),
)
"""Meetings of which was heard, with their agendas."""

HEARD = (bill_due, coming_meeting, heard_bill, heard_use, heard_vote, use_seen)
"""Tables of what was heard from others."""
