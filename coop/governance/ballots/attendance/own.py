"""Members who note themselves present online, and leaving again, each from their own session by the server's clock.

Invariants: only where the statutes let members take part from elsewhere, and from an hour before the meeting begins;
who stands on the list as in the room is not moved by it; what a member noted needs no second person's look.

Source: BW 2:38 lid 6 and 7; docs/domain/meetings-votes-and-statutes.md#attendance.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from coop.governance.ballots.attendance import commands
from coop.governance.ballots.attendance.commands import Arrival
from coop.governance.ballots.attendance.rules import CAME, ONLINE, ROOM, list_latest
from coop.governance.ballots.attendance.store import list_noted
from coop.governance.meetings import store as meeting_store
from coop.governance.model import Meeting
from coop.governance.statutes import law
from coop.governance.statutes.applying import find_articles
from coop.kit.tx import Tx
from coop.values import AMSTERDAM, CoopError, NotFound, Said, say

OPEN_BEFORE: Final = timedelta(hours=1)
"""So long before its beginning one can come to a meeting online."""


def come_online(tx: Tx, meeting_id: str, member_id: str) -> bool:
    """Note that the member who acts is there from elsewhere; False where the list says so already.

    Raises:
        CoopError: the statutes do not let it, it is too early or closed, or the list has them in the room.
        BadInput: they are not on the voting list.
    """
    reason = object_to_online(tx, _get_meeting(tx, meeting_id))
    if reason is not None:
        raise CoopError("no-online", reason)
    latest = list_latest(list_noted(tx, meeting_id)).get(member_id)
    if latest is not None and (latest.change, latest.manner) == (CAME, ROOM):
        raise CoopError("in-the-room", say("the list has you in the room: who keeps it at the door can change that"))
    return commands.note_arrival(tx, meeting_id, Arrival(member_id, ONLINE))


def leave_online(tx: Tx, meeting_id: str, member_id: str) -> bool:
    """Note that the member who acts left from elsewhere; False where they are not there online.

    Raises:
        CoopError: it is not the day of the meeting, or it is closed.
    """
    latest = list_latest(list_noted(tx, meeting_id)).get(member_id)
    if latest is None or (latest.change, latest.manner) != (CAME, ONLINE):
        return False
    return commands.note_leaving(tx, meeting_id, member_id)


def object_to_online(tx: Tx, meeting: Meeting) -> Said | None:
    """The reason why nobody can come to a meeting online now; None where members can."""
    articles = find_articles(meeting, meeting_store.list_statutes(tx))
    if articles.online is None:
        return say("the statutes let nobody take part from elsewhere (%(article)s)", article=law.ELECTRONIC)
    starts_at = meeting.starts_at
    if starts_at is not None and tx.now < starts_at - OPEN_BEFORE:
        opens_at = (starts_at - OPEN_BEFORE).astimezone(AMSTERDAM)
        return say("one can come online from an hour before the meeting, %(opens_at)s", opens_at=f"{opens_at:%H:%M}")
    return None


def _get_meeting(tx: Tx, meeting_id: str) -> Meeting:
    meeting = meeting_store.find_meeting(tx, meeting_id)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    return meeting
