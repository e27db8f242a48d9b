"""Tables of what was found odd: a fold over the readings, which can be made anew at any time."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKeyConstraint, Integer, String, Table

from coop.kit.columns import Choice
from coop.kit.metadata import Instant
from coop.kit.sentences import Sentence
from coop.metering.model import Quantity
from coop.metering.tables import metadata

odd_look = Table(
    "odd_look",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("month", Date, primary_key=True),  # its first day
    Column("looked_at", Instant, nullable=False),
    # The newest delivery that was known, and the hash of what counted as odd.
    Column("head", BigInteger, nullable=False),
    Column("basis", String(64), nullable=False),
    CheckConstraint("head >= 0", name="head_counted"),
)
"""Looks at the meters of a month: the newest of each."""

oddity = Table(
    "oddity",
    metadata,
    Column("community", String(100), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("meter", String(100), nullable=False),
    Column("quantity", Choice(Quantity, 40), nullable=False),
    Column("why", Sentence, nullable=False),
    ForeignKeyConstraint(["community", "month"], ["odd_look.community", "odd_look.month"]),
)
"""Findings of that look, in their order."""
