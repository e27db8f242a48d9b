"""Queries on documents that lie open with the points of an agenda."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from coop.governance.model import Paper
from coop.governance.tables.assembly import point_paper
from coop.governance.tables.stamps import stamp
from coop.kit.database import among
from coop.kit.rows import group_among, group_as, insert_nouns
from coop.kit.tx import Tx

Bound = Mapping[str, tuple[Paper, ...]]
"""The documents that notices bound, by the id of their point."""


@dataclass(frozen=True)
class Laid:
    """A document that lies open: with which point, since when, and whether it came after the notice."""

    resolution_id: str
    paper: Paper
    is_later: bool
    recorded_at: datetime


def lay(tx: Tx, resolution_id: str, papers: Iterable[Paper], *, later: bool = False) -> None:
    """Lay documents, whose bytes are kept already, open with a point, behind those that lie there."""
    rows = point_paper.c
    newest: int | None = tx.scalar(
        select(func.max(rows.number)).where(rows.community == tx.community, rows.resolution_id == resolution_id)
    )
    for number, paper in enumerate(papers, start=(newest or 0) + 1):
        insert_nouns(tx, point_paper, [paper], resolution_id=resolution_id, number=number, is_later=later, **stamp(tx))


def group_bound(tx: Tx, resolution_ids: Collection[str]) -> Bound:
    """The documents that the notices of these points bound, in their order."""
    groups = group_among(tx, Paper, point_paper, "resolution_id", resolution_ids, "number", is_later=False)
    return {resolution_id: tuple(papers) for resolution_id, papers in groups.items()}


def list_laid(tx: Tx, resolution_ids: Collection[str]) -> list[Laid]:
    """Every document of these points, in the order in which they came to lie there."""
    return _list(tx, among(tx, point_paper.c.resolution_id, resolution_ids))


def find_laid(tx: Tx, paper_id: str) -> Laid | None:
    """Place where a document lies open first, or None where it does not."""
    return next(iter(_list(tx, point_paper.c.paper_id == paper_id)), None)


def _list(tx: Tx, where: ColumnElement[bool]) -> list[Laid]:
    rows = point_paper.c
    by = [rows.resolution_id, rows.is_later, rows.recorded_at]
    order = [rows.recorded_at, rows.resolution_id, rows.number]
    groups = group_as(tx, Paper, point_paper, by, where, order_by=order)
    return [
        Laid(resolution_id, paper, is_later, recorded_at)
        for (resolution_id, is_later, recorded_at), papers in groups.items()
        for paper in papers
    ]
