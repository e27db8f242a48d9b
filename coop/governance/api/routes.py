"""The JSON API of governance, under ``/governance/api/v1``. Every command may be sent again: the same changes nothing.

Notices go out and meetings close when the server hears of it. What stands on paper (ballots, minutes of a meeting of
the past, a version of the statutes) is entered by one person and holds once another confirms it. A member's own vote
comes from the member's own session. Programmes and milestones come from the board or the operator, with the days that
they mean; the server keeps beside each when it was said and by whom, and refuses a day that has not come.
"""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request

from coop.governance.access import ACCESS
from coop.governance.api import bodies, programme_bodies
from coop.governance.api.answers import (
    BallotsOut,
    ClosedOut,
    ConvenedOut,
    EntryOut,
    MeetingOut,
    NoticedOut,
    ObjectionOut,
    OwnVoteOut,
    PlannedOut,
    ReachedOut,
    ReportOut,
    ResolutionOut,
    StateOut,
    StatutesOut,
    VersionOut,
    decision_out,
    entry_out,
    state_of,
    tell_entry,
)
from coop.governance.api.minutes_answers import MeetingMinutesOut
from coop.governance.api.outcome_answers import WithdrawnOut
from coop.governance.api.programme_answers import ProgrammeOut, programme_out
from coop.governance.api.stop_bodies import StopBody
from coop.governance.articles import commands as statutes
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.store import list_ballots
from coop.governance.convening import commands as meetings
from coop.governance.convening import past, stopping, withdrawals
from coop.governance.entered import KINDS
from coop.governance.entries.forms import settle_entry
from coop.governance.entries.store import find_settled
from coop.governance.entries.store import list_entries as read_entries
from coop.governance.meetings.store import find_meeting
from coop.governance.meetings.store import list_meetings as read_meetings
from coop.governance.meetings.store import list_statutes as read_statutes
from coop.governance.meetings.voting_lists import find_body_of
from coop.governance.meetings.withdrawal_store import Withdrawal, list_withdrawn
from coop.governance.minutes import commands as minutes
from coop.governance.minutes import records
from coop.governance.minutes.records import withdrawn_record
from coop.governance.minutes.views import find_minutes_view
from coop.governance.model import Evidence, Meeting, Reached, Resolution
from coop.governance.papers.commands import attach
from coop.governance.programmes import commands as programmes
from coop.governance.programmes import reports
from coop.governance.programmes.report_store import find_report
from coop.governance.programmes.store import list_programmes as read_programmes
from coop.governance.statutes.delegates import Body
from coop.governance.statutes.record import hash_articles
from coop.governance.statutes.version import Statutes
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.paging import Paged
from coop.kit.session import NotAllowed

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])
may = ACCESS.may


@routes.post("/statutes")
@may("adopt-statutes")
def adopt_statutes(request: Request, body: bodies.StatutesBody) -> StatutesOut:
    """Enter a version of the statutes, article by article: the first, or one that a meeting adopted; it holds once
    somebody else confirms it."""
    notary, deed_file = body.notary.strip(), body.deed_file
    version = Statutes(
        body.valid_from, body.articles, body.deed_on, body.resolution_id, notary=notary, deed_file=deed_file
    )
    with writing(request) as tx:
        entry = statutes.adopt_statutes(tx, version, body.entry_id or "")
        state = state_of(find_settled(tx, entry.entry_id))
    return StatutesOut(
        valid_from=body.valid_from,
        name=version.name,
        articles_hash=hash_articles(version.articles),
        kinds=list(version.articles.rules),
        entry_id=entry.entry_id,
        state=state,
    )


@routes.get("/statutes")
@may("see-decisions")
def list_statutes(request: Request, page: Paged) -> list[VersionOut]:
    """Every version of the statutes, oldest first, article by article."""
    with reading(request) as tx:
        versions = page.cut(read_statutes(tx), lambda version: (version.valid_from,))
        return [VersionOut.model_validate(version) for version in versions]


@routes.post("/meetings")
@may("convene")
def convene_meeting(request: Request, body: bodies.MeetingBody) -> ConvenedOut:
    """Convene a meeting: its notice goes out now, and fixes the agenda and every parameter."""
    points = tuple(Resolution(**point.model_dump(exclude={"papers"})) for point in body.resolutions)
    with writing(request) as tx:
        kept = find_meeting(tx, body.meeting_id)
        convened_on = body.convened_on or (kept.convened_on if kept else tx.today)
        meeting = Meeting(
            body.meeting_id,
            body.held_on,
            convened_on,
            body.place,
            points,
            begins_at=body.begins_at,
            votes_until=body.votes_until,
            second_of=body.second_of,
            second_why=body.second_why.strip(),
        )
        meetings.convene_meeting(tx, attach(tx, meeting, [point.papers for point in body.resolutions]))
        resolutions = [records.resolution_record(tx, point.resolution_id) for point in points]
    notice = [NoticedOut.model_validate(record) for record in resolutions]
    return ConvenedOut(meeting_id=body.meeting_id, resolutions=notice)


@routes.post("/meetings/past")
@may("enter-past-meeting")
def enter_past_meeting(request: Request, body: bodies.PastMeetingBody) -> EntryOut:
    """Enter a meeting that was held before it came on file, from its minutes; it holds once somebody else confirms
    it."""
    points = tuple(Resolution(**point.model_dump(exclude={"count"})) for point in body.resolutions)
    days = body.held_on, body.convened_on
    meeting = Meeting(body.meeting_id, *days, body.place, points, second_of=body.second_of, second_why=body.second_why)
    counts = tuple(bodies.count_of(point.count) for point in body.resolutions)
    with writing(request) as tx:
        entry = past.enter_past_meeting(tx, past.Minutes(meeting, counts, body.paper), body.entry_id or "")
        return tell_entry(tx, entry)


@routes.post("/meetings/{meeting_id}/withdraw")
@may("withdraw-meeting")
def withdraw_meeting(request: Request, meeting_id: str, body: bodies.WithdrawalBody) -> EntryOut:
    """Withdraw a meeting or points of its agenda, or put it off to another day; it holds once somebody else confirms
    it."""
    anew = withdrawals.Anew(body.held_on, body.begins_at, body.votes_until, body.place) if body.held_on else None
    with writing(request) as tx:
        entry = withdrawals.propose_withdrawal(
            tx, meeting_id, body.reason, body.resolution_ids, anew, body.entry_id or ""
        )
        return tell_entry(tx, entry)


@routes.post("/resolutions/{resolution_id}/stop")
@may("stop-decision")
def stop_decision(request: Request, resolution_id: str, body: StopBody) -> EntryOut:
    """Enter that a decision falls, or holds again: suspended or annulled by a court, or withdrawn by the board before
    it acts; it holds once somebody else confirms it."""
    ruling = stopping.Ruling(body.manner, body.ruled_on, body.from_on)
    with writing(request) as tx:
        entry = stopping.propose_stop(tx, resolution_id, ruling, body.paper, body.entry_id or "")
        return tell_entry(tx, entry)


@routes.post("/meetings/{meeting_id}/votes")
@may("enter-ballots")
def enter_ballots(request: Request, meeting_id: str, body: bodies.VotesBody) -> BallotsOut:
    """Enter ballots of the room or on paper for others; they count once somebody else confirms them."""
    rows = [ballot.model_dump() for ballot in body.ballots]
    with writing(request) as tx:
        entry = ballots.enter_ballots(tx, meeting_id, body.paper, {body.resolution_id: rows}, body.entry_id or "")
        state = state_of(find_settled(tx, entry.entry_id))
    return BallotsOut(entry_id=entry.entry_id, resolution_id=body.resolution_id, ballots=len(rows), state=state)


@routes.get("/entries")
@may("confirm-entry")
def list_entries(request: Request, page: Paged) -> list[EntryOut]:
    """Everything that somebody entered from a paper, newest first, with who confirmed it."""
    with reading(request) as tx:
        entries_made = read_entries(tx, *KINDS)
    listed = [entry_out(entry, settled) for entry, settled in reversed(entries_made)]
    return list(page.cut(listed, _key_of_entry, newest_first=True))


def _key_of_entry(entry: EntryOut) -> tuple[str, str]:
    return entry.entered_at.isoformat(), entry.entry_id


@routes.post("/entries/{entry_id}/confirm")
@may("confirm-entry")
def confirm_entry(request: Request, entry_id: str) -> EntryOut:
    """Confirm what another person entered, having compared it with the paper; from now on it holds."""
    with writing(request) as tx:
        entry, _ = settle_entry(tx, session_of(request), entry_id, KINDS)
        return tell_entry(tx, entry)


@routes.post("/entries/{entry_id}/drop")
@may("confirm-entry")
def drop_entry(request: Request, entry_id: str, body: bodies.DropBody) -> EntryOut:
    """Leave out what was entered wrongly, as long as nobody confirmed it, and say why: who entered it is told."""
    with writing(request) as tx:
        entry, _ = settle_entry(tx, session_of(request), entry_id, KINDS, body.reason)
        return tell_entry(tx, entry)


@routes.post("/resolutions/{resolution_id}/vote")
@may("vote")
def cast_own_vote(request: Request, resolution_id: str, body: bodies.OwnVoteBody) -> OwnVoteOut:
    """Cast the vote of the member who is signed in, now; nobody else can replace it."""
    member_id = _own_member_id(request)
    with writing(request) as tx:
        new = ballots.cast_own_vote(tx, resolution_id, member_id, bodies.choice_of(body), body.ballot_id)
        newest = list_ballots(tx, resolution_id, [member_id])[member_id][-1]
    stands = newest.ballot_id == body.ballot_id
    return OwnVoteOut(resolution_id=resolution_id, ballot_id=body.ballot_id, new=new, stands=stands)


@routes.post("/resolutions/{resolution_id}/object")
@may("vote")
def object_to_ballot(request: Request, resolution_id: str) -> ObjectionOut:
    """Say that the ballot which others entered for the member who is signed in is not theirs."""
    member_id = _own_member_id(request)
    with writing(request) as tx:
        new = ballots.object_to_ballot(tx, resolution_id, member_id)
    return ObjectionOut(resolution_id=resolution_id, new=new)


def _own_member_id(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id


@routes.post("/meetings/{meeting_id}/close")
@may("close-meeting")
def close_meeting(request: Request, meeting_id: str, body: bodies.CloseBody) -> ClosedOut:
    """Close a meeting and count, for good."""
    with writing(request) as tx:
        outcomes = closing.close_meeting(tx, meeting_id, body.closed_on, body.entitled_members)
    return ClosedOut(meeting_id=meeting_id, resolutions=[decision_out(outcome) for outcome in outcomes])


@routes.post("/meetings/{meeting_id}/minutes")
@may("write-minutes")
def enter_minutes(request: Request, meeting_id: str, body: bodies.MinutesBody) -> EntryOut:
    """Write minutes of a closed meeting: what was decided stands in them by itself; they hold once somebody else
    confirms them."""
    points = {point.resolution_id: minutes.Said(point.considerations, point.dissent) for point in body.points}
    written = minutes.Written(body.chair, body.secretary, body.remarks, points)
    with writing(request) as tx:
        entry = minutes.write_minutes(tx, meeting_id, written, body.entry_id or "")
        return tell_entry(tx, entry)


@routes.get("/meetings/{meeting_id}/minutes")
@may("see-decisions")
def get_minutes(request: Request, meeting_id: str) -> MeetingMinutesOut:
    """The minutes of a closed meeting: as two people signed them, or what was decided as long as nobody did."""
    with reading(request) as tx:
        view = find_minutes_view(tx, meeting_id)
    confirmed_at = view.kept.recorded_at if view.kept else None
    fallen = [{"resolution_id": each, **records.stop_record(stop)} for each, stop in view.fallen.items()]
    beside = {"confirmed_at": confirmed_at, "sha256": view.sha256, "fallen": fallen}
    return MeetingMinutesOut.model_validate({**view.content, **beside})


@routes.post("/programmes")
@may("plan-programme")
def plan_programme(request: Request, body: programme_bodies.ProgrammeBody) -> PlannedOut:
    """Put a programme on file: phases, milestones, tranches."""
    programme = programme_bodies.programme_of(body)
    with writing(request) as tx:
        programmes.plan_programme(tx, programme)
    amounts = {tranche.tranche_id: tranche.amount_cents for tranche in programme.tranches}
    return PlannedOut(programme_id=body.programme_id, tranches=amounts)


@routes.post("/milestones/{milestone_id}/reports")
@may("report-milestone")
def report_milestone(request: Request, milestone_id: str, body: programme_bodies.ReachBody) -> ReportOut:
    """Report a milestone as reached, with its cost and evidence; it counts once a partner confirmed it."""
    evidence = tuple(Evidence(**piece.model_dump()) for piece in body.evidence)
    with writing(request) as tx:
        report_id = reports.report_milestone(tx, milestone_id, Reached(body.reached_on, body.cost_cents, evidence))
        _, settled = find_report(tx, report_id)
    state = settled.outcome if settled else "waiting"
    return ReportOut(report_id=report_id, milestone_id=milestone_id, state=state)


@routes.post("/reports/{report_id}/confirm")
@may("check-milestone")
def confirm_report(request: Request, report_id: str) -> ReachedOut:
    """Confirm as a partner that a milestone was reached; the rule releases its tranches or refers them."""
    with writing(request) as tx:
        reports.confirm_report(tx, report_id)
        report, _ = find_report(tx, report_id)
        tranches = records.tranches_at(tx, report.milestone_id)
    return ReachedOut.model_validate({"milestone_id": report.milestone_id, "tranches": tranches})


@routes.get("/meetings")
@may("see-decisions")
def list_meetings(request: Request, page: Paged) -> list[MeetingOut]:
    """Meetings with their agendas, newest first."""
    with reading(request) as tx:
        meetings = sorted(read_meetings(tx), key=_key_of_meeting, reverse=True)
        withdrawn = list_withdrawn(tx)
        bodies = {meeting.meeting_id: find_body_of(tx, meeting) for meeting in meetings}
    return [
        _describe(meeting, bodies[meeting.meeting_id], withdrawn.get(meeting.meeting_id))
        for meeting in page.cut(meetings, _key_of_meeting, newest_first=True)
    ]


def _describe(meeting: Meeting, body: Body, withdrawn: Withdrawal | None = None) -> MeetingOut:
    """A meeting with its agenda, who votes at it, and that it was withdrawn."""
    out = MeetingOut.model_validate(meeting).model_copy(update={"voters": body.voters, "group": body.group})
    return out.model_copy(update={"withdrawn": WithdrawnOut(**withdrawn_record(withdrawn))}) if withdrawn else out


def _key_of_meeting(meeting: Meeting) -> tuple[date, str]:
    return meeting.held_on, meeting.meeting_id


@routes.get("/programmes")
@may("see-programme")
def list_programmes(request: Request, page: Paged) -> list[ProgrammeOut]:
    """Programmes with their phases and their money, in order of their ids."""
    with reading(request) as tx:
        programmes = sorted(read_programmes(tx), key=lambda programme: programme.programme_id)
    return [programme_out(each) for each in page.cut(programmes, lambda programme: (programme.programme_id,))]


@routes.get("/resolutions/{resolution_id}")
@may("see-decisions")
def get_resolution(request: Request, resolution_id: str) -> ResolutionOut:
    """One resolution with its hashes, votes and verdict."""
    with reading(request) as tx:
        return ResolutionOut.model_validate(records.resolution_record(tx, resolution_id))


@routes.get("/state")
@may("see-state")
def get_decided_state(request: Request) -> StateOut:
    """Everything that was decided, reached and released, without clocks: two installations compare by it.

    It has no pages, because a comparison needs one moment of everything: operators and auditors ask for it.
    """
    with reading(request) as tx:
        return StateOut.model_validate(records.state(tx))
