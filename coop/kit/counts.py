"""Counts of the facts that each co-operative told and heard, by type, kept where facts are sealed and claimed.

Both happen at the end of transactions of the kit that are alone or come in order, so keeping a count lets nobody wait;
counting rows anew at each look would read whole tables that only grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from coop.kit.tables import fact_count

Direction = Literal["told", "heard"]


def add(sql: Connection, direction: Direction, counts: Mapping[tuple[str, str], int]) -> None:
    """Add to the counts of facts, by community and type, in this transaction."""
    if not counts:
        return
    rows = [
        {"community": community, "direction": direction, "type": kind, "number": number}
        for (community, kind), number in sorted(counts.items())  # in one order: two who add do not lock each other out
    ]
    insert: Any = (sqlite if sql.dialect.name == "sqlite" else postgresql).insert(fact_count)
    number = fact_count.c.number + insert.excluded.number
    sql.execute(
        insert.on_conflict_do_update(index_elements=list(fact_count.primary_key), set_={"number": number}), rows
    )


def forget_heard(sql: Connection) -> None:
    """Begin anew with what was heard, as the inbox does."""
    sql.execute(fact_count.delete().where(fact_count.c.direction == "heard"))
