"""Figures of messages and queues for pages, health and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, func, literal_column, select

from coop.kit import journal
from coop.kit.keyset import Window, cut_query
from coop.kit.outbound.message import Delivery, State
from coop.kit.outbound.store import is_foremost
from coop.kit.rows import columns_of
from coop.kit.tables import outbound_message, outbound_position
from coop.kit.tx import Tx

OVERDUE_AFTER_S = 15 * 60
"""A message that is due for longer than this [s] is not being sent by anybody."""

STATES: tuple[State, ...] = ("waiting", "delivered", "failed", "withdrawn")

_columns = outbound_message.c


def list_messages(tx: Tx, state: State, after: int = 0, limit: int = 100) -> Sequence[Delivery]:
    """Messages in a state: delivered ones newest first, others oldest first; the next page starts behind ``after``."""
    query = select(*columns_of(Delivery, outbound_message)).where(
        _columns.community == tx.community, _columns.state == state
    )
    if state == "delivered":
        query = query.order_by(_columns.number.desc())
        query = query.where(_columns.number < after) if after else query
    else:
        query = query.order_by(_columns.number).where(_columns.number > after)
    return [Delivery(*row) for row in tx.execute(query.limit(limit))]


def page_messages(tx: Tx, state: State, window: Window) -> Sequence[Delivery]:
    """A window of the messages in a state, and one more: delivered ones newest first, others oldest first."""
    query = select(*columns_of(Delivery, outbound_message)).where(
        _columns.community == tx.community, _columns.state == state
    )
    return [
        Delivery(*row)
        for row in tx.execute(cut_query(query, window, _columns.number, newest_first=state == "delivered"))
    ]


def count_messages(tx: Tx) -> dict[str, dict[State, int]]:
    """Count the co-operative's messages by queue and state."""
    query = (
        select(_columns.queue, _columns.state, func.count())
        .where(_columns.community == tx.community)
        .group_by(_columns.queue, _columns.state)
        .order_by(_columns.queue)
    )
    counts: dict[str, dict[State, int]] = {}
    for queue, state, count in tx.execute(query):
        counts.setdefault(queue, dict.fromkeys(STATES, 0))[cast(State, state)] = count
    return counts


@dataclass(frozen=True)
class Figures:
    """A queue over all co-operatives: what waits and failed, since when the foremost is due, facts not looked at."""

    queue: str
    waiting: int
    failed: int
    due_since: datetime | None
    facts_behind: int

    def measure_delay_s(self, now: datetime) -> float:
        """Time [s] for which the foremost message is due."""
        return max(0.0, (now - self.due_since).total_seconds()) if self.due_since else 0.0

    def find_trouble(self, now: datetime) -> str | None:
        """Say what keeps the queue from doing its work, or None."""
        if self.due_since and self.measure_delay_s(now) > OVERDUE_AFTER_S:
            return f"a message is due since {self.due_since:%Y-%m-%d %H:%M} UTC"
        return None


def read_figures(sql: Connection) -> Sequence[Figures]:
    """Count every queue of a database that follows facts or has a message under way, in order of name."""
    counting = select(_columns.queue, func.count()).group_by(_columns.queue)
    waiting: dict[str, int] = dict(iter(sql.execute(counting.where(_columns.next_try_at.is_not(None)))))
    failed: dict[str, int] = dict(iter(sql.execute(counting.where(_columns.state == literal_column("'failed'")))))
    foremost = select(_columns.queue, func.min(_columns.next_try_at)).group_by(_columns.queue)
    due = dict(iter(sql.execute(foremost.where(_columns.next_try_at.is_not(None), is_foremost()))))
    positions = dict(iter(sql.execute(select(outbound_position.c.queue, outbound_position.c.position))))
    head, _ = journal.head(sql)
    return [
        Figures(
            queue=queue,
            waiting=waiting.get(queue, 0),
            failed=failed.get(queue, 0),
            due_since=due.get(queue),
            facts_behind=head - positions.get(queue, head),
        )
        for queue in sorted({*waiting, *failed, *positions})
    ]
