"""The members service: everything that the runtime loops over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coop.communities.answering import answer_with
from coop.events import Envelope, billing, governance, metering
from coop.events import members as facts
from coop.events.governance import ChoiceAdopted
from coop.kit.inbox import Handler
from coop.kit.jobs import Job
from coop.kit.outbound import Queue
from coop.kit.outbound.mail import mail_of
from coop.kit.service import Entrance, Line, Room, Section, Service
from coop.kit.tokens import on_program_token_used
from coop.kit.tx import Tx
from coop.members import exports, home, own_data, tables
from coop.members.access import ACCESS
from coop.members.community import api as community_api
from coop.members.community import heard as community_heard
from coop.members.community import pages as community_pages
from coop.members.entry.pages import contracts, forms, members, moves, names, places, stands
from coop.members.factors.commands.step import forget_spent_challenges
from coop.members.factors.pages import own as own_factors
from coop.members.factors.pages import resets as factor_resets
from coop.members.factors.pages import step as second_step
from coop.members.identity import api as identity_api
from coop.members.identity.commands.sessions import forget_old_sign_ins
from coop.members.identity.pages import account, accounts, forgotten, own, roles, rounds, sign_in, welcome
from coop.members.imports import api as imports_api
from coop.members.imports import pages as imports_pages
from coop.members.leavings import api as leavings_api
from coop.members.leavings import heard as leavings_heard
from coop.members.leavings import pages as leavings_pages
from coop.members.log import pages as log_pages
from coop.members.messages import api as messages_api
from coop.members.messages import heard as messages_heard
from coop.members.messages import heard_expulsions, heard_votes
from coop.members.messages.formats.mail import NAME as MAIL
from coop.members.messages.formats.mail import Post
from coop.members.messages.jobs import tell_plan
from coop.members.messages.pages import kinds as messages_kinds
from coop.members.messages.pages import letters as messages_letters
from coop.members.messages.pages import messages as messages_pages
from coop.members.messages.pages import own as messages_own
from coop.members.messages.settling import settle
from coop.members.moving import api as moving_api
from coop.members.moving.pages import desk as moving_desk
from coop.members.moving.pages import own as moving_own
from coop.members.oidc import pages as oidc_pages
from coop.members.own_tokens import pages as own_tokens_pages
from coop.members.privacy.commands import forget_in_time
from coop.members.privacy.heard import on_use_seen
from coop.members.privacy.pages import answers, erasure
from coop.members.programs import api as programs_api
from coop.members.programs import pages as programs_pages
from coop.members.register import api as register_api
from coop.members.resting import heard as resting
from coop.web.language import N_


def _in_turn(*handlers: Handler) -> Handler:
    """A handler of a fact that several slices hear, in one transaction."""

    def handle(tx: Tx, event: Any, envelope: Envelope) -> None:
        for handler in handlers:
            handler(tx, event, envelope)

    return handle


def _open_queues(room: Room) -> Sequence[Queue]:
    """The queue of mail, where the installation has a mail server; without one, mail waits."""
    server = mail_of(room.settings)
    return [Queue(MAIL, Post(server, room.settings.public_url()), settle=settle, in_order=False)] if server else []


MEMBERS = Service(
    name="members",
    label=N_("Members"),
    access=ACCESS,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    tells=(
        facts.MemberAdmitted,
        facts.MemberChanged,
        facts.MemberLeft,
        facts.ConnectionOpened,
        facts.ConnectionClosed,
        facts.ContractSigned,
        facts.ContractEnded,
        facts.GasBillsCorrected,
        facts.ConnectionDescribed,
        facts.ContractPartiesNamed,
        facts.BillAddressed,
        facts.SessionsEnded,
        facts.CommunityDescribed,
        facts.ChoiceMade,
        facts.ChoiceAnswered,
        facts.ProgramTokenMade,
        facts.GatewayMetersSet,
        facts.DeviceMetersSet,
        facts.ProgramTokenEnded,
        facts.MessageSent,
        facts.MessageFailed,
        facts.ConsentGiven,
        facts.ConsentWithdrawn,
    ),
    answers={ChoiceAdopted: answer_with(facts.ChoiceAnswered)},
    hears={
        ChoiceAdopted: community_heard.on_choice_adopted,
        governance.DecisionRecorded: community_heard.on_decision_recorded,
        billing.BillIssued: _in_turn(
            resting.on_bill_issued, messages_heard.on_bill_to_address, messages_heard.on_bill_issued
        ),
        billing.TariffNoticeOrdered: messages_heard.on_tariff_notice_ordered,
        governance.MeetingConvened: messages_heard.on_meeting_convened,
        governance.MeetingWithdrawn: messages_heard.on_meeting_withdrawn,
        governance.MandateGiven: messages_heard.on_mandate_given,
        governance.MandateEnded: messages_heard.on_mandate_ended,
        governance.MemberSuspended: messages_heard.on_member_suspended,
        governance.SuspensionLifted: messages_heard.on_suspension_lifted,
        governance.MemberExpelled: heard_expulsions.on_member_expelled,
        governance.ExpulsionSettled: _in_turn(
            leavings_heard.on_expulsion_settled, heard_expulsions.on_expulsion_settled
        ),
        governance.EntryDropped: messages_heard.on_entry_dropped,
        governance.CandidatesNamed: messages_heard.on_candidates_named,
        governance.PersonElected: messages_heard.on_person_elected,
        governance.SteeringSeatTaken: heard_votes.on_steering_seat_taken,
        governance.PointWithdrawn: messages_heard.on_point_withdrawn,
        governance.PaperAdded: messages_heard.on_paper_added,
        governance.MotionAdmitted: heard_votes.on_motion_admitted,
        governance.DecisionStopped: _in_turn(community_heard.on_decision_stopped, messages_heard.on_decision_stopped),
        metering.PeriodMeasured: resting.on_period_measured,
        governance.VoteOpened: _in_turn(resting.on_vote_opened, messages_heard.on_vote_opened),
        governance.NewVoteOpened: heard_votes.on_new_vote,
        governance.ElectionVoteOpened: heard_votes.on_election_vote,
        governance.VoteClosing: messages_heard.on_vote_closing,
        governance.BallotEntered: messages_heard.on_ballot_entered,
        governance.ReferendumAsked: heard_votes.on_referendum_asked,
        metering.ReadingChanged: messages_heard.on_reading_changed,
        metering.UseSeen: on_use_seen,
        metering.ProgramTokenUsed: on_program_token_used,
        billing.ProgramTokenUsed: on_program_token_used,
        governance.ProgramTokenUsed: on_program_token_used,
    },
    heard_tables=tables.HEARD,
    routers=(
        home.routes,
        community_api.routes,
        community_pages.routes,
        imports_api.routes,
        identity_api.routes,
        identity_api.role_routes,
        register_api.routes,
        leavings_api.routes,
        leavings_pages.routes,
        programs_api.routes,
        imports_pages.routes,
        second_step.routes,
        own_factors.routes,
        factor_resets.routes,
        oidc_pages.routes,
        sign_in.routes,
        welcome.routes,
        forgotten.routes,
        own.routes,
        own_tokens_pages.routes,
        accounts.routes,
        messages_api.routes,
        messages_own.routes,
        messages_letters.routes,
        messages_kinds.routes,
        messages_pages.routes,
        roles.routes,
        rounds.routes,
        account.routes,
        log_pages.routes,
        own_data.routes,
        exports.routes,
        programs_pages.routes,
        answers.routes,
        erasure.routes,
        contracts.routes,
        moving_api.routes,
        moving_own.routes,
        moving_desk.routes,
        moves.routes,
        names.routes,
        stands.routes,
        forms.routes,
        places.routes,  # a connection's path holds any word
        members.routes,  # the last: a member's path holds any word
    ),
    kept_tables=(tables.consent,),
    queues=_open_queues,
    jobs=(
        Job("plan-of-month", N_("Tell members what comes next month"), "30 6 25 * *", tell_plan),
        Job("forget-sign-ins", N_("Forget old sign-ins"), "41 3 * * *", forget_old_sign_ins),
        Job("forget-challenges", N_("Forget what passkeys answered"), "43 3 * * *", forget_spent_challenges),
        Job("forget-members", N_("Forget members whom the books need no longer"), "11 3 * * *", forget_in_time),
    ),
    sections=(
        Section(
            "/members/",
            N_("Members"),
            "see-register",
            rank=50,
            holds=("/members/accounts", "/members/imports", "/members/log"),
        ),
        Section("/members/programs", N_("Programs"), "see-programs", rank=85),
        Section("/members/privacy", N_("Data and consent"), "see-privacy", rank=87),
        Section("/members/community", N_("The co-operative"), "see-community", rank=55),
        Section("/members/messages", N_("Messages"), "see-messages", rank=52),
        Section("/members/me", N_("Your account"), "see-own", rank=95),
    ),
    steps=(
        Line(
            "/members/community", "/members/cards/step-particulars", home.PARTICULARS_STEP, "change-community", rank=10
        ),
        Line("/members/imports", "/members/cards/step-register", home.REGISTER_STEP, "import-register", rank=20),
    ),
    waiting=(Line("/members/me", "/members/cards/waiting", N_("Your account"), "see-own", rank=40),),
    entrance=Entrance("/members/sign-in", "/members/sign-out"),
)
