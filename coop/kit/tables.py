"""Tables that every service has: journal, relay, inbox, dead letters, runs of jobs; and the guards of the journal."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from coop.kit.database import Instant, new_metadata

kit_metadata = new_metadata()

journal = Table(
    "journal",
    kit_metadata,
    Column("row_id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("type", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("community", String(100), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("data", Text, nullable=False),
    Column("position", Integer, unique=True),
    Column("previous_hash", String(64)),
    Column("hash", String(64)),
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
)

inbox = Table(
    "inbox",
    kit_metadata,
    Column("event_id", String(36), primary_key=True),
    Column("type", String(100), nullable=False),
    Column("received_at", Instant, nullable=False),
)

dead_letter = Table(
    "dead_letter",
    kit_metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("source", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("code", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("parked_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("resolved_at", Instant),
    Column("resolution", String(20)),
)
Index(
    "ix_dead_letter_open",
    dead_letter.c.parked_at,
    sqlite_where=dead_letter.c.resolved_at.is_(None),
    postgresql_where=dead_letter.c.resolved_at.is_(None),
)

job_run = Table(
    "job_run",
    kit_metadata,
    Column("job", String(100), primary_key=True),
    Column("due_at", Instant, primary_key=True),
    Column("finished_at", Instant),
    Column("outcome", String(500)),
)

GUARDS_SQLITE = (
    "CREATE TRIGGER journal_keeps BEFORE DELETE ON journal"
    " BEGIN SELECT RAISE(ABORT, 'the journal is never pruned'); END",
    "CREATE TRIGGER journal_holds BEFORE UPDATE ON journal WHEN OLD.position IS NOT NULL"
    " OR NEW.data <> OLD.data OR NEW.type <> OLD.type OR NEW.event_id <> OLD.event_id"
    " BEGIN SELECT RAISE(ABORT, 'a sealed row never changes'); END",
)
GUARDS_POSTGRESQL = (
    "CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the journal is never pruned and a sealed row never changes'; END $$",
    "CREATE TRIGGER journal_keeps BEFORE DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_refuses()",
    "CREATE TRIGGER journal_holds BEFORE UPDATE ON journal FOR EACH ROW WHEN (OLD.position IS NOT NULL"
    " OR NEW.data <> OLD.data OR NEW.type <> OLD.type OR NEW.event_id <> OLD.event_id)"
    " EXECUTE FUNCTION journal_refuses()",
)


def add_kit_tables(metadata: MetaData) -> None:
    """Give a service's metadata the tables of the kit."""
    for table in kit_metadata.sorted_tables:
        table.to_metadata(metadata)


def guard_journal(connection: Connection) -> None:
    """Create the triggers that keep the journal append-only; a migration calls this once."""
    for statement in GUARDS_SQLITE if connection.dialect.name == "sqlite" else GUARDS_POSTGRESQL:
        connection.exec_driver_sql(statement)
