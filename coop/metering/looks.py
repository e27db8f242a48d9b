"""Looks: who saw the detailed use of which member, noted once a day for each and told, so that the member sees it.

What a person reads of their own is no look. Whoever takes a list of everybody has looked at everybody.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request
from sqlalchemy import select

from coop.events.metering import UseSeen
from coop.kit.http import reading, session_of, writing
from coop.metering.tables import look

READINGS: Final = "readings"
"""The readings behind a measurement."""

QUARTER_HOURS: Final = "quarter-hours"
"""Shared electricity by day and quarter-hour."""

LISTS: Final = "lists"
"""A list of everybody's heat, shares or readings."""


def note_look(request: Request, subject: str, member_id: str | None = None) -> None:
    """Note that whoever asks saw this of a member, or of everybody (None); their own is not noted."""
    session = session_of(request)
    if member_id is not None and member_id == session.member_id:
        return
    viewer = f"{session.kind}:{session.account_id}"
    columns = look.c
    with reading(request) as tx:
        seen_on = tx.today
        row = {
            "community": tx.community,
            "seen_on": seen_on,
            "viewer": viewer,
            "member_id": member_id or "",
            "subject": subject,
        }
        noted = tx.execute(select(columns.seen_on).where(*(columns[name] == value for name, value in row.items())))
        if noted.first() is not None:
            return
    with writing(request) as tx:
        tx.insert_new(look, [row], list(row))
        tx.tell(UseSeen(viewer=viewer, member_id=member_id, subject=subject, seen_on=seen_on))
