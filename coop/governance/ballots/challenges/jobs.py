"""The night's work on new votes: one that the meeting left open is counted once its day is over."""

from __future__ import annotations

from typing import Final

from coop.governance.ballots.challenges.counting import count_again
from coop.governance.ballots.challenges.store import list_open_again
from coop.governance.meetings.store import find_agenda, find_meeting
from coop.kit.jobs import Job, Work
from coop.kit.tx import Tx
from coop.values import CoopError, join_said, say, say_count
from coop.web.language import N_


def count_left_open(work: Work) -> str:
    """Count new votes whose day is over; what waits for people is left to them, and said."""
    with work.write() as tx:
        left = list_left_open(tx)
    counted, hindered = 0, []
    for meeting_id in left:
        try:
            with work.write() as tx:
                count_again(tx, meeting_id)
            counted += 1
        except CoopError as refusal:
            hindered.append(refusal.message)
    if not left:
        return say("no new vote was left open")
    said = say_count(
        "%(num)s meeting with a new vote was counted", "%(num)s meetings with a new vote were counted", counted
    )
    return join_said([said, *hindered], ", ")


def list_left_open(tx: Tx) -> list[str]:
    """Meetings of days that are over with a new vote that nobody counted."""
    meetings = {find_agenda(tx, resolution_id): None for resolution_id in list_open_again(tx)}
    found = [find_meeting(tx, meeting_id) for meeting_id in meetings if meeting_id]
    return [meeting.meeting_id for meeting in found if meeting is not None and meeting.held_on < tx.today]


JOBS: Final = (Job("new-votes", N_("New votes that nobody counted"), "15 23 * * *", count_left_open),)
"""Just after midnight in Amsterdam, in summer and in winter: 23:15 UTC."""
