"""Tables. Every own table is only added to.

What a person says stands beside the server's time at which it was said, ``recorded_at``, and the ``actor`` who said it.
Parameters and evidence are documents of the kit, named here by the hash of their bytes. A decision carries the hash of
the parameters as adopted, and a foreign key lets it be no other than the hash in the notice: what the members were told
is what takes effect.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, String, UniqueConstraint

from coop.governance.tables.assembly import ASSEMBLY_TABLES
from coop.governance.tables.challenges import CHALLENGE_TABLES
from coop.governance.tables.classes import CLASS_TABLES
from coop.governance.tables.columns import (
    count_column,
    day_column,
    id_column,
    make_table,
    refer,
    said,
    sha256_column,
    text_column,
)
from coop.governance.tables.elections import ELECTION_TABLES
from coop.governance.tables.expulsions import EXPULSION_TABLES
from coop.governance.tables.motions import MOTION_TABLES
from coop.governance.tables.programmes import PROGRAMME_TABLES
from coop.governance.tables.referenda import REFERENDUM_TABLES
from coop.governance.tables.stops import STOP_TABLES
from coop.kit.columns import Json
from coop.kit.metadata import Instant
from coop.kit.sentences import Sentence

entry = make_table(
    "entry",
    ("entry_id",),
    Column("entry_id", String(100), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("meeting_id", String(100), nullable=False),
    Column("paper", String(300), nullable=False),
    Column("content", Json(Any), nullable=False),
    sha256_column("content_hash"),
    Column("channel", String(20), nullable=False),
    *said(),
    CheckConstraint(
        "kind IN ('ballots', 'meeting', 'statutes', 'withdrawal', 'minutes', 'attendance', 'count', 'lot', 'term',"
        " 'term-end', 'suspension', 'lifting', 'expulsion', 'appeal', 'stop', 'word', 'challenge', 'motion', 'order',"
        " 'request', 'seat', 'seat-end')",
        name="kind",
    ),
)
"""Ballots of the room, a list of who was there, a meeting of the past, a suspension or the statutes, as one person
entered them from a paper, or the withdrawal of a notice; they hold once another person confirmed them."""

entry_settled = make_table(
    "entry_settled",
    ("entry_id",),
    Column("entry_id", String(100), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("channel", String(20), nullable=False),
    *said(),
    refer(("entry_id",), "entry"),
    CheckConstraint("outcome IN ('confirmed', 'dropped')", name="outcome"),
    CheckConstraint("(outcome = 'dropped') = (reason <> '')", name="reason"),
)

voter = make_table(
    "voter",
    ("member_id", "from_on", "change"),
    id_column("member_id"),
    day_column("from_on"),
    Column("change", String(10), nullable=False),
    Column("kind", String(40), nullable=False),
    count_column("votes"),
    Column("told_at", Instant, nullable=False),
    CheckConstraint("change = 'admitted' OR change LIKE 'c%'", name="change"),
    CheckConstraint("votes >= 0", name="votes"),
)
"""Heard: from a date on, a member is of a kind and has so many votes by the register. What the statutes make of it is
not kept here. ``told_at``: when the register said so first."""

voter_left = make_table(
    "voter_left",
    ("member_id", "number"),
    id_column("member_id"),
    count_column("number"),
    Column("left_on", Date),
    Column("told_at", Instant, nullable=False),
    CheckConstraint("number >= 0", name="number"),
)
"""Heard: from a day on somebody is no member, or the membership goes on where there is no day. The newest number of a
member holds; of what was told until an instant, the newest of that."""

member_number = make_table(
    "member_number", ("member_id",), id_column("member_id"), Column("number", String(100), nullable=False)
)
"""Heard: what papers call a member by."""

notice_told = make_table(
    "notice_told",
    ("message_id", "told_at", "outcome"),
    Column("message_id", String(36), nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("outcome", String(10), nullable=False),
    id_column("meeting_id"),
    id_column("member_id"),
    CheckConstraint("outcome IN ('sent', 'failed')", name="outcome"),
)
"""Heard: what became of the notice of a meeting to a member; of each message the newest row counts."""
Index("ix_notice_told_meeting_id", notice_told.c.community, notice_told.c.meeting_id)

closed_period = make_table(
    "closed_period",
    ("period_start",),
    day_column("period_start"),
    day_column("period_end"),
)
"""Heard: periods whose energy is divided and closed, into which no new key reaches."""

sharing_group = make_table(
    "sharing_group",
    ("group_id", "position"),
    Column("group_id", String(100), nullable=False),
    Column("position", Integer, nullable=False),
)
"""Heard: groups that share energy, with the position in its chain of each fact that told who shares in them."""

sharing_spell = make_table(
    "sharing_spell",
    ("group_id", "position", "connection_id", "joins_on"),
    Column("group_id", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("connection_id", String(100), nullable=False),
    day_column("joins_on"),
    Column("leaves_on", Date),
    refer(("group_id", "position"), "sharing_group"),
)
"""Heard: from which day to which a connection shares in a group, as one fact told."""

metered_connection = make_table(
    "metered_connection",
    ("connection_id", "position"),
    Column("connection_id", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("metered", Boolean, nullable=False),
)
"""Heard: whether a connection has an electricity meter, and so can share, as each fact told."""

decision_answer = make_table(
    "decision_answer",
    ("resolution_id", "service", "told_at", "taken"),
    id_column("resolution_id"),
    Column("service", String(20), nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("taken", Boolean, nullable=False),
    Column("code", String(100), nullable=False),
    Column("reason", Sentence, nullable=False),
)
"""Heard: a service could not take what was decided, or took it after all; the newest row counts."""

statutes = make_table(
    "statutes",
    ("valid_from",),
    day_column("valid_from"),
    text_column("name"),
    sha256_column("articles_hash"),
    Column("deed_on", Date),
    Column("notary", String(200), nullable=False),
    Column("deed_file", String(64)),
    Column("resolution_id", String(100), nullable=False),
    Column("entry_id", String(100)),
    *said(),
    refer(("entry_id",), "entry"),
    refer(("articles_hash",), "document", ("sha256",)),
    refer(("deed_file",), "evidence_file", ("sha256",)),
    CheckConstraint("entry_id IS NOT NULL OR resolution_id <> ''", name="origin"),
    CheckConstraint("deed_on IS NULL OR deed_on <= valid_from", name="deed"),
)

meeting = make_table(
    "meeting",
    ("meeting_id",),
    id_column("meeting_id"),
    day_column("held_on"),
    day_column("convened_on"),
    Column("place", String(200), nullable=False),
    Column("begins_at", String(5), nullable=False),
    Column("votes_until", String(5), nullable=False),
    day_column("statutes_from"),
    sha256_column("notice_hash"),
    Column("entry_id", String(100)),
    Column("second_of", String(100)),
    Column("second_why", String(300), nullable=False),
    *said(),
    refer(("second_of",), "meeting", ("meeting_id",)),
    refer(("statutes_from",), "statutes", ("valid_from",)),
    refer(("notice_hash",), "document", ("sha256",)),
    refer(("entry_id",), "entry"),
    CheckConstraint("convened_on <= held_on", name="convened"),
)
"""``notice_hash``: of the document that holds the whole notice. ``entry_id``: where it was held before it came on
file."""

voting_list = make_table(
    "voting_list",
    ("meeting_id", "moment"),
    id_column("meeting_id"),
    Column("moment", String(10), nullable=False),
    sha256_column("list_hash"),
    sha256_column("secret"),
    *said(),
    refer(("meeting_id",), "meeting"),
    refer(("list_hash",), "document", ("sha256",)),
    CheckConstraint("moment IN ('opened', 'closed')", name="moment"),
    CheckConstraint("secret <> ''", name="secret"),
)
"""Voters at a meeting and with how many votes: from when the vote opened, and without who left until it was
closed. Of the ``secret`` the commitments are made by which its voters ask something without being named."""

resolution = make_table(
    "resolution",
    ("resolution_id",),
    id_column("resolution_id"),
    id_column("meeting_id"),
    count_column("number"),
    Column("kind", String(20), nullable=False),
    text_column("subject_nl"),
    text_column("subject_en"),
    text_column("explanation_nl"),
    text_column("explanation_en"),
    sha256_column("notice_hash"),
    Column("option_of", String(100), nullable=False),
    Column("wins", String(20), nullable=False),
    id_column("again_of", nullable=True),
    id_column("motion_id", nullable=True),
    id_column("amends", nullable=True),
    id_column("amended_by", nullable=True),
    refer(("meeting_id",), "meeting"),
    refer(("again_of",), "resolution", ("resolution_id",), name="fk_resolution_again_of"),
    refer(("amends",), "resolution", ("resolution_id",), name="fk_resolution_amends"),
    refer(("amended_by",), "resolution", ("resolution_id",), name="fk_resolution_amended_by"),
    refer(("motion_id",), "motion", name="fk_resolution_motion"),
    refer(("notice_hash",), "document", ("sha256",)),
    UniqueConstraint("community", "meeting_id", "number"),
    CheckConstraint("(option_of = '') = (wins = '')", name="option"),
    UniqueConstraint("community", "resolution_id", "notice_hash"),
    UniqueConstraint("community", "again_of"),
    CheckConstraint("kind <> ''", name="kind"),
    CheckConstraint("(kind = 'amendment') = (amends IS NOT NULL AND amended_by IS NULL)", name="amendment"),
    CheckConstraint("amended_by IS NULL OR amends IS NOT NULL", name="amended"),
    CheckConstraint("amends IS NULL OR motion_id IS NOT NULL", name="moved"),
)
"""A point of an agenda; ``again_of``: the one that is voted on anew here, since its outcome was disputed at the
meeting; ``motion_id``: the motion that brought it there after the notice."""

ballot = make_table(
    "ballot",
    ("resolution_id", "member_id", "number"),
    id_column("resolution_id"),
    id_column("member_id"),
    count_column("number"),
    Column("choice", String(10), nullable=False),
    day_column("cast_on"),
    id_column("proxy_holder", nullable=True),
    Column("channel", String(10), nullable=False),
    Column("ballot_id", String(100), nullable=False),
    Column("entry_id", String(100)),
    Column("salt", String(64), nullable=False),
    count_column("votes_for", nullable=True),
    count_column("votes_against", nullable=True),
    count_column("votes_blank", nullable=True),
    *said(),
    refer(("resolution_id",), "resolution"),
    refer(("entry_id",), "entry"),
    UniqueConstraint("community", "resolution_id", "ballot_id"),
    CheckConstraint("channel IN ('own', 'mandate', 'room', 'paper', 'letter')", name="channel"),
    CheckConstraint("(channel IN ('own', 'mandate')) = (entry_id IS NULL)", name="entered"),
    CheckConstraint("channel <> 'mandate' OR proxy_holder IS NOT NULL", name="mandate"),
    CheckConstraint("choice IN ('for', 'against', 'blank', 'split')", name="choice"),
    CheckConstraint(
        "(choice = 'split') = (votes_for IS NOT NULL) AND (choice = 'split') = (votes_against IS NOT NULL)"
        " AND (choice = 'split') = (votes_blank IS NOT NULL)",
        name="split",
    ),
    CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND votes_blank >= 0", name="parts"),
    CheckConstraint("proxy_holder IS NULL OR proxy_holder <> member_id", name="proxy"),
    CheckConstraint("number >= 1", name="number"),
)
"""The ballot with the highest number stands; the others are its history. Of channel ``own`` is what the member cast in
their own session, where ``actor`` is their account; of ``mandate`` what the holder of their mandate cast in theirs;
what was entered for them names its entry. One that is ``split`` says how many votes go where; a trigger holds these
against the frozen voting list."""

objection = make_table(
    "objection",
    ("resolution_id", "member_id", "number"),
    id_column("resolution_id"),
    id_column("member_id"),
    count_column("number"),
    Column("in_time", Boolean, nullable=False),
    *said(),
    refer(("resolution_id", "member_id", "number"), "ballot"),
)
"""A member says that a ballot that was entered for them is not theirs. ``in_time``: the vote was open, and it does not
count."""

decision = make_table(
    "decision",
    ("resolution_id",),
    id_column("resolution_id"),
    day_column("decided_on"),
    Column("verdict", String(10), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("article", String(100), nullable=False),
    sha256_column("parameters_hash"),
    count_column("votes_needed"),
    count_column("votes_for"),
    count_column("votes_against"),
    count_column("votes_blank"),
    count_column("votes_entitled"),
    count_column("members_entitled"),
    count_column("members_present"),
    count_column("votes_silent"),
    count_column("votes_represented"),
    count_column("members_represented"),
    Column("rule", String(500), nullable=False),
    Column("casting", String(10), nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("voting_list_hash", String(64), nullable=False),
    Column("ballots_hash", String(64), nullable=False),
    *said(),
    refer(("resolution_id", "parameters_hash"), "resolution", ("resolution_id", "notice_hash")),
    CheckConstraint("verdict IN ('adopted', 'rejected')", name="verdict"),
    CheckConstraint("verdict = 'rejected' OR reason IN ('majority', 'chair', 'lot', 'elected')", name="reason"),
    CheckConstraint(
        "verdict = 'rejected' OR (votes_for >= votes_needed AND votes_for >= votes_against)"
        " OR (reason <> 'majority' AND votes_for = votes_against)",
        name="majority",
    ),
    CheckConstraint("reason NOT IN ('chair', 'lot') OR casting IN ('for', 'against')", name="casting"),
    CheckConstraint("votes_for >= 0 AND votes_against >= 0 AND votes_blank >= 0 AND votes_silent >= 0", name="votes"),
    CheckConstraint("votes_for + votes_against + votes_blank + votes_silent <= votes_entitled", name="entitled"),
    CheckConstraint(
        "members_represented >= 0 AND members_represented <= members_present AND members_present <= members_entitled",
        name="members",
    ),
)

KEPT = (
    statutes,
    meeting,
    resolution,
    voting_list,
    ballot,
    objection,
    entry,
    entry_settled,
    decision,
    *ASSEMBLY_TABLES,
    *ELECTION_TABLES,
    *PROGRAMME_TABLES,
    *STOP_TABLES,
    *CHALLENGE_TABLES,
    *MOTION_TABLES,
    *REFERENDUM_TABLES,
    *EXPULSION_TABLES,
    *CLASS_TABLES,
)
"""Tables whose rows are never changed or deleted."""
