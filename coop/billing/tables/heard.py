"""Tables of what billing heard.

Invariant: what was heard is only ever added, one row per fact, and joined when it is read. So facts may come in any
order across topics and more than once, and the rows are the same. Nothing refers to these rows: they can be rebuilt
from the journals of the services that told them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from coop.billing.model import GasYear
from coop.communities.law_store import add_law_table
from coop.communities.tables import add_community_tables
from coop.events.metering import MeasuredPart
from coop.kit.columns import Exact, Json
from coop.kit.metadata import Instant, new_metadata
from coop.kit.tables import add_kit_tables

metadata = new_metadata()
add_kit_tables(metadata)
add_community_tables(metadata)
law = add_law_table(metadata)


def key(name: str, length: int = 100) -> Column[str]:
    """A column of text that is part of the key."""
    return Column(name, String(length), primary_key=True)


def identity(name: str) -> Column[str]:
    """An id that is always there."""
    return Column(name, String(100), nullable=False)


member_admitted = Table(
    "member_admitted",
    metadata,
    key("community"),
    key("member_id"),
    Column("joined_on", Date, primary_key=True),
    identity("kind"),
)

member_left = Table(
    "member_left",
    metadata,
    key("community"),
    key("member_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("left_on", Date),
)
"""Each telling of a leaving; the newest number holds, and without a day the membership goes on."""

connection_opened = Table(
    "connection_opened",
    metadata,
    key("community"),
    key("connection_id"),
    key("member_id"),
    Column("opened_on", Date, primary_key=True),
    Column("registration", Integer, primary_key=True, autoincrement=False),
    identity("number"),
    identity("kind"),
)

contract_signed = Table(
    "contract_signed",
    metadata,
    key("community"),
    key("contract_id"),
    identity("member_id"),
    identity("connection_id"),
    Column("starts_on", Date, nullable=False),
    Column("tariff_clause", String(100)),
    Column("customer_class", String(20), nullable=False),
    Column("reference", Json(tuple[GasYear, ...]), nullable=False),
)

contract_ended = Table(
    "contract_ended",
    metadata,
    key("community"),
    key("contract_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("ends_on", Date),
)
"""Each telling of the end of a contract; the newest number holds, and without a day the contract goes on."""

contract_parties = Table(
    "contract_parties",
    metadata,
    key("community"),
    key("contract_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("payer_id", String(100), nullable=False),
    Column("joint_ids", Json(tuple[str, ...]), nullable=False),
)

gas_bills_corrected = Table(
    "gas_bills_corrected",
    metadata,
    key("community"),
    key("contract_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("corrected_on", Date, nullable=False),
    Column("reference", Json(tuple[GasYear, ...]), nullable=False),
    CheckConstraint("number >= 1", name="corrections_count"),
)

message_told = Table(
    "message_told",
    metadata,
    key("community"),
    key("message_id", 36),
    Column("told_at", Instant, primary_key=True),
    Column("outcome", String(10), primary_key=True),
    Column("member_id", String(36), nullable=False),
    Column("kind", String(30), nullable=False),
    identity("about"),
    Column("channel", String(10), nullable=False),
    CheckConstraint("outcome IN ('sent', 'failed')", name="outcome_known"),
)
"""What became of messages to members; of each the newest row counts. ``about`` is a bill's id, or a tariff's."""
Index("ix_message_told_about", message_told.c.community, message_told.c.kind, message_told.c.about)

measurement = Table(
    "measurement",
    metadata,
    key("community"),
    key("measurement_id"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    identity("connection_id"),
    identity("member_id"),
    identity("quantity"),
    Column("energy_j", Exact, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cause", Text, nullable=False),
    Column("parts", Json(tuple[MeasuredPart, ...]), nullable=False),
    CheckConstraint("revision >= 1", name="revision_counts"),
    Index("ix_measurement_period", "community", "period_start", "period_end", "revision"),
)

allocation = Table(
    "allocation",
    metadata,
    key("community"),
    key("run_id"),
    key("group_id"),
    key("connection_id"),
    key("member_id"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("allocated_wh", BigInteger, nullable=False),
    Column("consumed_wh", BigInteger, nullable=False),
    identity("key_id"),
    identity("resolution_id"),
    Column("inputs_hash", String(64), nullable=False),
    Column("cause", Text, nullable=False),
    CheckConstraint("allocated_wh >= 0 AND allocated_wh <= consumed_wh", name="within_use"),
    Index("ix_allocation_period", "community", "period_start", "period_end", "revision"),
)

period_closed = Table(
    "period_closed",
    metadata,
    key("community"),
    Column("period_start", Date, primary_key=True),
    Column("period_end", Date, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("measured_count", Integer, nullable=False),
    Column("allocated_count", Integer, nullable=False),
    identity("run_id"),
)

tariff = Table(
    "tariff",
    metadata,
    key("community"),
    key("tariff_id"),
    identity("resolution_id"),
    identity("meeting_id"),
    Column("valid_from", Date, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("parameters", Json(dict[str, Any]), nullable=False),
    Column("parameters_hash", String(64), nullable=False),
    Column("notice_hash", String(64), nullable=False),
    Column("history", Boolean, nullable=False),
    Column("known_position", BigInteger, nullable=False),
    Column("known_at", Instant, nullable=False),
    CheckConstraint("parameters_hash = notice_hash", name="as_in_the_notice"),
    CheckConstraint("resolution_id <> ''", name="adopted"),
)

tariff_proposed = Table(
    "tariff_proposed",
    metadata,
    key("community"),
    key("resolution_id"),
    identity("meeting_id"),
    Column("held_on", Date, nullable=False),
    Column("parameters", Json(dict[str, Any]), nullable=False),
    Column("parameters_hash", String(64), nullable=False),
)
"""Tariffs that are put to the vote: nothing is billed by them."""

decision_stop = Table(
    "decision_stop",
    metadata,
    key("community"),
    key("resolution_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("manner", String(20), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("told_on", Date, nullable=False),
    CheckConstraint("number >= 1", name="stops_count"),
)
"""What was told of decisions that fell, or act again: each row holds from a day on."""

tranche = Table(
    "tranche",
    metadata,
    key("community"),
    key("tranche_id"),
    identity("programme_id"),
    identity("milestone_id"),
    identity("financier"),
    Column("amount_cents", BigInteger, nullable=False),
    Column("released_on", Date, nullable=False),
    CheckConstraint("amount_cents > 0", name="moves_money"),
)

HEARD = (
    member_admitted,
    member_left,
    connection_opened,
    contract_signed,
    contract_ended,
    contract_parties,
    gas_bills_corrected,
    message_told,
    measurement,
    allocation,
    period_closed,
    tariff,
    tariff_proposed,
    decision_stop,
    tranche,
)
"""All of them."""
