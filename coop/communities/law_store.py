"""Publications of law of a co-operative, in the database of the service that keeps them and of each that heard of them.
Rows are only ever added."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, Integer, MetaData, String, Table, Text, func, select

from coop.communities.law import Law, Publication, shipped_law
from coop.kit.metadata import Instant, new_metadata
from coop.kit.tx import Tx

_metadata = new_metadata()

publication = Table(
    "law_publication",
    _metadata,
    Column("community", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("published_on", Date, nullable=False),
    Column("known_from", Date, nullable=False),
    Column("figures", Text, nullable=False),
    Column("source", String(1000), nullable=False),
    Column("mark", String(1000), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(120), nullable=False),
    CheckConstraint("number > 0", name="number_is_positive"),
    CheckConstraint("source <> ''", name="has_a_source"),
)


@dataclass(frozen=True)
class RecordedPublication:
    """A publication with who put it on file and when; ``number`` counts those of a co-operative."""

    number: int
    published: Publication
    recorded_at: datetime
    recorded_by: str


def add_law_table(metadata: MetaData) -> Table:
    """Give a service's metadata the table of law."""
    return publication.to_metadata(metadata)


def load_law(tx: Tx) -> Law:
    """All law of the co-operative; until its own rows are there, that with which it will begin."""
    rows = publication.c
    columns = rows.kind, rows.valid_from, rows.published_on, rows.known_from, rows.figures, rows.source, rows.mark
    query = select(*columns).where(rows.community == tx.community).order_by(rows.number)
    told = tuple(tuple(row) for row in tx.execute(query))
    return _read_law(told) if told else shipped_law()


def list_publications(tx: Tx) -> list[RecordedPublication]:
    """Every publication of the co-operative with who put it on file, in the order in which they came."""
    rows = publication.c
    query = select(*rows).where(rows.community == tx.community).order_by(rows.number)
    return [
        RecordedPublication(
            row.number,
            _read(row.kind, row.valid_from, row.published_on, row.known_from, row.figures, row.source, row.mark),
            row.recorded_at,
            row.recorded_by,
        )
        for row in tx.execute(query)
    ]


def count_publications(tx: Tx) -> int:
    """Number of publications that the co-operative has."""
    rows = publication.c
    return tx.scalar(select(func.count()).select_from(publication).where(rows.community == tx.community)) or 0


def add_publication(tx: Tx, number: int, published: Publication, at: datetime, by: str) -> None:
    """Add a publication."""
    tx.insert(
        publication,
        [
            {
                "community": tx.community,
                "number": number,
                "kind": published.kind,
                "valid_from": published.valid_from,
                "published_on": published.published_on,
                "known_from": published.known_from,
                "figures": json.dumps(write_figures(published), sort_keys=True, separators=(",", ":")),
                "source": published.source,
                "mark": published.mark,
                "recorded_at": at,
                "recorded_by": by,
            }
        ],
    )


def write_figures(published: Publication) -> dict[str, dict[str, str]]:
    """Figures of a publication as texts, for rows and facts."""
    return {of: {name: str(figure) for name, figure in own.items()} for of, own in published.figures.items()}


def read_figures(texts: dict[str, dict[str, str]]) -> dict[str, dict[str, Decimal]]:
    """Figures of a publication from texts."""
    return {of: {name: Decimal(text) for name, text in own.items()} for of, own in texts.items()}


@lru_cache(maxsize=64)
def _read_law(rows: tuple[tuple[Any, ...], ...]) -> Law:
    return Law(tuple(_read(*row) for row in rows))


def _read(
    kind: str, valid_from: date, published_on: date, known_from: date, figures: str, source: str, mark: str
) -> Publication:
    return Publication(kind, valid_from, published_on, known_from, read_figures(json.loads(figures)), source, mark)
