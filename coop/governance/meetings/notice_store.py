"""Notices of meetings as messages to members, of which governance hears what became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from coop.governance.tables.meetings import notice_told
from coop.kit.tx import Tx


@dataclass(frozen=True)
class NoticeReach:
    """Numbers of members to whom the notice of a meeting was sent, and failed."""

    sent: int
    failed: int


def keep_outcome(tx: Tx, message_id: str, told_at: datetime, outcome: str, meeting_id: str, member_id: str) -> None:
    """Keep what became of a notice to a member."""
    row = {"message_id": message_id, "told_at": told_at, "outcome": outcome}
    heard = {"community": tx.community, "meeting_id": meeting_id, "member_id": member_id}
    tx.insert_new(notice_told, [row | heard], ["community", "message_id", "told_at", "outcome"])


def find_outcomes(tx: Tx, member_id: str) -> dict[str, str]:
    """The notices of meetings to one member, each with what became of it last: sent or failed, by meeting."""
    rows = notice_told.c
    query = select(rows.meeting_id, rows.outcome).where(rows.community == tx.community, rows.member_id == member_id)
    return dict(iter(tx.execute(query.order_by(rows.told_at, rows.outcome))))


def measure_reach(tx: Tx, meeting_id: str) -> NoticeReach:
    """Count whom the notice of a meeting reached: of each message the newest counts, of several to a member one."""
    rows = notice_told.c
    query = select(rows.message_id, rows.member_id, rows.outcome).where(
        rows.community == tx.community, rows.meeting_id == meeting_id
    )
    newest = {
        message_id: (member_id, outcome)
        for message_id, member_id, outcome in tx.execute(query.order_by(rows.told_at, rows.outcome))
    }
    sent = {member_id for member_id, outcome in newest.values() if outcome == "sent"}
    failed = {member_id for member_id, outcome in newest.values() if outcome == "failed"}
    return NoticeReach(len(sent), len(failed - sent))
