"""What the pages show, read and counted: meetings with their state, and programmes with their money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from coop.governance.handlers.closing import Outcome, outcomes
from coop.governance.model import Meeting, Milestone, Phase, Programme, Reached, Tranche
from coop.governance.rules.programmes import days_stood_still, numbered_tranches
from coop.governance.rules.statutes import first_vote_date
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store


@dataclass(frozen=True)
class MeetingView:
    """A meeting with its outcomes. ``state``: convened, open (one may vote), waiting (to be closed) or closed."""

    meeting: Meeting
    outcomes: tuple[Outcome, ...]
    votes_from: date
    state: str


@dataclass(frozen=True)
class MilestoneView:
    """A milestone and whether it was reached. ``state``: reached, late (reached), overdue or planned."""

    phase: Phase
    milestone: Milestone
    reached: Reached | None
    start: date
    state: str


@dataclass(frozen=True)
class TrancheView:
    """A tranche and where it stands: planned, referred, released. ``days_waited`` since its milestone was reached."""

    number: int
    tranche: Tranche
    milestone: Milestone
    state: programme_store.TrancheState
    word: str
    days_waited: int


@dataclass(frozen=True)
class ProgrammeView:
    """A programme with its milestones, its money and the days it stood still waiting for money."""

    programme: Programme
    realised: dict[str, programme_store.Realised]
    milestones: tuple[MilestoneView, ...]
    tranches: tuple[TrancheView, ...]
    days_still: int

    @property
    def granted_cents(self) -> int:
        """All money that was promised."""
        return sum(one.tranche.amount_cents for one in self.tranches)

    @property
    def released_cents(self) -> int:
        """What was released of it."""
        return sum(one.tranche.amount_cents for one in self.tranches if one.state.released_on)

    @property
    def budget_cents(self) -> int:
        """Budget of the milestones that were reached."""
        return sum(one.milestone.budget_cents for one in self.milestones if one.reached)

    @property
    def cost_cents(self) -> int:
        """Cost of the milestones that were reached."""
        return sum(one.reached.cost_cents for one in self.milestones if one.reached)

    @property
    def awaiting(self) -> Sequence[TrancheView]:
        """Tranches that the steering group has to decide on."""
        return [one for one in self.tranches if one.word == "referred"]


def meeting_view(connection: Connection, community: str, meeting: Meeting, today: date) -> MeetingView:
    """One meeting as it stands today."""
    found = tuple(outcomes(connection, community, meeting))
    votes_from = min(first_vote_date(meeting, outcome.rule) for outcome in found)
    if found[0].decided_on is not None:
        state = "closed"
    elif today > meeting.held_on:
        state = "waiting"
    else:
        state = "open" if today >= votes_from else "convened"
    return MeetingView(meeting, found, votes_from, state)


def meeting_views(connection: Connection, community: str, today: date) -> list[MeetingView]:
    """Every meeting, newest first."""
    meetings = store.all_meetings(connection, community)
    return [meeting_view(connection, community, meeting, today) for meeting in reversed(meetings)]


def programme_views(connection: Connection, community: str, today: date) -> list[ProgrammeView]:
    """Every programme as it stands today."""
    reached = programme_store.reached(connection, community)
    realised = programme_store.realisations(connection, community)
    states = programme_store.tranche_states(connection, community)
    return [
        _programme_view(programme, reached, realised, states, today)
        for programme in programme_store.programmes(connection, community)
    ]


def _programme_view(
    programme: Programme,
    reached: dict[str, Reached],
    realised: dict[str, programme_store.Realised],
    states: dict[str, programme_store.TrancheState],
    today: date,
) -> ProgrammeView:
    milestones: list[MilestoneView] = []
    before: date | None = None
    for phase in programme.phases:
        for milestone in phase.milestones:
            report = reached.get(milestone.milestone_id)
            # No start is planned: a milestone starts where the one before was due, or when its phase was decided.
            decided = realised.get(phase.phase_id)
            start = before or (decided.decided_on if decided else milestone.deadline)
            if report:
                start = min(start, report.reached_on)
            state = _milestone_state(milestone, report, today)
            milestones.append(MilestoneView(phase, milestone, report, min(start, milestone.deadline), state))
            before = milestone.deadline
    by_id = {one.milestone.milestone_id: one.milestone for one in milestones}
    tranches, waits = [], []
    numbers = numbered_tranches(programme)
    for tranche in sorted(programme.tranches, key=lambda one: numbers[one.tranche_id]):
        state_of = states[tranche.tranche_id]
        report = reached.get(tranche.milestone_id)
        wait = [(report.reached_on, state_of.released_on)] if report else []
        waits += wait
        word = "released" if state_of.released_on else "referred" if state_of.referred_on else "planned"
        milestone = by_id[tranche.milestone_id]
        tranches.append(
            TrancheView(numbers[tranche.tranche_id], tranche, milestone, state_of, word, days_stood_still(wait, today))
        )
    return ProgrammeView(programme, realised, tuple(milestones), tuple(tranches), days_stood_still(waits, today))


def _milestone_state(milestone: Milestone, report: Reached | None, today: date) -> str:
    if report is not None:
        return "reached" if report.reached_on <= milestone.deadline else "late"
    return "overdue" if today > milestone.deadline else "planned"
