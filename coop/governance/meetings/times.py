"""Instants at which notices came on file and meetings were closed, by the server's clock."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from coop.governance.tables.meetings import decision, meeting, resolution
from coop.kit.tx import Tx
from coop.values import civil_date


def find_recording_days(tx: Tx) -> dict[str, date]:
    """The day on which the notice of each meeting was put on file, by the server's clock."""
    rows = tx.execute(select(meeting.c.meeting_id, meeting.c.recorded_at).where(meeting.c.community == tx.community))
    return {meeting_id: civil_date(recorded_at) for meeting_id, recorded_at in rows}


def find_recording_time(tx: Tx, meeting_id: str) -> datetime:
    """The instant at which the notice of a meeting was put on file, by the server's clock."""
    columns = meeting.c
    recorded_at: datetime | None = tx.scalar(
        select(columns.recorded_at).where(columns.community == tx.community, columns.meeting_id == meeting_id)
    )
    assert recorded_at is not None
    return recorded_at


def find_closing_time(tx: Tx, meeting_id: str) -> datetime:
    """The instant at which a meeting was closed, by the server's clock."""
    on_agenda = select(resolution.c.resolution_id).where(
        resolution.c.community == tx.community, resolution.c.meeting_id == meeting_id
    )
    closed_at: datetime | None = tx.scalar(
        select(func.max(decision.c.recorded_at)).where(
            decision.c.community == tx.community, decision.c.resolution_id.in_(on_agenda)
        )
    )
    assert closed_at is not None, "only a closed meeting has a closing time"
    return closed_at


def find_decision_time(tx: Tx, resolution_id: str) -> datetime:
    """The instant at which the votes on a point were counted, by the server's clock."""
    columns = decision.c
    decided_at: datetime | None = tx.scalar(
        select(columns.recorded_at).where(columns.community == tx.community, columns.resolution_id == resolution_id)
    )
    assert decided_at is not None, "only what was decided has such a time"
    return decided_at
