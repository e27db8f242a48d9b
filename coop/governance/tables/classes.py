"""Tables of classes of members that have a majority of their own."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, String

from coop.governance.tables.columns import count_column, id_column, make_table, refer, said, sha256_column

class_list = make_table(
    "class_list",
    ("meeting_id",),
    id_column("meeting_id"),
    sha256_column("list_hash"),
    *said(),
    refer(("meeting_id",), "meeting"),
    refer(("list_hash",), "document", ("sha256",)),
)
"""Kind of each member on the frozen voting list, where the statutes ask majorities of classes: a document that is never
changed."""

class_count = make_table(
    "class_count",
    ("resolution_id", "name"),
    id_column("resolution_id"),
    Column("name", String(100), nullable=False),
    count_column("votes_for"),
    count_column("votes_against"),
    count_column("votes_blank"),
    count_column("votes_entitled"),
    count_column("members_entitled"),
    count_column("members_present"),
    count_column("votes_silent"),
    count_column("votes_represented"),
    count_column("members_represented"),
    refer(("resolution_id",), "decision"),
    CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND votes_blank >= 0 AND votes_silent >= 0", name="votes"),
    CheckConstraint("votes_for + votes_against + votes_blank + votes_silent <= votes_entitled", name="entitled"),
    CheckConstraint(
        "members_represented >= 0 AND members_represented <= members_present AND members_present <= members_entitled",
        name="members",
    ),
)
"""Votes within one class of members, beside those of all in the decision."""

CLASS_TABLES = (class_list, class_count)
