"""Tables of programmes: what is planned, what was reached, and the money that it released. They are only added to."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, String, UniqueConstraint

from coop.governance.tables.columns import (
    cents_column,
    count_column,
    day_column,
    id_column,
    make_table,
    refer,
    said,
    sha256_column,
    text_column,
)
from coop.kit.columns import Json, Words

programme = make_table("programme", ("programme_id",), id_column("programme_id"), text_column("name"), *said())

phase = make_table(
    "phase",
    ("phase_id",),
    id_column("phase_id"),
    id_column("programme_id"),
    count_column("number"),
    text_column("name_nl"),
    text_column("name_en"),
    cents_column("budget_cents"),
    refer(("programme_id",), "programme"),
    UniqueConstraint("community", "programme_id", "number"),
)

milestone = make_table(
    "milestone",
    ("milestone_id",),
    id_column("milestone_id"),
    id_column("phase_id"),
    count_column("number"),
    text_column("name_nl"),
    text_column("name_en"),
    cents_column("budget_cents"),
    count_column("margin_per_mille"),
    day_column("deadline"),
    Column("evidence", Json(tuple[str, ...]), nullable=False),
    refer(("phase_id",), "phase"),
    UniqueConstraint("community", "phase_id", "number"),
    CheckConstraint("budget_cents >= 0 AND margin_per_mille >= 0", name="budget"),
)

tranche = make_table(
    "tranche",
    ("tranche_id",),
    id_column("tranche_id"),
    id_column("milestone_id"),
    Column("financier", String(200), nullable=False),
    cents_column("amount_cents"),
    refer(("milestone_id",), "milestone"),
    CheckConstraint("amount_cents > 0", name="amount"),
)

realisation = make_table(
    "realisation",
    ("phase_id", "resolution_id"),
    id_column("phase_id"),
    id_column("resolution_id"),
    day_column("decided_on"),
    refer(("phase_id",), "phase"),
    refer(("resolution_id",), "decision"),
)
"""A phase that the members decided to build: by one decision that holds."""

milestone_reached = make_table(
    "milestone_reached",
    ("milestone_id",),
    id_column("milestone_id"),
    day_column("reached_on"),
    cents_column("cost_cents"),
    sha256_column("evidence_hash"),
    *said(),
    refer(("milestone_id",), "milestone"),
    refer(("evidence_hash",), "document", ("sha256",)),
    CheckConstraint("cost_cents >= 0", name="cost"),
)

evidence_file = make_table(
    "evidence_file",
    ("sha256",),
    sha256_column("sha256"),
    Column("name", String(200), nullable=False),
    Column("media_type", String(40), nullable=False),
    *said(),
    refer(("sha256",), "document", ("sha256",)),
)
"""A file that somebody handed in as evidence; its bytes are a document of the kit."""

milestone_report = make_table(
    "milestone_report",
    ("report_id",),
    Column("report_id", String(36), nullable=False),
    id_column("milestone_id"),
    day_column("reached_on"),
    cents_column("cost_cents"),
    sha256_column("evidence_hash"),
    *said(),
    refer(("milestone_id",), "milestone"),
    refer(("evidence_hash",), "document", ("sha256",)),
    CheckConstraint("cost_cents >= 0", name="cost"),
)
"""That the co-operative reports a milestone as reached; it counts once a partner checked it."""

milestone_report_settled = make_table(
    "milestone_report_settled",
    ("report_id",),
    Column("report_id", String(36), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reason", String(500), nullable=False),
    *said(),
    refer(("report_id",), "milestone_report"),
    CheckConstraint("outcome IN ('confirmed', 'returned', 'withdrawn')", name="outcome"),
    CheckConstraint("outcome <> 'returned' OR reason <> ''", name="reason"),
)

tranche_referral = make_table(
    "tranche_referral",
    ("tranche_id",),
    id_column("tranche_id"),
    day_column("referred_on"),
    text_column("reason"),
    Column("unmet", Words, nullable=False),
    *said(),
    refer(("tranche_id",), "tranche"),
)
"""``unmet`` names the conditions that failed, so that a page can say them in the reader's language."""

steering_seat = make_table(
    "steering_seat",
    ("seat_id",),
    id_column("seat_id"),
    id_column("account_id"),
    Column("party", String(12), nullable=False),
    Column("organisation", String(200), nullable=False),
    day_column("from_on"),
    day_column("until_on", nullable=True),
    *said(),
    refer(("seat_id",), "entry", ("entry_id",)),
    UniqueConstraint("community", "seat_id", "party", "organisation"),
    CheckConstraint("party IN ('co-operative', 'partner')", name="party"),
    CheckConstraint("(party = 'partner') = (organisation <> '')", name="organisation"),
    CheckConstraint("until_on > from_on", name="days"),
)
"""Seats of the steering group, each with whom it is for: the entry that two people signed is its id."""

steering_seat_end = make_table(
    "steering_seat_end",
    ("seat_id",),
    id_column("seat_id"),
    day_column("ended_on"),
    id_column("entry_id"),
    *said(),
    refer(("seat_id",), "steering_seat"),
    refer(("entry_id",), "entry"),
)

steering_decision = make_table(
    "steering_decision",
    ("tranche_id", "decided_on", "party", "organisation"),
    id_column("tranche_id"),
    day_column("decided_on"),
    Column("party", String(12), nullable=False),
    Column("organisation", String(200), nullable=False),
    Column("decision", String(10), nullable=False),
    text_column("reason"),
    id_column("seat_id"),
    count_column("year"),
    count_column("number"),
    *said(),
    refer(("tranche_id",), "tranche_referral"),
    refer(("seat_id", "party", "organisation"), "steering_seat"),
    UniqueConstraint("community", "year", "number"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("decision IN ('release', 'keep')", name="decision"),
    CheckConstraint("reason <> ''", name="reason"),
)
"""A word of one voice of the steering group, numbered within its year, from a seat that is of that voice; a tranche is
released once the co-operative says so last, and more partners than not."""

tranche_release = make_table(
    "tranche_release",
    ("tranche_id",),
    id_column("tranche_id"),
    day_column("released_on"),
    text_column("rule"),
    *said(),
    refer(("tranche_id",), "tranche"),
)

PROGRAMME_TABLES = (
    programme,
    phase,
    milestone,
    tranche,
    realisation,
    milestone_reached,
    evidence_file,
    milestone_report,
    milestone_report_settled,
    tranche_referral,
    steering_seat,
    steering_seat_end,
    steering_decision,
    tranche_release,
)
