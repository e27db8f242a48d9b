"""The table of what closed periods were computed with besides readings."""

from __future__ import annotations

from sqlalchemy import Column, Date, String, Table

from coop.metering.tables import metadata

computed_with = Table(
    "computed_with",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("sha256", String(64), nullable=False),
)
"""Document of the grounds on which a closed period was computed last, whether or not it came out differently."""
