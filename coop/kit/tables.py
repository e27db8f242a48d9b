"""Tables that every service has, and the guards of those that only grow: journal, relay, inbox, counts, what was heard
up to where, dead letters, documents, ended sessions, tokens of programs, runs of jobs, kept answers, backups, and what
goes out."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from coop.kit.columns import Json, Words
from coop.kit.metadata import Instant, new_metadata
from coop.kit.sentences import Sentence

kit_metadata = new_metadata()

journal = Table(
    "journal",
    kit_metadata,
    Column("row_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(36), nullable=False),
    Column("type", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("community", String(100), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("data", Text, nullable=False),
    Column("position", Integer, unique=True),
    Column("previous_hash", String(64)),
    Column("hash", String(64)),
    UniqueConstraint("community", "event_id"),
    CheckConstraint(
        "(position IS NULL AND previous_hash IS NULL AND hash IS NULL)"
        " OR (position IS NOT NULL AND previous_hash IS NOT NULL AND hash IS NOT NULL)",
        name="sealed_whole",
    ),
)
Index(
    "ix_journal_unsealed",
    journal.c.row_id,
    sqlite_where=journal.c.position.is_(None),
    postgresql_where=journal.c.position.is_(None),
)

relay_state = Table(
    "relay_state",
    kit_metadata,
    Column("name", String(20), primary_key=True),
    Column("published_position", Integer, nullable=False),
    Column("doubt", String(500)),  # a hearer remembers another journal than this one
    Column("doubted_at", Instant),
    Column("verified_position", Integer),  # the chain was walked up to here, and had this hash
    Column("verified_hash", String(64)),
)

inbox = Table(
    "inbox",
    kit_metadata,
    Column("community", String(100), primary_key=True),
    Column("event_id", String(36), primary_key=True),
    Column("type", String(100), nullable=False),
    Column("received_at", Instant, nullable=False),
)

fact_count = Table(
    "fact_count",
    kit_metadata,
    Column("community", String(100), nullable=False),
    Column("direction", String(5), nullable=False),
    Column("type", String(100), nullable=False),
    Column("number", BigInteger, nullable=False),  # of the sealed ones for what was told
    PrimaryKeyConstraint("community", "direction", "type"),
    CheckConstraint("direction IN ('told', 'heard')", name="direction_is_one_of_two"),
)

source_position = Table(
    "source_position",
    kit_metadata,
    Column("source", String(100), primary_key=True),
    Column("heard_position", Integer, nullable=False),  # everything up to here was heard
    Column("ahead", Text, nullable=False),  # heard beyond it: bits as hexadecimal, the lowest is heard_position + 1
    Column("head_position", Integer, nullable=False),  # the newest that the source says it has told
    Column("head_hash", String(64), nullable=False),
    Column("head_at", Instant),  # when the source first said so, by its own clock
    Column("behind_position", Integer, nullable=False),  # heard up to here, the gap that was noticed is closed
    Column("behind_since", Instant),
    Column("trouble", String(500)),
    Column("trouble_at", Instant),  # without trouble: since when there is a suspicion
)

dead_letter = Table(
    "dead_letter",
    kit_metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("source", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("code", String(100), nullable=False),
    Column("reason", Sentence, nullable=False),
    Column("parked_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("resolved_at", Instant),
    Column("resolved_by", String(120)),
    Column("resolution", String(20)),
)
Index(
    "ix_dead_letter_open",
    dead_letter.c.community,
    dead_letter.c.parked_at,
    dead_letter.c.id,
    sqlite_where=dead_letter.c.resolved_at.is_(None),
    postgresql_where=dead_letter.c.resolved_at.is_(None),
)

document = Table(
    "document",
    kit_metadata,
    Column("community", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("schema_name", String(60), nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),
    PrimaryKeyConstraint("community", "sha256"),
)

program_token = Table(
    "program_token",
    kit_metadata,
    Column("community", String(100), nullable=False),
    Column("token_id", String(36), nullable=False),
    Column("token_sha256", String(64), nullable=False),  # empty: nobody has a token, or only its end was heard so far
    Column("scopes", Words, nullable=False),
    Column("gateway", String(100)),
    Column("meters", Json(tuple[str, ...] | None)),  # of a gateway; null: every meter
    Column("meters_set_at", Instant),
    Column("device_meters", Json(tuple[str, ...] | None)),  # for which it counts as a device; null: for every meter
    Column("device_set_at", Instant),
    Column("member_id", String(36)),  # of whom it opens what is their own; null: it speaks for nobody
    Column("made_by", String(36)),  # the account that let it in
    Column("expires_at", Instant),
    Column("ended_at", Instant),
    Column("used_on", Date),
    PrimaryKeyConstraint("community", "token_id"),
)

session_end = Table(
    "session_end",
    kit_metadata,
    Column("community", String(100), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("session_id", String(36), nullable=False),  # empty: every session that began before
    Column("ended_at", Instant, nullable=False),
    PrimaryKeyConstraint("community", "account_id", "session_id"),
)

job_run = Table(
    "job_run",
    kit_metadata,
    Column("community", String(100), nullable=False),
    Column("job", String(100), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("claimed_by", String(100), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("finished_at", Instant),
    Column("succeeded", Boolean),
    Column("outcome", Sentence),
    PrimaryKeyConstraint("community", "job", "due_at"),
)

job_switch = Table(
    "job_switch",
    kit_metadata,
    Column("community", String(100), nullable=False),
    Column("job", String(100), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("community", "job"),
)

kept_answer = Table(
    "kept_answer",
    kit_metadata,
    Column("community", String(100), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("key", String(200), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),  # 0: done, and the answer held a secret that is shown once
    Column("media_type", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("answered_at", Instant, nullable=False),
    PrimaryKeyConstraint("community", "actor", "operation", "key"),
)
Index("ix_kept_answer_age", kept_answer.c.community, kept_answer.c.answered_at)

backup_record = Table(
    "backup_record",
    kit_metadata,
    Column("taken_at", Instant, primary_key=True),
    Column("name", String(300), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("is_encrypted", Boolean, nullable=False),
)

slot = Table(
    "slot",
    kit_metadata,
    Column("name", String(100), primary_key=True),
    Column("highest", Integer, nullable=False),
)

outbound_position = Table(
    "outbound_position",
    kit_metadata,
    Column("queue", String(60), primary_key=True),
    Column("position", Integer, nullable=False),
)

outbound_message = Table(
    "outbound_message",
    kit_metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),  # order in which messages go to one recipient
    Column("community", String(100), nullable=False),
    Column("id", String(36), nullable=False),
    Column("queue", String(60), nullable=False),
    Column("recipient", String(300), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),  # emptied when it was delivered; the hash stays
    Column("sha256", String(64), nullable=False),
    Column("cause", String(100), nullable=False),  # id of the fact or the request that it follows from
    Column("made_at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried_at", Instant),
    Column("next_try_at", Instant),
    Column("delivered_at", Instant),
    Column("proof", Text),
    Column("trouble", Sentence),  # why the last try failed; none while a try is under way
    UniqueConstraint("community", "id"),
    CheckConstraint("state IN ('waiting', 'delivered', 'failed', 'withdrawn')", name="state_known"),
    CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="waits_for_its_next_try"),
    CheckConstraint(
        "state <> 'delivered' OR (delivered_at IS NOT NULL AND proof IS NOT NULL)", name="delivered_with_proof"
    ),
    CheckConstraint("state <> 'failed' OR trouble IS NOT NULL", name="failed_with_reason"),
)
_WAITING = outbound_message.c.next_try_at.is_not(None)
Index(
    "ix_outbound_message_due",
    outbound_message.c.queue,
    outbound_message.c.next_try_at,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
Index(
    "ix_outbound_message_before",
    outbound_message.c.queue,
    outbound_message.c.recipient,
    outbound_message.c.number,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
_FAILED = outbound_message.c.state == "failed"
Index("ix_outbound_message_failed", outbound_message.c.queue, sqlite_where=_FAILED, postgresql_where=_FAILED)
Index("ix_outbound_message_shown", outbound_message.c.community, outbound_message.c.state, outbound_message.c.number)

GUARDS_SQLITE = (
    "CREATE TRIGGER journal_keeps BEFORE DELETE ON journal"
    " BEGIN SELECT RAISE(ABORT, 'the journal is never pruned'); END",
    "CREATE TRIGGER journal_holds BEFORE UPDATE ON journal WHEN OLD.position IS NOT NULL"
    " OR NEW.data <> OLD.data OR NEW.type <> OLD.type OR NEW.event_id <> OLD.event_id OR NEW.actor <> OLD.actor"
    " BEGIN SELECT RAISE(ABORT, 'a sealed row never changes'); END",
    "CREATE TRIGGER document_stays BEFORE UPDATE ON document"
    " BEGIN SELECT RAISE(ABORT, 'a kept document never changes'); END",
    "CREATE TRIGGER document_keeps BEFORE DELETE ON document"
    " BEGIN SELECT RAISE(ABORT, 'a kept document never goes away'); END",
)
GUARDS_POSTGRESQL = (
    "CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the journal is never pruned and a sealed row never changes'; END $$",
    "CREATE TRIGGER journal_keeps BEFORE DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_refuses()",
    "CREATE TRIGGER journal_holds BEFORE UPDATE ON journal FOR EACH ROW WHEN (OLD.position IS NOT NULL"
    " OR NEW.data <> OLD.data OR NEW.type <> OLD.type OR NEW.event_id <> OLD.event_id OR NEW.actor <> OLD.actor)"
    " EXECUTE FUNCTION journal_refuses()",
    "CREATE FUNCTION document_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'a kept document never changes and never goes away'; END $$",
    "CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE ON document FOR EACH ROW"
    " EXECUTE FUNCTION document_refuses()",
)


def add_kit_tables(metadata: MetaData) -> None:
    """Give a service's metadata the tables of the kit."""
    for table in kit_metadata.sorted_tables:
        table.to_metadata(metadata)


def create_guards(sql: Connection) -> None:
    """Create the triggers that keep the journal append-only and documents as they are."""
    for statement in GUARDS_SQLITE if sql.dialect.name == "sqlite" else GUARDS_POSTGRESQL:
        sql.exec_driver_sql(statement)
