"""Attendance as pages and answers show it: who is there, and whether that is enough for each point.

Nothing here tells how anybody voted, nor who did: of ballots it only says how many of those there handed none in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.governance.ballots.attendance.commands import find_present
from coop.governance.ballots.attendance.rules import CAME, Noted, Present, count_manners, list_unseen
from coop.governance.ballots.attendance.store import list_noted
from coop.governance.ballots.closing import Outcome
from coop.governance.ballots.counting import count_ballots, tally_of
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.views import MeetingView, find_meeting_view
from coop.governance.meetings import voting_lists
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.statutes.majorities import count_present, has_quorum
from coop.kit.tx import Tx


@dataclass(frozen=True)
class PointQuorum:
    """The quorum of one point as it stands: ``there`` of ``everybody``, in heads or in votes (``of``), and how many are
    ``needed``; ``of`` is empty where the statutes ask none. ``silent``: members who are there and handed in no
    ballot."""

    outcome: Outcome
    of: str
    there: int
    everybody: int
    needed: int
    is_reached: bool
    silent: int


@dataclass(frozen=True)
class Arrived:
    """A member who is there, by their number and that of whoever holds their mandate, since when."""

    present: Present
    number: str
    holder: str
    since: datetime


@dataclass(frozen=True)
class AttendanceView:
    """The attendance of a meeting: who is there with the last who came first, members who are not, the quorum of each
    point, and how many lines nobody but one person has seen."""

    meeting: MeetingView
    arrived: Sequence[Arrived]
    absent: Sequence[str]
    counts: Mapping[str, int]
    points: Sequence[PointQuorum]
    lines: Sequence[Noted]
    numbers: Mapping[str, str]

    def count_unseen(self, actor: str) -> int:
        """Lines that nobody would have seen but whoever noted them, if this one closed the meeting."""
        return len(list_unseen(self.lines, actor))

    @property
    def last(self) -> Noted | None:
        """The last line on who came or left that can be undone."""
        undone = {line.undoes for line in self.lines}
        changes = [line for line in self.lines if line.member_id and line.undoes == 0 and line.number not in undone]
        return changes[-1] if changes else None


def view_attendance(tx: Tx, meeting_id: str) -> AttendanceView:
    """The attendance of a meeting as it stands, or as it was frozen."""
    view = find_meeting_view(tx, meeting_id)
    present, numbers = find_present(tx, meeting_id), list_numbers(tx)
    lines = list_noted(tx, meeting_id)
    votes = voting_lists.read_list(tx, view.meeting)
    times = {line.number: line.recorded_at for line in lines if line.change == CAME}
    arrived = [
        Arrived(
            each,
            numbers.get(each.member_id, each.member_id),
            numbers.get(each.holder, each.holder),
            times[each.line],
        )
        for each in sorted(present.values(), key=lambda each: -each.line)
    ]
    absent = sorted(numbers.get(member_id, member_id) for member_id in votes if member_id not in present)
    points = _measure_points(tx, view, votes, present) if view.state != "closed" else ()
    return AttendanceView(view, arrived, absent, count_manners(present), points, lines, numbers)


def _measure_points(
    tx: Tx, view: MeetingView, votes: Mapping[str, int], present: Mapping[str, Present]
) -> Sequence[PointQuorum]:
    manners = {member_id: each.manner for member_id, each in present.items()}
    measured = []
    for outcome in view.outcomes:
        if outcome.withdrawn is not None:
            continue
        standing = list_standing(tx, outcome.resolution.resolution_id)
        tally = tally_of(count_ballots(standing.values(), votes, manners))
        silent = sum(1 for member_id in present if votes.get(member_id) and member_id not in standing)
        quorum = outcome.rule.quorum
        if quorum is None:
            measured.append(PointQuorum(outcome, "", tally.members_present, tally.members_all, 0, True, silent))
            continue
        there, everybody = count_present(quorum, tally)
        needed = quorum.share.needed_of(everybody)
        measured.append(PointQuorum(outcome, quorum.of, there, everybody, needed, has_quorum(quorum, tally), silent))
    return measured


def find_own(tx: Tx, meeting_id: str, member_id: str | None) -> Arrived | None:
    """Line of the list on whether a member is there, and since when."""
    present = find_present(tx, meeting_id).get(member_id or "")
    if present is None:
        return None
    numbers = list_numbers(tx)
    since = next(line.recorded_at for line in list_noted(tx, meeting_id) if line.number == present.line)
    return Arrived(present, numbers.get(present.member_id, ""), numbers.get(present.holder, ""), since)
