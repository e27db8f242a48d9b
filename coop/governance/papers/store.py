"""Table and queries of documents that were put ready for an agenda: until a notice binds one, it may be taken away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import CheckConstraint, Column, LargeBinary, String, delete, select

from coop.governance.model import ROLES, Paper
from coop.governance.tables.columns import count_column, id_column, make_table, said, sha256_column
from coop.governance.tables.stamps import stamp
from coop.kit.database import among
from coop.kit.documents import Document, Schema, keep, load
from coop.kit.rows import find_by, row_of, select_as
from coop.kit.tx import Tx

ready_paper = make_table(
    "ready_paper",
    ("paper_id",),
    id_column("paper_id"),
    Column("name_nl", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("media_type", String(100), nullable=False),
    count_column("size_bytes"),
    sha256_column("sha256"),
    Column("body", LargeBinary, nullable=False),
    *said(),
    CheckConstraint(f"role IN {ROLES}", name="role"),
)
"""A document that the board put ready, with its bytes; it goes away once a point has it."""

PAPER_FILE: Final[Schema[bytes]] = Schema("agenda-paper", 1, bytes, {1: bytes})
"""A document of a point, byte for byte as it was put ready."""


def add_ready(tx: Tx, paper: Paper, body: bytes) -> None:
    """Put a document ready; the same one stays as it is."""
    tx.insert_new(ready_paper, [row_of(tx, paper, body=body, **stamp(tx))], ["community", "paper_id"])


def list_ready(tx: Tx) -> list[Paper]:
    """Documents that wait for a point, the oldest first."""
    rows = ready_paper.c
    return select_as(tx, Paper, ready_paper, order_by=[rows.recorded_at, rows.paper_id])


def find_ready(tx: Tx, paper_ids: Collection[str]) -> dict[str, Paper]:
    """Those of these documents that are ready, by their ids."""
    found = select_as(tx, Paper, ready_paper, among(tx, ready_paper.c.paper_id, paper_ids))
    return {paper.paper_id: paper for paper in found}


def read_ready(tx: Tx, paper_id: str) -> tuple[Paper, bytes] | None:
    """A document that is ready, with its bytes."""
    rows = ready_paper.c
    paper = find_by(tx, Paper, ready_paper, paper_id=paper_id)
    if paper is None:
        return None
    body = tx.scalar(select(rows.body).where(rows.community == tx.community, rows.paper_id == paper_id))
    return paper, bytes(body or b"")


def remove_ready(tx: Tx, paper_id: str) -> None:
    """Forget a document that was put ready, with its bytes."""
    rows = ready_paper.c
    tx.execute(delete(ready_paper).where(rows.community == tx.community, rows.paper_id == paper_id))


def keep_for_good(tx: Tx, paper_id: str) -> None:
    """Keep the bytes of a document that is ready as a document that never changes, in the place where it waited."""
    found = read_ready(tx, paper_id)
    assert found is not None
    keep(tx, PAPER_FILE.seal(found[1]))
    remove_ready(tx, paper_id)


def load_kept(tx: Tx, sha256: str) -> bytes:
    """The bytes of a document that lies open.

    Raises:
        UnreadableDocument: they are no longer those that were kept.
    """
    kept: Document = load(tx, sha256)
    return bytes(kept.body)
