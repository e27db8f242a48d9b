"""Queries on what governance told itself: facts of the sealed journal, which a verifier holds rows against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import select

from coop.events import Event
from coop.kit.tables import journal
from coop.kit.tx import Tx


def list_told(tx: Tx, kind: type[Event], subject: str) -> Sequence[Mapping[str, Any]]:
    """The data of every fact of a type about one subject, in the order of telling."""
    query = (
        select(journal.c.data)
        .where(journal.c.community == tx.community, journal.c.type == kind.TYPE, journal.c.subject == subject)
        .order_by(journal.c.row_id)
    )
    return [orjson.loads(data) for data in tx.scalars(query)]
