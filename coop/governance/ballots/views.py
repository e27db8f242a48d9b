"""Views of meetings for the pages: read, counted, and with their state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.governance.ballots.closing import Outcome, outcomes
from coop.governance.meetings import store
from coop.governance.meetings.withdrawal_store import Withdrawal
from coop.governance.model import Meeting
from coop.governance.statutes.applying import first_vote_date
from coop.kit.tx import Tx
from coop.values import NotFound


@dataclass(frozen=True)
class MeetingView:
    """A meeting with its outcomes. ``state``: convened, open (one may vote), waiting (to be closed), closed or
    withdrawn."""

    meeting: Meeting
    outcomes: tuple[Outcome, ...]
    votes_from: date
    state: str
    own_votes_open: bool = False
    own_votes_over: bool = False
    may_be_closed: bool = False

    @property
    def may_be_withdrawn(self) -> bool:
        """True as long as nothing of it is decided and members vote in their own sessions, or will."""
        return not self.is_over and not self.own_votes_over

    @property
    def is_over(self) -> bool:
        """True when nothing of it is to be done any more."""
        return self.state in ("closed", "withdrawn")

    @property
    def decided(self) -> tuple[Outcome, ...]:
        """Points that were decided: all of a closed meeting but those that were withdrawn before."""
        return tuple(outcome for outcome in self.outcomes if outcome.decided)

    @property
    def open_again(self) -> tuple[Outcome, ...]:
        """Points that are voted on anew, since their outcome was disputed."""
        return tuple(outcome for outcome in self.outcomes if outcome.is_open_again)

    @property
    def on_paper(self) -> tuple[Outcome, ...]:
        """Points of which ballots are entered: all of the agenda, and after the closing those that are voted on
        anew."""
        return self.open_again or self.outcomes

    @property
    def withdrawn(self) -> Withdrawal | None:
        """The withdrawal of the whole meeting."""
        made = (outcome.withdrawn for outcome in self.outcomes)
        return next((each for each in made if each and each.whole), None)


def view_meeting(tx: Tx, meeting: Meeting) -> MeetingView:
    """One meeting as it stands today."""
    counted = tuple(outcomes(tx, meeting))
    votes_from = first_vote_date(meeting, counted[0].articles)
    if any(outcome.decided for outcome in counted):
        state = "closed"
    elif all(outcome.withdrawn for outcome in counted):
        state = "withdrawn"
    elif tx.today > meeting.held_on:
        state = "waiting"
    else:
        state = "open" if tx.today >= votes_from else "convened"
    over = tx.now >= meeting.own_votes_end
    return MeetingView(
        meeting, counted, votes_from, state, state == "open" and not over, over, tx.now >= meeting.may_close_from
    )


def view_meetings(tx: Tx) -> list[MeetingView]:
    """Every meeting, newest first."""
    return [view_meeting(tx, meeting) for meeting in reversed(store.list_meetings(tx))]


def view_undecided(tx: Tx) -> list[MeetingView]:
    """Every meeting of which something is to be done yet, newest first; those that are over are not counted again."""
    views = (view_meeting(tx, meeting) for meeting in reversed(store.list_undecided(tx)))
    return [view for view in views if not view.is_over]


def find_meeting_view(tx: Tx, meeting_id: str) -> MeetingView:
    """A meeting by its id.

    Raises:
        NotFound: there is none.
    """
    meeting = store.find_meeting(tx, meeting_id)
    if meeting is None:
        raise NotFound
    return view_meeting(tx, meeting)


def find_resolution_view(tx: Tx, resolution_id: str) -> tuple[MeetingView, Outcome]:
    """A resolution counted, and the meeting that it is put to.

    Raises:
        NotFound: there is none.
    """
    meeting_id = store.find_agenda(tx, resolution_id)
    if meeting_id is None:
        raise NotFound
    view = find_meeting_view(tx, meeting_id)
    return view, next(outcome for outcome in view.outcomes if outcome.resolution.resolution_id == resolution_id)
