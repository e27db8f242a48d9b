"""Minutes of meetings: documents that are kept as they were confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from coop.governance.tables.assembly import minutes
from coop.kit import documents
from coop.kit.documents import Schema, read_mapping
from coop.kit.rows import select_as
from coop.kit.tx import Tx
from coop.values import canonical_json

MINUTES: Final[Schema[Mapping[str, Any]]] = Schema("meeting-minutes", 1, canonical_json, {1: read_mapping})
"""Everything that minutes say: who was there, what was decided by which article, why, and who thought otherwise."""


@dataclass(frozen=True)
class KeptMinutes:
    """Minutes that two people signed: the ``number``-th of their meeting, with the hash of their content."""

    meeting_id: str
    number: int
    entry_id: str
    minutes_hash: str
    recorded_at: datetime
    actor: str


def find_minutes(tx: Tx, meeting_id: str) -> KeptMinutes | None:
    """The minutes of a meeting that count, or None where nobody confirmed any."""
    rows = select_as(tx, KeptMinutes, minutes, minutes.c.meeting_id == meeting_id, order_by=[minutes.c.number])
    return rows[-1] if rows else None


def load_minutes(tx: Tx, kept: KeptMinutes) -> Mapping[str, Any]:
    """The content of minutes, as it was confirmed."""
    return MINUTES.open(documents.load(tx, kept.minutes_hash))


def add_minutes(tx: Tx, meeting_id: str, number: int, entry_id: str, content: Mapping[str, Any]) -> str:
    """Keep minutes; returns the hash of their content."""
    minutes_hash = documents.keep(tx, MINUTES.seal(content))
    row = KeptMinutes(meeting_id, number, entry_id, minutes_hash, tx.now, str(tx.actor))
    tx.insert(minutes, [{"community": tx.community, **vars(row)}])
    return minutes_hash
