"""Commands that withdraw a meeting or points of its agenda, or put it off to another day.

Invariants: a withdrawal gives its reason and is signed by two people; nothing is withdrawn once the votes are over or
decided, and nothing that was withdrawn is decided; a meeting that is put off is convened anew, by a notice with its
own term and its own votes. Ballots that were cast before count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from coop.events.governance import MeetingWithdrawn, PointWithdrawn
from coop.governance.articles.commands import AGENDA
from coop.governance.ballots.motions.rules import list_family
from coop.governance.convening.commands import convene_meeting
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings import withdrawal_store as store
from coop.governance.meetings.withdrawal_store import Withdrawal
from coop.governance.model import Meeting
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

REASON_MAX = 300


@dataclass(frozen=True)
class Anew:
    """The day, the hours and the place of a meeting that is put off; a place of None is that of the first notice."""

    held_on: date
    begins_at: str = ""
    votes_until: str = ""
    place: str | None = None


def propose_withdrawal(
    tx: Tx,
    meeting_id: str,
    reason: str,
    resolution_ids: Sequence[str] = (),
    anew: Anew | None = None,
    entry_id: str = "",
) -> Entry:
    """Keep that a meeting is to be withdrawn, or points of it, until another person confirms it.

    Without ``resolution_ids`` it is the whole meeting, which is held ``anew`` where a day is given.

    Raises:
        BadInput: there is no reason, or no such point.
        CoopError: it is decided or withdrawn already; or what the notice of the new day is refused for.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_MAX:
        raise BadInput([Problem(say("give the reason, in at most 300 characters"), "reason")], "no-reason")
    if anew and resolution_ids:
        raise BadInput([Problem(say("a single point is put off by a new notice"), "held_on")], "points-put-off")
    content = {
        "resolution_ids": sorted(set(resolution_ids)),
        "anew": {**vars(anew), "held_on": anew.held_on.isoformat()} if anew else None,
    }
    return entries.enter(tx, keep_withdrawal, "withdrawal", meeting_id, reason, content, entry_id)


def keep_withdrawal(tx: Tx, entry: Entry) -> int:
    """Withdraw what an entry says, and convene the meeting anew where it is put off; returns how many points it was."""
    tx.lock(AGENDA)
    meeting = meeting_store.find_meeting(tx, entry.meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=entry.meeting_id))
    left = _list_left(tx, meeting)
    chosen = list_family(meeting.resolutions, entry.content["resolution_ids"])
    if unknown := [each for each in {*chosen, *entry.content["resolution_ids"]} if each not in left]:
        reason = say("%(points)s is not on the agenda, or not any more", points=tuple(unknown))
        raise BadInput([Problem(reason, "resolution_ids")], "no-such-point")
    if set(chosen) == set(left):
        reason = say("nothing else is on the agenda: withdraw the meeting itself")
        raise BadInput([Problem(reason, "resolution_ids")], "withdraw-meeting")
    anew = read_anew(entry)
    followed_by = _convene_anew(tx, meeting, left, anew) if anew else None
    made = Withdrawal(
        entry.entry_id,
        meeting.meeting_id,
        not chosen,
        entry.paper,
        followed_by,
        tx.now,
        str(tx.actor),
    )
    store.add_withdrawal(tx, made, chosen or left)
    _announce(tx, meeting, made, chosen, anew)
    return len(chosen or left)


def read_anew(entry: Entry) -> Anew | None:
    """The day to which an entry puts a meeting off, or None."""
    anew: Mapping[str, Any] | None = entry.content["anew"]
    return Anew(**{**anew, "held_on": date.fromisoformat(anew["held_on"])}) if anew else None


def _list_left(tx: Tx, meeting: Meeting) -> list[str]:
    """The points that are to be decided still.

    Raises:
        CoopError: none is: the meeting was closed, or withdrawn; or the votes are over, and whoever knows the papers
            knows how it will end.
    """
    if meeting_store.list_decisions(tx, meeting.meeting_id):
        raise CoopError("meeting-closed", say("this meeting is closed and decided: nothing of it can be withdrawn"))
    withdrawn = store.find_withdrawn_points(tx, meeting.meeting_id)
    left = [point.resolution_id for point in meeting.resolutions if point.resolution_id not in withdrawn]
    if not left:
        raise CoopError("withdrawn-before", say("this meeting was withdrawn before"))
    if tx.now >= meeting.own_votes_end:
        raise CoopError(
            "votes-over",
            say("members voted on this until %(end)s: it is counted, not withdrawn", end=meeting.own_votes_end),
        )
    return left


def _convene_anew(tx: Tx, meeting: Meeting, left: Sequence[str], anew: Anew) -> str:
    """Convene a meeting again on another day, with the points that are left, by a notice that goes out today."""
    meeting_id = _name_again(tx, meeting.meeting_id)
    points = [point for point in meeting.agenda if point.resolution_id in left]
    again = Meeting(
        meeting_id,
        anew.held_on,
        tx.today,
        meeting.place if anew.place is None else anew.place,
        tuple(replace(point, resolution_id=f"{meeting_id}-{number}") for number, point in enumerate(points, start=1)),
        begins_at=anew.begins_at,
        votes_until=anew.votes_until,
        second_of=meeting.second_of,
        second_why=meeting.second_why,
    )
    convene_meeting(tx, again)
    return meeting_id


def _name_again(tx: Tx, meeting_id: str) -> str:
    first = re.sub(r"-again-\d+$", "", meeting_id)[:80]
    number = 2
    while meeting_store.find_meeting(tx, f"{first}-again-{number}") is not None:
        number += 1
    return f"{first}-again-{number}"


def _announce(tx: Tx, meeting: Meeting, made: Withdrawal, chosen: Sequence[str], anew: Anew | None) -> None:
    if made.whole:
        tx.tell(
            MeetingWithdrawn(
                meeting_id=meeting.meeting_id,
                held_on=meeting.held_on,
                reason=made.reason,
                withdrawn_on=tx.today,
                followed_by=made.followed_by or "",
                held_anew_on=anew.held_on if anew else None,
            )
        )
        return
    for point in meeting.resolutions:
        if point.resolution_id in chosen:
            tx.tell(
                PointWithdrawn(
                    meeting_id=meeting.meeting_id,
                    held_on=meeting.held_on,
                    resolution_id=point.resolution_id,
                    subject_nl=point.subject_nl,
                    subject_en=point.subject_en,
                    reason=made.reason,
                    withdrawn_on=tx.today,
                )
            )
