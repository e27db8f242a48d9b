"""Tables. Every own table is only added to.

What a person says stands beside the server's time at which it was said, ``recorded_at``, and the ``actor`` who said it.
Parameters and evidence are documents of the kit, named here by the hash of their bytes. A decision carries the hash of
the parameters as adopted, and a foreign key lets it be no other than the hash in the notice: what the members were told
is what takes effect.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from coop.communities.tables import add_community_tables
from coop.governance.model import KINDS
from coop.kit.columns import Json, Words
from coop.kit.metadata import Instant, new_metadata
from coop.kit.tables import add_kit_tables

metadata = new_metadata()
add_kit_tables(metadata)
add_community_tables(metadata)


def _table(name: str, key: tuple[str, ...], *parts: Any) -> Table:
    community = Column("community", String(100), nullable=False)
    return Table(name, metadata, community, *parts, PrimaryKeyConstraint("community", *key))


def _to(columns: tuple[str, ...], table: str, theirs: tuple[str, ...] = ()) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["community", *columns], [f"{table}.community", *(f"{table}.{column}" for column in theirs or columns)]
    )


def _id(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(100), nullable=nullable)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _day(name: str) -> Column[Any]:
    return Column(name, Date, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _sha256(name: str) -> Column[str]:
    return Column(name, String(64), nullable=False)


def _said() -> tuple[Column[Any], Column[Any]]:
    return Column("recorded_at", Instant, nullable=False), Column("actor", String(120), nullable=False)


def _cents(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


entry = _table(
    "entry",
    ("entry_id",),
    Column("entry_id", String(100), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("meeting_id", String(100), nullable=False),
    Column("paper", String(300), nullable=False),
    Column("content", Json(Any), nullable=False),
    _sha256("content_hash"),
    Column("channel", String(20), nullable=False),
    *_said(),
    CheckConstraint("kind IN ('ballots', 'meeting', 'statutes')", name="kind"),
)
"""Ballots of the room, a meeting of the past or the first statutes, as one person entered them from a paper; they hold
once another person confirmed them."""

entry_settled = _table(
    "entry_settled",
    ("entry_id",),
    Column("entry_id", String(100), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("channel", String(20), nullable=False),
    *_said(),
    _to(("entry_id",), "entry"),
    CheckConstraint("outcome IN ('confirmed', 'dropped')", name="outcome"),
)

voter = _table(
    "voter",
    ("member_id", "from_on", "change"),
    _id("member_id"),
    _day("from_on"),
    Column("change", String(10), nullable=False),
    _count("votes"),
    Column("told_at", Instant, nullable=False),
    CheckConstraint("change IN ('admitted', 'left') OR change LIKE 'c%'", name="change"),
    CheckConstraint("votes >= 0", name="votes"),
)
"""Heard: from a date on, a member has so many votes; none from the day they left. ``told_at``: when the register said
so first."""

member_number = _table("member_number", ("member_id",), _id("member_id"), Column("number", String(100), nullable=False))
"""Heard: what papers call a member by."""

notice_told = _table(
    "notice_told",
    ("message_id", "told_at", "outcome"),
    Column("message_id", String(36), nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("outcome", String(10), nullable=False),
    _id("meeting_id"),
    _id("member_id"),
    CheckConstraint("outcome IN ('sent', 'failed')", name="outcome"),
)
"""Heard: what became of the notice of a meeting to a member; of each message the newest row counts."""
Index("ix_notice_told_meeting_id", notice_told.c.community, notice_told.c.meeting_id)

statutes = _table(
    "statutes",
    ("valid_from",),
    _day("valid_from"),
    _text("name"),
    Column("deed_on", Date),
    Column("resolution_id", String(100), nullable=False),
    Column("entry_id", String(100)),
    *_said(),
    _to(("entry_id",), "entry"),
    CheckConstraint("entry_id IS NOT NULL OR resolution_id <> ''", name="origin"),
    CheckConstraint("deed_on IS NULL OR deed_on <= valid_from", name="deed"),
)

voting_rule = _table(
    "voting_rule",
    ("valid_from", "kind"),
    _day("valid_from"),
    Column("kind", String(20), nullable=False),
    Column("article", String(100), nullable=False),
    _count("notice_days"),
    _count("quorum_num"),
    _count("quorum_den"),
    _count("majority_num"),
    _count("majority_den"),
    Column("base", String(10), nullable=False),
    _count("proxy_limit"),
    Column("secrecy", String(10), nullable=False),
    _count("advance_days"),
    _to(("valid_from",), "statutes"),
    CheckConstraint(f"kind IN {KINDS}", name="kind"),
    CheckConstraint("base IN ('cast', 'present', 'all')", name="base"),
    CheckConstraint("secrecy = 'open'", name="secrecy"),
    CheckConstraint("quorum_num BETWEEN 0 AND quorum_den", name="quorum"),
    CheckConstraint(
        "majority_den > 0 AND 2 * majority_num >= majority_den AND majority_num <= majority_den", name="majority"
    ),
    CheckConstraint("notice_days >= 0 AND proxy_limit >= 0 AND advance_days >= 0", name="counts"),
)

meeting = _table(
    "meeting",
    ("meeting_id",),
    _id("meeting_id"),
    _day("held_on"),
    _day("convened_on"),
    Column("place", String(200), nullable=False),
    _day("statutes_from"),
    _sha256("notice_hash"),
    Column("entry_id", String(100)),
    *_said(),
    _to(("statutes_from",), "statutes", ("valid_from",)),
    _to(("notice_hash",), "document", ("sha256",)),
    _to(("entry_id",), "entry"),
    CheckConstraint("convened_on <= held_on", name="convened"),
)
"""``notice_hash``: of the document that holds the whole notice. ``entry_id``: where it was held before it came on
file."""

voting_list = _table(
    "voting_list",
    ("meeting_id", "moment"),
    _id("meeting_id"),
    Column("moment", String(10), nullable=False),
    _sha256("list_hash"),
    *_said(),
    _to(("meeting_id",), "meeting"),
    _to(("list_hash",), "document", ("sha256",)),
    CheckConstraint("moment IN ('opened', 'closed')", name="moment"),
)
"""Who may vote at a meeting and with how many votes: from when the vote opened, and without who left until it was
closed."""

resolution = _table(
    "resolution",
    ("resolution_id",),
    _id("resolution_id"),
    _id("meeting_id"),
    _count("number"),
    Column("kind", String(20), nullable=False),
    _text("subject_nl"),
    _text("subject_en"),
    _text("explanation_nl"),
    _text("explanation_en"),
    _sha256("notice_hash"),
    _to(("meeting_id",), "meeting"),
    _to(("notice_hash",), "document", ("sha256",)),
    UniqueConstraint("community", "meeting_id", "number"),
    UniqueConstraint("community", "resolution_id", "notice_hash"),
    CheckConstraint(f"kind IN {KINDS}", name="kind"),
)

ballot = _table(
    "ballot",
    ("resolution_id", "member_id", "number"),
    _id("resolution_id"),
    _id("member_id"),
    _count("number"),
    Column("choice", String(10), nullable=False),
    _day("cast_on"),
    _id("proxy_holder", nullable=True),
    Column("channel", String(10), nullable=False),
    Column("ballot_id", String(100), nullable=False),
    Column("entry_id", String(100)),
    Column("salt", String(64), nullable=False),
    *_said(),
    _to(("resolution_id",), "resolution"),
    _to(("entry_id",), "entry"),
    UniqueConstraint("community", "resolution_id", "ballot_id"),
    CheckConstraint("channel IN ('own', 'room', 'paper', 'letter')", name="channel"),
    CheckConstraint("(channel = 'own') = (entry_id IS NULL)", name="entered"),
    CheckConstraint("choice IN ('for', 'against', 'blank')", name="choice"),
    CheckConstraint("proxy_holder IS NULL OR proxy_holder <> member_id", name="proxy"),
    CheckConstraint("number >= 1", name="number"),
)
"""The ballot with the highest number stands; the others are its history. Of channel ``own`` is what the member cast in
their own session, where ``actor`` is their account; what was entered for them names its entry."""

objection = _table(
    "objection",
    ("resolution_id", "member_id", "number"),
    _id("resolution_id"),
    _id("member_id"),
    _count("number"),
    Column("in_time", Boolean, nullable=False),
    *_said(),
    _to(("resolution_id", "member_id", "number"), "ballot"),
)
"""A member says that a ballot that was entered for them is not theirs. ``in_time``: the vote was open, and it does not
count."""

decision = _table(
    "decision",
    ("resolution_id",),
    _id("resolution_id"),
    _day("decided_on"),
    Column("verdict", String(10), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("article", String(100), nullable=False),
    _sha256("parameters_hash"),
    _count("votes_needed"),
    _count("votes_for"),
    _count("votes_against"),
    _count("votes_blank"),
    _count("votes_entitled"),
    Column("voting_list_hash", String(64), nullable=False),
    Column("ballots_hash", String(64), nullable=False),
    *_said(),
    _to(("resolution_id", "parameters_hash"), "resolution", ("resolution_id", "notice_hash")),
    CheckConstraint("verdict IN ('adopted', 'rejected')", name="verdict"),
    CheckConstraint("(verdict = 'adopted') = (reason = 'majority')", name="reason"),
    CheckConstraint(
        "verdict = 'rejected' OR (votes_for >= votes_needed AND votes_for > votes_against)", name="majority"
    ),
    CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND votes_blank >= 0", name="votes"),
    CheckConstraint("votes_for + votes_against + votes_blank <= votes_entitled", name="entitled"),
)

programme = _table("programme", ("programme_id",), _id("programme_id"), _text("name"), *_said())

phase = _table(
    "phase",
    ("phase_id",),
    _id("phase_id"),
    _id("programme_id"),
    _count("number"),
    _text("name_nl"),
    _text("name_en"),
    _cents("budget_cents"),
    _to(("programme_id",), "programme"),
    UniqueConstraint("community", "programme_id", "number"),
)

milestone = _table(
    "milestone",
    ("milestone_id",),
    _id("milestone_id"),
    _id("phase_id"),
    _count("number"),
    _text("name_nl"),
    _text("name_en"),
    _cents("budget_cents"),
    _count("margin_per_mille"),
    _day("deadline"),
    Column("evidence", Json(tuple[str, ...]), nullable=False),
    _to(("phase_id",), "phase"),
    UniqueConstraint("community", "phase_id", "number"),
    CheckConstraint("budget_cents >= 0 AND margin_per_mille >= 0", name="budget"),
)

tranche = _table(
    "tranche",
    ("tranche_id",),
    _id("tranche_id"),
    _id("milestone_id"),
    Column("financier", String(200), nullable=False),
    _cents("amount_cents"),
    _to(("milestone_id",), "milestone"),
    CheckConstraint("amount_cents > 0", name="amount"),
)

realisation = _table(
    "realisation",
    ("phase_id",),
    _id("phase_id"),
    _id("resolution_id"),
    _day("decided_on"),
    _to(("phase_id",), "phase"),
    _to(("resolution_id",), "decision"),
)
"""A phase that the members decided to build, once."""

milestone_reached = _table(
    "milestone_reached",
    ("milestone_id",),
    _id("milestone_id"),
    _day("reached_on"),
    _cents("cost_cents"),
    _sha256("evidence_hash"),
    *_said(),
    _to(("milestone_id",), "milestone"),
    _to(("evidence_hash",), "document", ("sha256",)),
    CheckConstraint("cost_cents >= 0", name="cost"),
)

evidence_file = _table(
    "evidence_file",
    ("sha256",),
    _sha256("sha256"),
    Column("name", String(200), nullable=False),
    Column("media_type", String(40), nullable=False),
    *_said(),
    _to(("sha256",), "document", ("sha256",)),
)
"""A file that somebody handed in as evidence; its bytes are a document of the kit."""

milestone_report = _table(
    "milestone_report",
    ("report_id",),
    Column("report_id", String(36), nullable=False),
    _id("milestone_id"),
    _day("reached_on"),
    _cents("cost_cents"),
    _sha256("evidence_hash"),
    *_said(),
    _to(("milestone_id",), "milestone"),
    _to(("evidence_hash",), "document", ("sha256",)),
    CheckConstraint("cost_cents >= 0", name="cost"),
)
"""That the co-operative reports a milestone as reached; it counts once a partner checked it."""

milestone_report_settled = _table(
    "milestone_report_settled",
    ("report_id",),
    Column("report_id", String(36), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reason", String(500), nullable=False),
    *_said(),
    _to(("report_id",), "milestone_report"),
    CheckConstraint("outcome IN ('confirmed', 'returned', 'withdrawn')", name="outcome"),
    CheckConstraint("outcome <> 'returned' OR reason <> ''", name="reason"),
)

tranche_referral = _table(
    "tranche_referral",
    ("tranche_id",),
    _id("tranche_id"),
    _day("referred_on"),
    _text("reason"),
    Column("unmet", Words, nullable=False),
    *_said(),
    _to(("tranche_id",), "tranche"),
)
"""``unmet`` names the conditions that failed, so that a page can say them in the reader's language."""

steering_decision = _table(
    "steering_decision",
    ("tranche_id", "decided_on", "party"),
    _id("tranche_id"),
    _day("decided_on"),
    Column("party", String(12), nullable=False),
    Column("decision", String(10), nullable=False),
    *_said(),
    _to(("tranche_id",), "tranche_referral"),
    CheckConstraint("party IN ('co-operative', 'partner')", name="party"),
    CheckConstraint("decision IN ('release', 'keep')", name="decision"),
)
"""A word of one of the two parties of a steering group; a tranche is released once both said so last."""

tranche_release = _table(
    "tranche_release",
    ("tranche_id",),
    _id("tranche_id"),
    _day("released_on"),
    _text("rule"),
    *_said(),
    _to(("tranche_id",), "tranche"),
)

_DECIDED = (
    statutes,
    voting_rule,
    meeting,
    resolution,
    voting_list,
    ballot,
    objection,
    entry,
    entry_settled,
    decision,
)
_PLANNED = (programme, phase, milestone, tranche, realisation)
_FUNDED = (
    milestone_reached,
    evidence_file,
    milestone_report,
    milestone_report_settled,
    tranche_referral,
    steering_decision,
    tranche_release,
)
KEPT = (*_DECIDED, *_PLANNED, *_FUNDED)
"""Tables whose rows are never changed or deleted."""
