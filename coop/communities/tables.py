"""Tables of what is known of co-operatives, in the database of every service."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Integer, MetaData, String, Table, Text

from coop.kit.metadata import Instant, new_metadata

communities_metadata = new_metadata()

profile = Table(
    "community_profile",
    communities_metadata,
    Column("community", String(100), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("valid_from", Date, nullable=False),
    Column("name", String(200), nullable=False),
    Column("site_name", String(100), nullable=False),
    Column("street", String(200), nullable=False),
    Column("postal_code", String(20), nullable=False),
    Column("city", String(100), nullable=False),
    Column("kvk", String(8), nullable=False),
    Column("vat_id", String(20), nullable=False),
    Column("iban", String(34), nullable=False),
    Column("email", String(254), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("language", String(10), nullable=False),
    Column("mail_sender", String(300), nullable=False),
    Column("is_demonstration", Boolean, nullable=False),
    Column("logo", String(64), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(120), nullable=False),
    CheckConstraint("version > 0", name="version_is_positive"),
    CheckConstraint("name <> '' AND site_name <> ''", name="has_a_name"),
)

host = Table(
    "community_host",
    communities_metadata,
    Column("host", String(253), primary_key=True),
    Column("community", String(100), nullable=False),
    Column("place", Integer, nullable=False),
)
"""The host names of today, each of one co-operative; ``place`` is its order there."""

choice = Table(
    "community_choice",
    communities_metadata,
    Column("community", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(40), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("value", Text, nullable=False),
    Column("source", String(1000), nullable=False),
    Column("resolution_id", String(100), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(120), nullable=False),
    CheckConstraint("number > 0", name="number_is_positive"),
)


def add_community_tables(metadata: MetaData) -> None:
    """Give a service's metadata the tables of co-operatives."""
    for table in communities_metadata.sorted_tables:
        table.to_metadata(metadata)
