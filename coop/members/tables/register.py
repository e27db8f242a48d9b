"""Tables of the register: members, connections and who holds them, contracts, and the files that brought them in."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from coop.kit.columns import Exact
from coop.kit.metadata import Instant
from coop.members.tables.shape import community_column, key_column, metadata, reference_column, refers_to, text_column

import_file = Table(
    "import_file",
    metadata,
    community_column(),
    key_column("import_id"),
    text_column("kind", 20),
    text_column("file_name", 200),
    Column("record_count", Integer, nullable=False),
    Column("added_count", Integer, nullable=False),
    Column("changed_count", Integer, nullable=False),
    text_column("channel", 20),
    Column("imported_at", Instant, nullable=False),
    text_column("imported_by", 120),
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
    community_column(),
    key_column("member_id"),
    text_column("number", 50),
    text_column("kind", 20),
    text_column("name", 200),
    text_column("email", 200),
    text_column("address", 200),
    text_column("postcode", 20),
    text_column("city", 100),
    Column("joined_on", Date, nullable=False),
    Column("left_on", Date),
    Column("votes", Integer, nullable=False),
    text_column("kvk", 8),
    text_column("vat_id", 20),
    reference_column("import_id"),
    refers_to("import_id", "import_file"),
    UniqueConstraint("community", "number"),
    CheckConstraint("left_on IS NULL OR left_on > joined_on", name="leaves_after_joining"),
    CheckConstraint("kind IN ('tenant', 'owner', 'business', 'corporation', 'landlord')", name="kind_known"),
    CheckConstraint("votes BETWEEN 0 AND 100", name="votes_in_reach"),
)

connection = Table(
    "connection",
    metadata,
    community_column(),
    key_column("connection_id"),
    text_column("number", 50),
    text_column("building", 100),
    text_column("kind", 20),
    text_column("address", 200),
    text_column("ean", 18),
    Column("home_equivalents", Exact(20), nullable=False),
    Column("users", Integer, nullable=False),
    reference_column("import_id"),
    refers_to("import_id", "import_file"),
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
    community_column(),
    key_column("connection_id"),
    Column("opened_on", Date, primary_key=True),
    reference_column("member_id"),
    Column("closed_on", Date),
    Column("registration", Integer, nullable=False),
    reference_column("import_id"),
    refers_to("connection_id", "connection"),
    refers_to("member_id", "member"),
    refers_to("import_id", "import_file"),
    CheckConstraint("closed_on IS NULL OR closed_on > opened_on", name="closes_after_opening"),
)
Index("ix_occupancy_member_id", occupancy.c.community, occupancy.c.member_id)

contract = Table(
    "contract",
    metadata,
    community_column(),
    key_column("contract_id"),
    text_column("number", 50),
    reference_column("member_id"),
    reference_column("connection_id"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("tariff_clause", String(50)),
    Column("customer_class", String(20), nullable=False),
    reference_column("payer_id", nullable=True),
    reference_column("import_id"),
    refers_to("member_id", "member"),
    refers_to("connection_id", "connection"),
    refers_to("import_id", "import_file"),
    ForeignKeyConstraint(["community", "payer_id"], ["member.community", "member.member_id"], name="fk_contract_payer"),
    UniqueConstraint("community", "number"),
    CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="ends_after_starting"),
)
Index("ix_contract_member_id", contract.c.community, contract.c.member_id)
Index("ix_contract_connection_id", contract.c.community, contract.c.connection_id)

gas_bill = Table(
    "gas_bill",
    metadata,
    community_column(),
    key_column("contract_id"),
    Column("year", Integer, primary_key=True),
    Column("gas_m3", Integer, nullable=False),
    Column("amount_cents", Integer, nullable=False),
    refers_to("contract_id", "contract"),
    CheckConstraint("gas_m3 >= 0 AND amount_cents >= 0", name="not_negative"),
)

withdrawn = Table(
    "withdrawn",
    metadata,
    community_column(),
    key_column("import_id"),
    Column("noun", String(20), primary_key=True),
    Column("number", String(100), primary_key=True),
    reference_column("record_id"),
    refers_to("import_id", "import_file"),
)
"""Records that undone imports took out: others were told that they never were, so no id is used again."""

move_stands = Table(
    "move_stands",
    metadata,
    community_column(),
    key_column("connection_id"),
    Column("read_on", Date, primary_key=True),
    text_column("heat_gj", 20),
    text_column("electricity_in_kwh", 20),
    text_column("electricity_out_kwh", 20),
    Column("recorded_at", Instant, nullable=False),
    text_column("recorded_by", 120),
    Column("entered_at", Instant),
    Column("entered_by", String(120)),
    CheckConstraint("(entered_at IS NULL) = (entered_by IS NULL)", name="entered_by_somebody"),
)
"""Stands of the meters as they were read together at a move, exact numbers as text, empty where nobody read one; they
wait until somebody entered them at the meters, also where the move itself was undone since."""

told_move = Table(
    "told_move",
    metadata,
    community_column(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    reference_column("member_id"),
    text_column("way", 5),
    Column("moved_on", Date, nullable=False),
    text_column("connection_id", 36),
    text_column("home", 200),
    text_column("heat_gj", 20),
    text_column("electricity_in_kwh", 20),
    text_column("electricity_out_kwh", 20),
    text_column("address", 200),
    text_column("postcode", 200),
    text_column("city", 200),
    Column("leaves", Boolean, nullable=False),
    text_column("note", 500),
    Column("told_at", Instant, nullable=False),
    text_column("told_by", 120),
    text_column("told_through", 20),
    Column("outcome", String(20)),
    text_column("reason", 500),
    Column("settled_at", Instant),
    Column("settled_by", String(120)),
    Column("settled_through", String(20)),
    refers_to("member_id", "member"),
    CheckConstraint("way IN ('out', 'in')", name="way_known"),
    CheckConstraint("(way = 'out') = (connection_id <> '')", name="out_of_a_connection"),
    CheckConstraint("outcome IN ('written', 'refused', 'withdrawn')", name="outcome_known"),
    CheckConstraint("(settled_at IS NULL) = (outcome IS NULL)", name="settled_whole"),
    CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_by_somebody"),
    CheckConstraint("(COALESCE(outcome, '') = 'refused') = (reason <> '')", name="refused_with_a_reason"),
)
"""Moves that members told of themselves, and what became of each; of a member one waits at a time."""
Index(
    "ix_told_move_waiting",
    told_move.c.community,
    told_move.c.member_id,
    unique=True,
    sqlite_where=told_move.c.outcome.is_(None),
    postgresql_where=told_move.c.outcome.is_(None),
)
