"""Tables of what billing itself decides.

Invariant: what was issued (``bill`` and what hangs on it, ``posting``) and the law that was put on file are never
changed or deleted; triggers refuse it.
What a bill was computed from, and the terms under which a run dealt with a period, are kept as documents.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from coop.billing.brake import Brake
from coop.billing.model import GuaranteeTerms, LineKind, VatAmount
from coop.billing.tables.heard import identity, key, law, metadata
from coop.kit.columns import Choice, Exact, Json, Words
from coop.kit.metadata import Instant
from coop.kit.sentences import Sentence


def _refers(column: str, table: str) -> ForeignKeyConstraint:
    """A reference to a row of the same co-operative."""
    return ForeignKeyConstraint(["community", column], [f"{table}.community", f"{table}.id"])


tariff_notice = Table(
    "tariff_notice",
    metadata,
    key("community"),
    key("id", 36),
    identity("tariff_id"),
    identity("member_id"),
    Column("sent_on", Date, nullable=False),
    identity("channel"),
    Column("known_on", Date, nullable=False),
)
"""Written notices of a tariff that two people stand for, each to one member."""

notice_entry = Table(
    "notice_entry",
    metadata,
    key("community"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    identity("tariff_id"),
    Column("members", Json(tuple[str, ...]), nullable=False),
    Column("sent_on", Date, nullable=False),
    identity("channel"),
    Column("evidence_hash", String(64), nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("entered_by", String(120), nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn')", name="outcome_known"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"
    ),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> entered_by", name="confirmed_by_another"),
)
"""Lists of who was written to of a tariff, as one person entered them with a file that shows it; they bind nobody
before another person confirmed them. The hash stays where the file is erased."""

law_proposal = Table(
    "law_proposal",
    metadata,
    key("community"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("published_on", Date, nullable=False),
    Column("figures", Json(dict[str, dict[str, str]]), nullable=False),
    Column("source", String(1000), nullable=False),
    Column("mark", String(1000), nullable=False),
    Column("is_checked", Boolean, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(120), nullable=False),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("outcome", String(20)),
    CheckConstraint("outcome IN ('confirmed', 'withdrawn')", name="outcome_known"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"
    ),
    CheckConstraint("outcome <> 'confirmed' OR settled_by <> proposed_by", name="confirmed_by_another"),
)
"""Publications of law that one person entered and a second one looks at: until then no bill knows of them."""

yearly_figure = Table(
    "yearly_figure",
    metadata,
    key("community"),
    key("series"),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("value", Exact(40), nullable=False),
    Column("source", Text, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("entered_by", String(120), nullable=False),
    CheckConstraint("source <> ''", name="names_its_source"),
    CheckConstraint("number >= 1", name="entries_count"),
)
"""Published figures as they were entered: of a series and year the highest ``number`` holds, others were mistyped."""

bill_run = Table(
    "bill_run",
    metadata,
    key("community"),
    key("id", 36),
    Column("kind", String(20), nullable=False),
    Column("period_start", Date),
    Column("period_end", Date),
    Column("issued_on", Date, nullable=False),
    Column("status", String(10), nullable=False),
    Column("brakes", Json(tuple[Brake, ...]), nullable=False),
    Column("run_by", String(100), nullable=False),
    Column("run_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("released_by", String(100)),
    CheckConstraint("status IN ('held', 'issued')", name="status_known"),
    CheckConstraint("kind IN ('period', 'corrections')", name="kind_known"),
    CheckConstraint("(kind = 'period') = (period_start IS NOT NULL AND period_end IS NOT NULL)", name="has_its_period"),
    CheckConstraint(
        "status = 'held' OR brakes = '[]' OR (released_at IS NOT NULL AND released_by IS NOT NULL)",
        name="braked_only_by_release",
    ),
    Index("ix_bill_run_community", "community", "period_start"),
)

notice_order = Table(
    "notice_order",
    metadata,
    key("community"),
    key("tariff_id"),
    Column("ordered_at", Instant, primary_key=True),
    Column("ordered_by", String(120), nullable=False),
)
"""Orders of the board to write to everybody of a tariff."""

run_period = Table(
    "run_period",
    metadata,
    key("community"),
    key("run_id", 36),
    Column("period_start", Date, primary_key=True),
    Column("period_end", Date, primary_key=True),
    Column("closed_revision", Integer, nullable=False),
    Column("terms_hash", String(64), nullable=False),
    Column("ordinal", Integer, nullable=False),
    _refers("run_id", "bill_run"),
    ForeignKeyConstraint(["community", "terms_hash"], ["document.community", "document.sha256"]),
)
"""Which revision of which period a run has dealt with; the highest ``ordinal`` of a period is the newest."""

run_proposal = Table(
    "run_proposal",
    metadata,
    key("community"),
    key("name", 40),
    Column("period_start", Date),
    Column("period_end", Date),
    Column("bill_count", Integer, nullable=False),
    Column("total_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    Column("brakes", Json(tuple[Brake, ...]), nullable=False),
    Column("drafted_at", Instant, nullable=False),
)
"""A run that was drafted and waits for the treasurer, by what it would bill: a period, or ``corrections``. Nothing
rests on it: the run is drafted anew when it is looked at and when it is issued."""

run_work = Table(
    "run_work",
    metadata,
    key("community"),
    key("name", 60),
    Column("asked", String(10), nullable=False),
    Column("issued_on", Date),
    Column("actor_kind", String(20), nullable=False),
    Column("actor_id", String(100), nullable=False),
    Column("channel", String(100), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("stage", String(10)),
    Column("done", Integer),
    Column("total", Integer),
    Column("begun_at", Instant),
    Column("noted_at", Instant),
    Column("refusal", Sentence),
    CheckConstraint("asked IN ('run', 'release')", name="asked_known"),
)
"""Runs that somebody asked for and that are not there yet, by what their page is called. A row goes in the transaction
that issues or holds the run; one that stays says that its process was killed, or what refused it."""

bill = Table(
    "bill",
    metadata,
    key("community"),
    key("id", 36),
    Column("number", String(20), nullable=False),
    Column("year", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("corrects", String(36)),
    identity("member_id"),
    identity("contract_id"),
    identity("connection_id"),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("days_start", Date, nullable=False),
    Column("days_end", Date, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("total_cents", BigInteger, nullable=False),
    Column("asked_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    Column("vat", Json(tuple[VatAmount, ...]), nullable=False),
    Column("inputs_hash", String(64), nullable=False),
    Column("paper_hash", String(64), nullable=False),
    CheckConstraint("(kind = 'correction') = (corrects IS NOT NULL)", name="correction_names_its_bill"),
    CheckConstraint("kind IN ('bill', 'correction')", name="kind_known"),
    CheckConstraint("sequence >= 1", name="sequence_counts"),
    CheckConstraint("days_end > days_start AND period_end > period_start", name="ends_after_start"),
    _refers("run_id", "bill_run"),
    _refers("corrects", "bill"),
    UniqueConstraint("community", "number"),
    UniqueConstraint("community", "year", "sequence"),
    UniqueConstraint("community", "ordinal"),
    ForeignKeyConstraint(["community", "inputs_hash"], ["document.community", "document.sha256"]),
    ForeignKeyConstraint(
        ["community", "paper_hash"], ["document.community", "document.sha256"], name="fk_bill_paper_document"
    ),
    Index("ix_bill_member", "community", "member_id", "year", "sequence"),
    Index("ix_bill_period", "community", "period_start", "period_end", "ordinal"),
    Index("ix_bill_run_id", "community", "run_id", "total_cents"),
)
Index(
    "uq_bill_once",
    bill.c.community,
    bill.c.contract_id,
    bill.c.period_start,
    bill.c.period_end,
    unique=True,
    sqlite_where=bill.c.corrects.is_(None),
    postgresql_where=bill.c.corrects.is_(None),
)

bill_line = Table(
    "bill_line",
    metadata,
    key("community"),
    key("bill_id", 36),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", Choice(LineKind), nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("price_eur", Exact(40), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("vat_rate", Exact(10), nullable=False),
    identity("tariff_id"),
    identity("resolution_id"),
    identity("source_id"),
    Column("source_revision", Integer, nullable=False),
    identity("group_id"),
    Column("notes", Words, nullable=False),
    Column("cause", Text, nullable=False),
    Column("component", String(60), nullable=False),
    Column("per", String(10), nullable=False),
    Column("account", String(30), nullable=False),
    Column("in_guarantee", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["community", "bill_id"], ["bill.community", "bill.id"], deferrable=True, initially="DEFERRED"
    ),
    CheckConstraint("resolution_id <> ''", name="rests_on_a_resolution"),
)
"""Lines of bills. They are written before their bill: a trigger refuses one that has none."""

guarantee_entry = Table(
    "guarantee_entry",
    metadata,
    key("community"),
    key("contract_id"),
    Column("year_start", Date, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("year_end", Date, nullable=False),
    Column("entered_on", Date, nullable=False),
    Column("bill_id", String(36)),
    Column("ordinal", Integer),
    Column("ceiling_cents", BigInteger),
    Column("heat_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    Column("heat_so_far_cents", BigInteger, nullable=False),
    Column("credit_so_far_cents", BigInteger, nullable=False),
    Column("notes", Words, nullable=False),
    Column("causes", Words, nullable=False),
    Column("terms", Json(GuaranteeTerms), nullable=False),
    _refers("bill_id", "bill"),
    CheckConstraint("number >= 1", name="entries_count"),
    CheckConstraint("ceiling_cents >= 0", name="promises_no_less_than_nothing"),
    CheckConstraint("(bill_id IS NULL) = (ordinal IS NULL)", name="ordinal_is_the_bills"),
    CheckConstraint("bill_id IS NOT NULL OR (heat_cents = 0 AND credit_cents = 0)", name="only_a_bill_moves_money"),
    CheckConstraint(
        "ceiling_cents IS NULL OR heat_so_far_cents - credit_so_far_cents <= ceiling_cents", name="below_the_ceiling"
    ),
    Index("ix_guarantee_entry_bill", "community", "bill_id"),
)
"""The account of each guarantee year of a contract: what moved its cost, its credit or its ceiling, in order. Entries
of a bill have the bill's ``ordinal``; one without a bill moved the ceiling alone."""

posting = Table(
    "posting",
    metadata,
    key("community"),
    key("transaction_id", 36),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("booked_on", Date, nullable=False),
    Column("source_kind", String(20), nullable=False),
    identity("source_id"),
    Column("debit", String(120), nullable=False),
    Column("credit", String(120), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    CheckConstraint("amount_cents > 0", name="moves_money"),
    CheckConstraint("debit <> credit", name="two_accounts"),
)

monthly_amount = Table(
    "monthly_amount",
    metadata,
    key("community"),
    key("contract_id"),
    Column("year_start", Date, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("from_day", Date, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("expected_cents", BigInteger, nullable=False),
    Column("basis", String(20), nullable=False),
    Column("set_on", Date, nullable=False),
    Column("set_by", String(120), nullable=False),
    CheckConstraint("number >= 1", name="amounts_count"),
    CheckConstraint("amount_cents >= 0 AND expected_cents >= 0", name="asks_no_less_than_nothing"),
    CheckConstraint("basis IN ('expected', 'asked', 'drift')", name="basis_known"),
)
"""Even amounts that contracts are asked for each month of a guarantee year, in the order in which they were set."""

ISSUED = (bill, bill_line, guarantee_entry, posting, monthly_amount, law)
"""Tables whose rows are never changed or deleted."""


_IS_BARE = (
    "NEW.corrects IS NULL AND (NEW.total_cents <> 0 OR NEW.credit_cents <> 0)"
    " AND NOT EXISTS (SELECT 1 FROM bill_line WHERE community = NEW.community AND bill_id = NEW.id)"
)
"""True of a bill that comes to something and has no lines; a correction may have none, as it takes all of them back."""


def guard_bills(connection: Connection) -> None:
    """Create the triggers that keep issued bills and the ledger as they are, and refuse a bill without lines; a
    migration calls this once."""
    if connection.dialect.name == "sqlite":
        for name in (table.name for table in ISSUED):
            for action in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {name}_stays_on_{action.lower()} BEFORE {action} ON {name}"
                    f" BEGIN SELECT RAISE(ABORT, 'what was issued or put on file never changes'); END"
                )
        connection.exec_driver_sql(
            f"CREATE TRIGGER bill_has_lines BEFORE INSERT ON bill WHEN {_IS_BARE}"
            " BEGIN SELECT RAISE(ABORT, 'a bill has lines'); END"
        )
        return
    connection.exec_driver_sql(
        "CREATE FUNCTION billing_counts_lines() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {_IS_BARE} THEN RAISE EXCEPTION 'a bill has lines'; END IF; RETURN NEW; END $$"
    )
    connection.exec_driver_sql(
        "CREATE TRIGGER bill_has_lines AFTER INSERT ON bill FOR EACH ROW EXECUTE FUNCTION billing_counts_lines()"
    )
    connection.exec_driver_sql(
        "CREATE FUNCTION billing_refuses() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'what was issued or put on file never changes'; END $$"
    )
    for name in (table.name for table in ISSUED):
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name}_stays BEFORE UPDATE OR DELETE ON {name}"
            f" FOR EACH ROW EXECUTE FUNCTION billing_refuses()"
        )
