"""Views for the pages, read and counted: meetings with their state, and programmes with their money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from coop.governance.handlers.closing import Outcome, outcomes
from coop.governance.handlers.minutes import Written, compose_minutes
from coop.governance.model import Meeting, Milestone, Phase, Programme, Reached, Tranche
from coop.governance.rules.programmes import conditions, days_stood_still, numbered_tranches
from coop.governance.rules.statutes import first_vote_date
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.governance.storage import reports as report_store
from coop.governance.storage.minutes import KeptMinutes, find_minutes, load_minutes
from coop.governance.storage.withdrawals import Withdrawal
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say


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
    def withdrawn(self) -> Withdrawal | None:
        """The withdrawal of the whole meeting."""
        made = (outcome.withdrawn for outcome in self.outcomes)
        return next((each for each in made if each and each.whole), None)


@dataclass(frozen=True)
class MilestoneView:
    """A milestone and whether it was reached. ``state``: reached, late (reached), overdue or planned."""

    phase: Phase
    milestone: Milestone
    reached: Reached | None
    start: date
    state: str


@dataclass(frozen=True)
class ReportView:
    """A report that waits for a partner, with the papers that are kept here, and what the rule would refer."""

    report: report_store.Report
    milestone: Milestone
    files: dict[str, report_store.EvidenceFile]
    unmet: tuple[str, ...]


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
    waiting: tuple[ReportView, ...] = ()
    returned: tuple[tuple[str, report_store.Settled], ...] = ()
    """Milestones whose last report a partner returned, with the reason."""

    def name_milestone(self, lang: str, milestone_id: str) -> str:
        """The name of one of its milestones."""
        milestone = next(row.milestone for row in self.milestones if row.milestone.milestone_id == milestone_id)
        return milestone.name_nl if lang == "nl" else milestone.name_en

    @property
    def granted_cents(self) -> int:
        """All money that was promised."""
        return sum(view.tranche.amount_cents for view in self.tranches)

    @property
    def released_cents(self) -> int:
        """The part of it that was released."""
        return sum(view.tranche.amount_cents for view in self.tranches if view.state.released_on)

    @property
    def budget_cents(self) -> int:
        """Budget of the milestones that were reached."""
        return sum(view.milestone.budget_cents for view in self.milestones if view.reached)

    @property
    def cost_cents(self) -> int:
        """Cost of the milestones that were reached."""
        return sum(view.reached.cost_cents for view in self.milestones if view.reached)

    @property
    def awaiting(self) -> Sequence[TrancheView]:
        """Tranches that the steering group has to decide on."""
        return [view for view in self.tranches if view.word == "referred"]


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
    return MeetingView(meeting, counted, votes_from, state, state == "open" and not over, over)


def view_meetings(tx: Tx) -> list[MeetingView]:
    """Every meeting, newest first."""
    return [view_meeting(tx, meeting) for meeting in reversed(store.list_meetings(tx))]


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


def view_programmes(tx: Tx) -> list[ProgrammeView]:
    """Every programme as it stands today."""
    reached = programme_store.list_reached(tx)
    realised = programme_store.list_realisations(tx)
    states = programme_store.list_tranche_states(tx)
    made = report_store.list_reports(tx)
    views = []
    for programme in programme_store.list_programmes(tx):
        view = _programme_view(programme, reached, realised, states, tx.today)
        views.append(replace(view, waiting=_waiting_views(tx, view, made), returned=_find_returned(view, made)))
    return views


def _waiting_views(
    tx: Tx, view: ProgrammeView, made: Sequence[tuple[report_store.Report, report_store.Settled | None]]
) -> tuple[ReportView, ...]:
    points = {row.milestone.milestone_id: row for row in view.milestones}
    waiting = []
    for report, settled in made:
        row = points.get(report.milestone_id)
        if row is None or settled is not None:
            continue
        realised = view.realised.get(row.phase.phase_id)
        checked = conditions(row.milestone, report.content, realised.decided_on if realised else None)
        files = report_store.list_files(tx, [piece.sha256 for piece in report.content.evidence])
        unmet = tuple(condition.name for condition in checked if not condition.met)
        waiting.append(ReportView(report, row.milestone, files, unmet))
    return tuple(waiting)


def _find_returned(
    view: ProgrammeView, made: Sequence[tuple[report_store.Report, report_store.Settled | None]]
) -> tuple[tuple[str, report_store.Settled], ...]:
    last = {report.milestone_id: settled for report, settled in made}
    return tuple(
        (row.milestone.milestone_id, settled)
        for row in view.milestones
        if (settled := last.get(row.milestone.milestone_id)) and settled.outcome == "returned"
    )


def _programme_view(
    programme: Programme,
    reached: dict[str, Reached],
    realised: dict[str, programme_store.Realised],
    states: dict[str, programme_store.TrancheState],
    today: date,
) -> ProgrammeView:
    milestones = _milestone_views(programme, reached, realised, today)
    by_id = {view.milestone.milestone_id: view.milestone for view in milestones}
    numbers = numbered_tranches(programme)
    tranches, waits = [], []
    for tranche in sorted(programme.tranches, key=lambda tranche: numbers[tranche.tranche_id]):
        state = states[tranche.tranche_id]
        report = reached.get(tranche.milestone_id)
        wait = [(report.reached_on, state.released_on)] if report else []
        waits += wait
        word = "released" if state.released_on else "referred" if state.referred_on else "planned"
        milestone = by_id[tranche.milestone_id]
        tranches.append(
            TrancheView(numbers[tranche.tranche_id], tranche, milestone, state, word, days_stood_still(wait, today))
        )
    return ProgrammeView(programme, realised, tuple(milestones), tuple(tranches), days_stood_still(waits, today))


def _milestone_views(
    programme: Programme,
    reached: dict[str, Reached],
    realised: dict[str, programme_store.Realised],
    today: date,
) -> list[MilestoneView]:
    views = []
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
            views.append(MilestoneView(phase, milestone, report, min(start, milestone.deadline), state))
            before = milestone.deadline
    return views


def _milestone_state(milestone: Milestone, report: Reached | None, today: date) -> str:
    if report is not None:
        return "reached" if report.reached_on <= milestone.deadline else "late"
    return "overdue" if today > milestone.deadline else "planned"


@dataclass(frozen=True)
class MinutesView:
    """The minutes of a closed meeting: as two people signed them (``kept``), or what was decided alone."""

    content: Mapping[str, Any]
    kept: KeptMinutes | None

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
    return MinutesView(content, kept)
