"""Views of motions for pages and programs: what was handed in on a point, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from coop.governance.ballots.closing import outcomes
from coop.governance.ballots.motions import store
from coop.governance.ballots.motions.rules import find_last_day
from coop.governance.ballots.motions.store import KeptMotion
from coop.governance.ballots.views import find_resolution_view
from coop.governance.meetings import voting_lists
from coop.governance.model import ELECTION, Resolution
from coop.governance.statutes.model import Motions
from coop.kit.tx import Tx


@dataclass(frozen=True)
class MotionView:
    """A motion with how many back it, with which votes together; ``backed``: the reader does. Once on the agenda it
    names the points by which it is voted on."""

    motion: KeptMotion
    members: int
    votes: int
    backed: bool
    points: Sequence[Resolution]

    @property
    def is_admitted(self) -> bool:
        """True once it is on the agenda."""
        return bool(self.points)


@dataclass(frozen=True)
class MotionsView:
    """Motions on a point: the right of the statutes, its last day before the meeting, and whether one may hand in one
    today; ``may_back``: the reader has a vote."""

    own: Motions | None
    last_day: date | None
    is_open: bool
    may_back: bool
    motions: Sequence[MotionView]

    @property
    def amendments(self) -> list[Resolution]:
        """The amendments on the agenda, in the order in which they are voted on."""
        return [point for each in self.motions for point in each.points if point.is_amendment]


def view_motions(tx: Tx, resolution_id: str, reader: str | None) -> MotionsView:
    """The motions on a point.

    Raises:
        NotFound: there is no such point.
    """
    view, outcome = find_resolution_view(tx, resolution_id)
    meeting, own = view.meeting, outcome.articles.motions
    votes = voting_lists.read_list(tx, meeting)
    last = find_last_day(own, meeting.held_on) if own else None
    in_time = last is not None and (tx.today <= last or (own and own.at_meeting and tx.today == meeting.held_on))
    on_notice = any(point.resolution_id == resolution_id for point in meeting.agenda)
    can_change = on_notice and not meeting.is_history and outcome.resolution.kind != ELECTION
    points = [each.resolution for each in outcomes(tx, meeting)]
    made = [each for each in store.list_motions(tx, meeting.meeting_id) if each.resolution_id == resolution_id]
    shown = []
    for each in made:
        backers = store.list_backers(tx, each.motion_id)
        on_agenda = [point for point in points if point.motion_id == each.motion_id and point.again_of is None]
        weight = sum(votes.get(backer, 0) for backer in backers)
        shown.append(MotionView(each, len(backers), weight, reader in backers, on_agenda))
    return MotionsView(
        own if can_change else None,
        last,
        bool(can_change and in_time and outcome.decided is None and outcome.withdrawn is None),
        bool(reader and votes.get(reader)),
        sorted(shown, key=lambda each: points.index(each.points[0]) if each.points else len(points)),
    )
