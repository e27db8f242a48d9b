"""Tables of elections: votes round by round, their ballots and counts, lots, and terms of office."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, String, UniqueConstraint

from coop.governance.tables.columns import count_column, day_column, id_column, make_table, refer, said, sha256_column
from coop.kit.columns import Json

election_vote = make_table(
    "election_vote",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    Column("kind", String(12), nullable=False),
    Column("options", Json(Any), nullable=False),
    count_column("seats"),
    Column("on_paper", Boolean, nullable=False),
    Column("secret", Boolean, nullable=False),
    *said(),
    refer(("resolution_id",), "resolution"),
    CheckConstraint("kind IN ('nomination', 'round', 'intermediate')", name="kind"),
    CheckConstraint("number >= 1 AND seats >= 1", name="number"),
    CheckConstraint("on_paper OR NOT secret", name="secret"),
)
"""The ``number``-th vote of an election, from when it was opened. ``on_paper``: whoever is in the room votes on paper;
``secret``: nobody votes otherwise."""

election_ballot = make_table(
    "election_ballot",
    ("resolution_id", "number", "member_id", "place"),
    id_column("resolution_id"),
    count_column("number"),
    id_column("member_id"),
    count_column("place"),
    Column("ballot_id", String(100), nullable=False),
    Column("choices", Json(Any), nullable=False),
    day_column("cast_on"),
    id_column("proxy_holder", nullable=True),
    sha256_column("salt"),
    *said(),
    refer(("resolution_id", "number"), "election_vote"),
    UniqueConstraint("community", "resolution_id", "number", "ballot_id"),
    CheckConstraint("proxy_holder IS NULL OR proxy_holder <> member_id", name="proxy"),
    CheckConstraint("place >= 1", name="place"),
)
"""Ballots that members cast in their own sessions; of each member the one with the highest place counts."""

election_count = make_table(
    "election_count",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    Column("votes", Json(Any), nullable=False),
    count_column("valid"),
    count_column("blank"),
    count_column("invalid"),
    count_column("entitled"),
    Column("weights", Json(Any), nullable=False),
    sha256_column("ballots_hash"),
    id_column("entry_id", nullable=True),
    Column("word", String(30), nullable=False),
    Column("article", String(100), nullable=False),
    *said(),
    refer(("resolution_id", "number"), "election_vote"),
    refer(("entry_id",), "entry"),
    CheckConstraint("valid >= 0 AND blank >= 0 AND invalid >= 0", name="votes"),
    CheckConstraint("valid + blank + invalid <= entitled", name="entitled"),
)
"""A vote as it was counted, with the ruling; ``weights``: votes of each member whose ballot was counted here."""

election_lot = make_table(
    "election_lot",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    Column("drawn", Json(Any), nullable=False),
    Column("entry_id", String(100), nullable=False),
    *said(),
    refer(("resolution_id", "number"), "election_count"),
    refer(("entry_id",), "entry"),
)
"""A lot as two people saw it drawn, after the count of a number."""

office_term = make_table(
    "office_term",
    ("office", "member_id", "begins_on"),
    Column("office", String(20), nullable=False),
    id_column("member_id"),
    day_column("begins_on"),
    day_column("ends_on"),
    Column("resolution_id", String(100), nullable=False),
    id_column("entry_id", nullable=True),
    Column("stands_for", String(100), nullable=False),
    count_column("place"),
    *said(),
    refer(("entry_id",), "entry"),
    CheckConstraint("begins_on < ends_on", name="days"),
    CheckConstraint("entry_id IS NOT NULL OR resolution_id <> ''", name="origin"),
)
"""Somebody in an office: elected by a resolution, or entered by two people who began before the installation."""

office_end = make_table(
    "office_end",
    ("office", "member_id", "begins_on"),
    Column("office", String(20), nullable=False),
    id_column("member_id"),
    day_column("begins_on"),
    day_column("ends_on"),
    id_column("entry_id"),
    *said(),
    refer(("office", "member_id", "begins_on"), "office_term"),
    refer(("entry_id",), "entry"),
    CheckConstraint("begins_on <= ends_on", name="days"),
)
"""A term that ended before its day, as two people entered it: from ``ends_on`` nobody is in the office by it."""

ELECTION_TABLES = (election_vote, election_ballot, election_count, election_lot, office_term, office_end)
