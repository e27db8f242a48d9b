"""Counting of a new vote on what was disputed, by the lists that the closing of the meeting froze."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from coop.governance.ballots.attendance.commands import find_present
from coop.governance.ballots.challenges.store import find_opening_time
from coop.governance.ballots.closing import Outcome, ask_chair, count_points, outcomes
from coop.governance.ballots.motions.rules import list_together
from coop.governance.ballots.unsettled import refuse_papers
from coop.governance.meetings import store, voting_lists
from coop.governance.model import Meeting
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say

OPEN_FOR: Final = timedelta(minutes=5)
"""Time that a new vote is open at least, so that everybody who is there can take part."""


def count_again(tx: Tx, meeting_id: str) -> list[Outcome]:
    """Count the new votes of a meeting that are open, once; returns all that the meeting decided.

    Raises:
        NotFound: there is no such meeting.
        CoopError: the vote just began, ballots wait for a second person, or a chair's word is missing.
    """
    meeting = store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    counted = outcomes(tx, meeting)
    points = [outcome for outcome in counted if outcome.is_open_again]
    if points:
        may_count_from = max(find_count_time(tx, meeting, point) for point in points)
        if tx.now < may_count_from:
            raise CoopError(
                "new-vote-young",
                say("everybody who is there votes anew first: count it from %(start)s", start=may_count_from),
            )
        refuse_papers(tx, meeting)
        ask_chair(tx, points)
        manners = {each.member_id: each.manner for each in find_present(tx, meeting_id).values()}
        count_points(tx, meeting, points, voting_lists.read_list(tx, meeting), manners)
    return [outcome for outcome in outcomes(tx, meeting) if outcome.decided]


def find_count_time(tx: Tx, meeting: Meeting, point: Outcome) -> datetime:
    """The instant from which a new vote may be counted."""
    together = list_together(meeting.resolutions, point.resolution)
    return find_opening_time(tx, [str(each.again_of) for each in together]) + OPEN_FOR
