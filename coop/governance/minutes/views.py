"""Views of minutes for the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coop.governance.ballots.closing import outcomes
from coop.governance.meetings import store
from coop.governance.minutes.commands import Written, compose_minutes
from coop.governance.minutes.store import KeptMinutes, find_minutes, load_minutes
from coop.governance.stops.store import KeptStop
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say


@dataclass(frozen=True)
class MinutesView:
    """The minutes of a closed meeting: as two people signed them (``kept``), or what was decided alone."""

    content: Mapping[str, Any]
    kept: KeptMinutes | None
    fallen: Mapping[str, KeptStop]
    """Decisions of the meeting that fell since, whatever the minutes say of them."""

    @property
    def sha256(self) -> str | None:
        """The hash of confirmed minutes."""
        return self.kept.minutes_hash if self.kept else None


def find_minutes_view(tx: Tx, meeting_id: str) -> MinutesView:
    """The minutes of a meeting.

    Raises:
        NotFound: there is no such meeting.
        CoopError: it is not closed, or its minutes are on paper.
    """
    meeting = store.find_meeting(tx, meeting_id)
    if meeting is None:
        raise NotFound
    if meeting.is_history:
        raise CoopError("minutes-on-paper", say("this meeting was entered from its minutes: they are on paper"))
    kept = find_minutes(tx, meeting_id)
    content = load_minutes(tx, kept) if kept else compose_minutes(tx, meeting, Written())
    fallen = {point.resolution.resolution_id: point.fallen for point in outcomes(tx, meeting) if point.fallen}
    return MinutesView(content, kept, fallen)
