"""Facts of identity: which sessions every service has to refuse."""

from __future__ import annotations

from datetime import datetime

from coop.events import Event
from coop.events.members import SessionsEnded


def announce_end(account_id: str, session_id: str, ended_at: datetime) -> Event:
    """Announce that one session of an account ended, or with an empty ``session_id`` all that began until then."""
    return SessionsEnded(account_id=account_id, session_id=session_id, ended_at=ended_at)
