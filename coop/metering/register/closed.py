"""Closed periods, as far as the register has to know them: what is said of their days changes only by name.

Invariant: nothing that reaches into a closed period enters by the way. It is refused, or it is a decision about that
period: with a reason, kept with who made it, and the period waits for a correction that names it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from coop.kit.tx import Tx
from coop.metering.register.tables import late_decision
from coop.metering.tables import allocation_run, period
from coop.values import CoopError, Period, Said, say

PUT_RIGHT = "who held which connection, or which meter, was put right"
"""Cause of a correction that follows from the register alone, as members are told it."""

FIGURES_PUT_RIGHT = "figures of the co-operative were put right"
"""Cause of one that follows from what the co-operative chose, such as hot water's share."""

SEEN_LATER = "readings that came later showed it otherwise"
"""Cause of one of which no reading is late: what came after the period proved a stand wrong, or an estimate."""


def find_first_open_day(tx: Tx) -> date | None:
    """The day after the last closed period; None before the first closing."""
    return tx.scalar(select(func.max(period.c.period_end)).where(period.c.community == tx.community))


def list_reached(tx: Tx, start: date, end: date | None = None) -> list[tuple[Period, int]]:
    """Closed periods, each with its newest revision, that days from ``start`` up to ``end`` (None: for ever) reach."""
    columns = period.c
    query = (
        select(columns.period_start, columns.period_end, func.max(columns.revision))
        .where(columns.community == tx.community, columns.period_end > start)
        .where(columns.period_start < (end or date.max))
        .group_by(columns.period_start, columns.period_end)
        .order_by(columns.period_start)
    )
    return [(Period(first, after), revision) for first, after, revision in tx.execute(query)]


def refuse_reaching(tx: Tx, subject: Said, start: date, end: date | None = None) -> None:
    """Refuse what would change days of a closed period.

    Raises:
        CoopError: it reaches into one.
    """
    if reached := list_reached(tx, start, end):
        raise CoopError(
            "reaches-closed",
            say(
                "%(subject)s reaches into what is closed: %(periods)s",
                subject=subject,
                periods=tuple(str(closed) for closed, _ in reached),
            ),
        )


def admit_late(
    tx: Tx, key_id: str, group_id: str, resolution_id: str, holds: tuple[date, date | None], told_at: datetime
) -> None:
    """Refuse a key that would hold in a period that was closed before the key was told. One that was told in time and
    heard late is a decision about the periods that were closed without it.

    Raises:
        CoopError: it reaches into a period that was closed before.
    """
    start, end = holds
    before = [closed for closed, _ in list_reached(tx, start, end) if _find_closing(tx, closed) <= told_at]
    if before:
        refuse_reaching(tx, say("key %(key_id)s", key_id=key_id), start, end)
    used = select(allocation_run.c.id).where(
        allocation_run.c.community == tx.community, allocation_run.c.key_id == key_id
    )
    if tx.scalar(used.limit(1)) is None:
        mark_decided(tx, group_id, f"the key of resolution {resolution_id} was heard late", start, end)


def _find_closing(tx: Tx, closed: Period) -> datetime:
    """The instant at which a period was closed first."""
    columns = period.c
    where = columns.community == tx.community, columns.period_start == closed.start, columns.revision == 1
    closed_at: datetime | None = tx.scalar(select(columns.closed_at).where(*where))
    assert closed_at is not None, "a closed period has a first revision"
    return closed_at


def mark_decided(
    tx: Tx, subject: str, cause: str, start: date, end: date | None = None, reason: str = ""
) -> list[Period]:
    """Let the closed periods that a decision about them reaches wait for a correction that names it: ``cause`` is told
    to members, ``reason`` stays here. Its ``subject`` is a meter's serial, a group or a connection."""
    reached = list_reached(tx, start, end)
    for closed, revision in reached:
        count = tx.scalar(
            select(func.count())
            .select_from(late_decision)
            .where(late_decision.c.community == tx.community, late_decision.c.period_start == closed.start)
        )
        row = {
            "period_start": closed.start,
            "revision": revision,
            "number": (count or 0) + 1,
            "decided_at": tx.now,
            "decided_by": str(tx.actor),
            "subject": subject,
            "cause": cause,
            "reason": reason.strip(),
        }
        tx.insert(late_decision, [{"community": tx.community, **row}])
    return [closed for closed, _ in reached]
