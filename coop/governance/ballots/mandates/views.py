"""Mandates of a meeting as its stewards see them: who votes for whom, with how many votes, and why one ended.

That somebody voted themselves is not told before the meeting is closed, and never when: only that the mandate ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.governance.ballots.mandates.store import GIVEN, VOTED, Mandate, list_changes
from coop.governance.ballots.views import MeetingView, find_meeting_view
from coop.governance.meetings import voting_lists
from coop.governance.meetings.voter_store import list_numbers
from coop.kit.tx import Tx

ENDED = "ended"
"""End of a mandate of which is not told why, as long as votes are cast."""


@dataclass(frozen=True)
class MandateView:
    """A mandate from when it was given until it ended: giver and holder by their numbers, the ``votes`` of the giver.
    ``state``: given, revoked, voted or ended."""

    member_id: str
    giver: str
    holder_id: str
    holder: str
    votes: int
    given_at: datetime
    ended_at: datetime | None
    state: str

    @property
    def holds(self) -> bool:
        """True while it was not ended."""
        return self.state == GIVEN


def view_mandates(tx: Tx, meeting_id: str) -> tuple[MeetingView, Sequence[MandateView]]:
    """A meeting with every mandate that was given for it in a member's own session, by the giver's number."""
    view = find_meeting_view(tx, meeting_id)
    numbers, votes = list_numbers(tx), voting_lists.read_list(tx, view.meeting)
    seen = _pair(list_changes(tx, meeting_id), numbers, votes, is_closed=view.is_over)
    return view, sorted(seen, key=lambda each: (each.giver, each.given_at))


def _pair(
    changes: Sequence[Mandate], numbers: Mapping[str, str], votes: Mapping[str, int], *, is_closed: bool
) -> Iterator[MandateView]:
    """Each mandate with what ended it: the next thing that its giver said."""
    ends = {(each.member_id, each.number - 1): each for each in changes if each.change != GIVEN}
    for given in changes:
        if given.change != GIVEN:
            continue
        end = ends.get((given.member_id, given.number))
        is_hidden = end is not None and end.change == VOTED
        yield MandateView(
            given.member_id,
            numbers.get(given.member_id, given.member_id),
            given.holder,
            numbers.get(given.holder, given.holder),
            votes.get(given.member_id, 0),
            given.recorded_at,
            None if end is None or is_hidden else end.recorded_at,
            GIVEN if end is None else (ENDED if is_hidden and not is_closed else end.change),
        )
