"""Tables of metering.

Invariant: the log of readings is only added to. A ``block`` holds what one delivery said about one register's UTC day,
or, sealed, what each of several said; how a day stands is computed from its blocks (``readings.observations``). Only
sealing takes blocks away, and only those that the sealed one holds (``guards``). The key starts with the co-operative
and the day, because deliveries come day by day: neighbours in time are neighbours on disk, and a month of all registers
is one range. Days count from 1970-01-01. In PostgreSQL a month of blocks is a partition (``kit.months``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
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
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from coop.communities.tables import add_community_tables
from coop.events.metering import HeatSystemReported, MeasuredPart
from coop.kit.columns import Choice, Exact, Json, Zipped
from coop.kit.metadata import Instant, new_metadata
from coop.kit.tables import add_kit_tables
from coop.metering.model import DIGEST_MODULUS, MeterKind, Place, Quantity, Role, Shape

metadata = new_metadata()
add_kit_tables(metadata)
add_community_tables(metadata)


def refers(column: str, table: str) -> ForeignKeyConstraint:
    """A reference to a row of the same co-operative."""
    return ForeignKeyConstraint(["community", column], [f"{table}.community", f"{table}.id"])


meter = Table(
    "meter",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("serial", String(100), primary_key=True),
    Column("kind", Choice(MeterKind, 20), nullable=False),
    Column("connection_id", String(100)),
    Column("installed_at", Instant, nullable=False),
    Column("removed_at", Instant),
    Column("maxima", Json(Mapping[Quantity, Decimal]), nullable=False),
    Column("former", Json(tuple[Place, ...]), nullable=False),
    CheckConstraint("kind IN ('heat', 'electricity', 'solar', 'heat_pump', 'source')", name="kind"),
    CheckConstraint("removed_at IS NULL OR removed_at > installed_at", name="removed_after_installed"),
)

meter_change = Table(
    "meter_change",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("serial", String(100), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(120), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("was_connection_id", String(100)),
    Column("connection_id", String(100)),
    Column("was_installed_at", Instant, nullable=False),
    Column("installed_at", Instant),  # null: the meter was taken out of the register
    Column("was_places", Json(tuple[Place, ...]), nullable=False),
    Index("ix_meter_change_serial", "community", "serial", "changed_at"),
)

register = Table(
    "register",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("serial", String(100), nullable=False),
    Column("quantity", Choice(Quantity, 40), nullable=False),
    Column("shape", Choice(Shape, 10), nullable=False),
    Column("exponent", SmallInteger, nullable=False),
    CheckConstraint("shape IN ('stand', 'interval', 'day')", name="shape"),
    UniqueConstraint("community", "serial", "quantity", "shape"),
)

register_stamp = Table(
    "register_stamp",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("stamp", String(36), nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(64), primary_key=True),
    # 1, 2, 3 ... in the order in which the co-operative came to know of them.
    Column("number", BigInteger, nullable=False),
    Column("format", String(20), nullable=False),
    Column("gateway", String(200), nullable=False),
    Column("options", Text, nullable=False),
    # One account alone says what was measured: a device's own word goes before it.
    Column("is_claim", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),  # claimed for what is imported, else the same as recorded_at
    Column("recorded_at", Instant, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("values_taken", BigInteger, nullable=False),
    Column("observations", Integer, nullable=False),
    Column("problems", Integer, nullable=False),
    # First and last UTC day about which it says something.
    Column("first_day", Integer),
    Column("last_day", Integer),
    Column("body", Zipped),
    Column("undoes", String(64)),
    # The delivery of which it takes in, later, what was parked.
    Column("adopts", String(64)),
    Column("reason", String(500), nullable=False),
    UniqueConstraint("community", "number"),
    UniqueConstraint("community", "undoes"),
    Index("ix_delivery_recorded", "community", "recorded_at", "id"),
)

# Claims are few where devices speak for themselves, and are looked for each time that readings are counted.
Index(
    "ix_delivery_claim",
    delivery.c.community,
    delivery.c.last_day,
    sqlite_where=text("is_claim"),
    postgresql_where=text("is_claim"),
)

block = Table(
    "block",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("register_id", String(36), primary_key=True),
    # Numbers of the first and the last delivery of which it holds something; a trigger (``guards``) holds that the last
    # one is there: ``kit.months`` says why by no foreign key.
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("parts", Integer, nullable=False),
    Column("exponent", SmallInteger, nullable=False),
    Column("step_s", Integer, nullable=False),
    Column("offsets", LargeBinary),
    Column("readings", LargeBinary, nullable=False),
    Column("quality", LargeBinary, nullable=False),
    Column("log", LargeBinary),
    Column("digest", BigInteger, nullable=False),
    Column("fold", LargeBinary),
    CheckConstraint("parts >= 1 AND first <= number", name="parts"),
    CheckConstraint("parts = 1 OR (log IS NOT NULL AND fold IS NOT NULL)", name="sealed"),
    CheckConstraint(f"digest >= 0 AND digest < {DIGEST_MODULUS}", name="digest"),
    CheckConstraint("step_s > 0 OR (step_s = 0 AND offsets IS NOT NULL)", name="shape"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (day)",
)

detached_month = Table(
    "detached_month",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("registers", Json(tuple[str, ...]), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("detached_at", Instant, nullable=False),
    Column("detached_by", String(120), nullable=False),
)

allocation_key = Table(
    "allocation_key",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("key_id", String(100), primary_key=True),
    Column("group_id", String(100), nullable=False),
    Column("resolution_id", String(100), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("decided_on", Date, nullable=False),
    Column("parameters", Json(dict[str, Any]), nullable=False),
    Column("parameters_hash", String(64), nullable=False),
    Column("notice_hash", String(64), nullable=False),
    # The members were told these parameters and no others before they voted.
    CheckConstraint("parameters_hash = notice_hash", name="as_noticed"),
    CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="ends_after_it_starts"),
)

decision_stop = Table(
    "decision_stop",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("resolution_id", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("manner", String(20), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("told_on", Date, nullable=False),
    CheckConstraint("number >= 1", name="stops_count"),
)
"""What was told of decisions that fell, or act again: each row holds from a day on."""

sharing_group = Table(
    "sharing_group",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("group_id", String(100), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(120), nullable=False),
    UniqueConstraint("community", "rank"),
)

group_member = Table(
    "group_member",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("group_id", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("role", Choice(Role, 10), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("joins_on", Date, nullable=False),
    Column("leaves_on", Date),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(120), nullable=False),
    Column("reason", String(500), nullable=False),
    ForeignKeyConstraint(["community", "group_id"], ["sharing_group.community", "sharing_group.group_id"]),
    CheckConstraint("role IN ('producer', 'sharer')", name="role"),
    CheckConstraint("leaves_on IS NULL OR leaves_on >= joins_on", name="leaves_after_joining"),
)
"""Statements on who produces and shares in a group; of two on one joining the later counts."""

period = Table(
    "period",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("period_end", Date, nullable=False),
    Column("closed_at", Instant, nullable=False),
    Column("measured_count", Integer, nullable=False),
    Column("allocated_count", Integer, nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("cause", Text, nullable=False),
    Column("heat_system", Json(HeatSystemReported | None), nullable=False),
    CheckConstraint("period_end > period_start", name="ends_after_start"),
)

measurement = Table(
    "measurement",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("connection_id", String(100), nullable=False),
    Column("member_id", String(100), nullable=False),
    Column("quantity", Choice(Quantity, 40), nullable=False),
    Column("energy_j", Exact, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cause", Text, nullable=False),
    Column("parts", Json(tuple[MeasuredPart, ...]), nullable=False),
    Column("basis_sha256", String(64), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    UniqueConstraint(
        *("community", "period_start", "connection_id", "member_id", "quantity", "revision"),
        name="uq_measurement_revision",
    ),
)

allocation_run = Table(
    "allocation_run",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("group_id", String(100), nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("key_id", String(100), nullable=False),
    Column("resolution_id", String(100), nullable=False),
    Column("inputs_hash", String(64), nullable=False),
    Column("inputs_sha256", String(64), nullable=False),
    Column("produced_wh", BigInteger, nullable=False),
    Column("surplus_wh", BigInteger, nullable=False),
    Column("missing_quarters", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    CheckConstraint("surplus_wh >= 0 AND surplus_wh <= produced_wh", name="surplus_within_production"),
)

allocation = Table(
    "allocation",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("run_id", String(36), primary_key=True),
    Column("connection_id", String(100), primary_key=True),
    Column("member_id", String(100), primary_key=True),
    Column("consumed_wh", BigInteger, nullable=False),
    Column("allocated_wh", BigInteger, nullable=False),
    Column("needed_wh", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),
    refers("run_id", "allocation_run"),
    CheckConstraint("allocated_wh >= 0 AND allocated_wh <= consumed_wh", name="within_use"),
    CheckConstraint("allocated_wh <= needed_wh", name="within_need"),
)

giving = Table(
    "giving",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("run_id", String(36), primary_key=True),
    Column("meter", String(100), primary_key=True),
    Column("made_mwh", BigInteger, nullable=False),
    Column("given_mwh", BigInteger, nullable=False),
    refers("run_id", "allocation_run"),
    CheckConstraint("given_mwh >= 0 AND given_mwh <= made_mwh", name="within_production"),
)

late_value = Table(
    "late_value",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("register_id", String(36), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),  # number of the delivery
    Column("first_s", BigInteger, nullable=False),  # the first instant of which it speaks
    refers("register_id", "register"),
)

acceptance = Table(
    "acceptance",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("period_end", Date, primary_key=True),
    Column("subject", String(500), primary_key=True),
    Column("template", String(500), primary_key=True),
    Column("count", Integer, primary_key=True, autoincrement=False),
    Column("accepted_at", Instant, nullable=False),
    Column("accepted_by", String(120), nullable=False),
    Column("reason", String(500), nullable=False),
    CheckConstraint("reason <> ''", name="reasoned"),
)
"""Acceptances of estimates: of which meter, connection or group, for which period, by whom and why."""

look = Table(
    "look",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("seen_on", Date, primary_key=True),
    Column("viewer", String(120), primary_key=True),
    Column("member_id", String(100), primary_key=True),  # empty: everybody's
    Column("subject", String(20), primary_key=True),
    CheckConstraint("subject IN ('readings', 'quarter-hours', 'lists')", name="subject_known"),
)
"""Looks at the detailed use of members, by others than themselves."""

KEPT = (
    block,
    register,
    delivery,
    measurement,
    allocation_run,
    allocation,
    giving,
    meter_change,
    sharing_group,
    group_member,
    acceptance,
)
"""Tables of which no row is ever changed or deleted."""

OWNER_S = (detached_month,)
"""Tables that a service only reads: commands of the tables' owner write them."""
