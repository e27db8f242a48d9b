"""Governance put together."""

from __future__ import annotations

from pathlib import Path

from coop.communities import heard as communities
from coop.communities.law_commands import on_law_published
from coop.events import governance as facts
from coop.events.billing import LawPublished, TariffAnswered
from coop.events.members import ChoiceAnswered, MemberAdmitted, MemberChanged, MemberLeft, MessageFailed, MessageSent
from coop.events.metering import AllocationKeyAnswered, ConnectionMetered, PeriodClosed, SharingGroupChanged
from coop.governance import exports, home, own_data
from coop.governance.access import ACCESS
from coop.governance.api import attendance as attendance_api
from coop.governance.api import challenges as challenge_api
from coop.governance.api import elections as election_api
from coop.governance.api import evidence as evidence_api
from coop.governance.api import expulsions as expulsion_api
from coop.governance.api import mandates as mandate_api
from coop.governance.api import motions as motion_api
from coop.governance.api import offices as office_api
from coop.governance.api import papers as paper_api
from coop.governance.api import referenda as referendum_api
from coop.governance.api import routes as http
from coop.governance.api import steering as steering_api
from coop.governance.api import suspensions as suspension_api
from coop.governance.api import words as word_api
from coop.governance.articles import pages as statutes_pages
from coop.governance.ballots import pages as ballot_pages
from coop.governance.ballots.attendance import pages as attendance_pages
from coop.governance.ballots.challenges import jobs as new_votes
from coop.governance.ballots.elections import office_pages
from coop.governance.ballots.elections import pages as election_pages
from coop.governance.ballots.mandates import pages as mandate_pages
from coop.governance.ballots.words import pages as word_pages
from coop.governance.convening import (
    calendar_file,
    challenging_pages,
    meeting_pages,
    moving_pages,
    past_pages,
    referring_pages,
    second_pages,
    stopping_pages,
    withdrawal_pages,
)
from coop.governance.convening import pages as convening_pages
from coop.governance.expulsions import jobs as expulsion_jobs
from coop.governance.expulsions import own_pages as own_expulsion_pages
from coop.governance.expulsions import pages as expulsion_pages
from coop.governance.feeds import api as feed
from coop.governance.feeds import pages as partner_pages
from coop.governance.meetings import cards as member_cards
from coop.governance.meetings.heard_answers import (
    on_connection_metered,
    on_decision_answered,
    on_period_closed,
    on_sharing_group_changed,
)
from coop.governance.meetings.heard_notices import on_message_failed, on_message_sent
from coop.governance.meetings.heard_voters import on_member_admitted, on_member_changed, on_member_left
from coop.governance.meetings.jobs import JOBS
from coop.governance.minutes import pages as minutes_pages
from coop.governance.papers import pages as paper_pages
from coop.governance.programmes import milestone_pages, planning_pages, seat_pages
from coop.governance.programmes import pages as programme_pages
from coop.governance.suspensions import pages as suspension_pages
from coop.governance.tables.columns import law, metadata
from coop.governance.tables.meetings import (
    KEPT,
    closed_period,
    decision_answer,
    member_number,
    metered_connection,
    notice_told,
    sharing_group,
    sharing_spell,
    voter,
    voter_left,
)
from coop.kit.service import Card, Line, Section, Service
from coop.web.language import N_

GOVERNANCE = Service(
    name="governance",
    label=N_("Governance"),
    access=ACCESS,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
    tells=(
        facts.StatutesAdopted,
        facts.MeetingConvened,
        facts.TariffProposed,
        facts.MeetingWithdrawn,
        facts.PointWithdrawn,
        facts.VotingListFrozen,
        facts.BallotsCommitted,
        facts.BallotEntered,
        facts.MandateGiven,
        facts.MandateEnded,
        facts.AttendanceNoted,
        facts.AttendanceFrozen,
        facts.BallotDisputed,
        facts.EntryDropped,
        facts.WordGiven,
        facts.MemberSuspended,
        facts.SuspensionLifted,
        facts.MemberExpelled,
        facts.ExpulsionAppealed,
        facts.ExpulsionSettled,
        facts.CandidatesNamed,
        facts.ElectionVoteOpened,
        facts.ElectionBallotsCommitted,
        facts.ElectionVoteCounted,
        facts.LotDrawn,
        facts.PersonElected,
        facts.TermEnded,
        facts.ResolutionDecided,
        facts.RulingDisputed,
        facts.NewVoteOpened,
        facts.MotionHandedIn,
        facts.MotionBacked,
        facts.MotionAdmitted,
        facts.AmendmentsOrdered,
        facts.DecisionStopped,
        facts.ReferendumAsked,
        facts.ReferendumGranted,
        facts.RequestDisputed,
        facts.MinutesConfirmed,
        facts.TariffAdopted,
        facts.AllocationKeyAdopted,
        facts.ChoiceAdopted,
        facts.RealisationDecided,
        facts.DecisionRecorded,
        facts.MilestoneReached,
        facts.TrancheReleased,
        facts.TrancheReferred,
        facts.VoteOpened,
        facts.VoteClosing,
        facts.VoteEnded,
        facts.PaperAdded,
        facts.DeadlinePassed,
        facts.SteeringReminded,
        facts.SteeringSeatTaken,
        facts.SteeringSeatEnded,
        facts.SteeringDecided,
        facts.ProgramTokenUsed,
    ),
    hears={
        **communities.HEARD,
        MemberAdmitted: on_member_admitted,
        MemberChanged: on_member_changed,
        MemberLeft: on_member_left,
        MessageSent: on_message_sent,
        MessageFailed: on_message_failed,
        PeriodClosed: on_period_closed,
        SharingGroupChanged: on_sharing_group_changed,
        ConnectionMetered: on_connection_metered,
        LawPublished: on_law_published,
        TariffAnswered: on_decision_answered,
        AllocationKeyAnswered: on_decision_answered,
        ChoiceAnswered: on_decision_answered,
    },
    heard_tables=(
        *communities.TABLES,
        law,
        voter,
        voter_left,
        member_number,
        notice_told,
        decision_answer,
        closed_period,
        sharing_group,
        sharing_spell,
        metered_connection,
    ),
    kept_tables=KEPT,
    routers=(
        home.routes,
        http.routes,
        feed.routes,
        own_data.routes,
        exports.routes,
        statutes_pages.routes,
        convening_pages.routes,
        past_pages.routes,
        ballot_pages.routes,
        second_pages.routes,
        withdrawal_pages.routes,
        stopping_pages.routes,
        challenging_pages.routes,
        challenge_api.routes,
        referring_pages.routes,
        referendum_api.routes,
        moving_pages.routes,
        motion_api.routes,
        attendance_pages.routes,
        attendance_api.routes,
        mandate_pages.routes,
        word_pages.routes,
        word_api.routes,
        suspension_pages.routes,
        suspension_api.routes,
        expulsion_pages.routes,
        own_expulsion_pages.routes,
        expulsion_api.routes,
        expulsion_api.own_routes,
        election_pages.routes,
        election_api.routes,
        office_pages.routes,
        office_api.routes,
        mandate_api.routes,
        minutes_pages.routes,
        paper_api.routes,
        evidence_api.routes,
        paper_pages.routes,
        calendar_file.routes,
        meeting_pages.routes,
        programme_pages.routes,
        seat_pages.routes,
        steering_api.routes,
        partner_pages.routes,
        member_cards.routes,
        planning_pages.routes,
        milestone_pages.routes,
    ),
    jobs=(*JOBS, *new_votes.JOBS, *expulsion_jobs.JOBS),
    sections=(
        Section("/governance/", N_("Decisions"), "find-decisions", 30),
        Section("/governance/programme", N_("Programme"), "see-programme", 40),
        Section("/governance/partner", N_("Partner"), "find-partner", 80),
    ),
    steps=(
        Line("/governance/statutes", "/governance/cards/step-statutes", home.STATUTES_STEP, "adopt-statutes", rank=30),
        Line("/governance/meetings/new", "/governance/cards/step-tariff", home.TARIFF_STEP, "adopt-statutes", rank=40),
    ),
    on_member=(
        Line("/governance/", "/governance/cards/members/{member_id}", N_("Votes"), "see-member-votes", rank=20),
    ),
    waiting=(Line("/governance/", "/governance/cards/waiting", N_("Decisions"), "see-decisions", rank=30),),
    cards=(
        Card("/governance/", "/governance/cards/decisions", N_("Decisions"), "find-decisions", 40),
        Card("/governance/programme", "/governance/cards/programme", N_("Programme"), "see-programme", 80),
    ),
)
