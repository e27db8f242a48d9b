"""Views of programmes for the pages: milestones with their state, money against milestones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from coop.governance.model import Milestone, Phase, Programme, Reached, Tranche
from coop.governance.programmes import report_store
from coop.governance.programmes import store as programme_store
from coop.governance.programmes.rules import conditions, days_stood_still, numbered_tranches
from coop.kit.tx import Tx


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
