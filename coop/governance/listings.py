"""The lists of governance, as they leave the house. No list says how a person voted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from coop.governance.ballots import wording
from coop.governance.ballots.attendance.views import Arrived, PointQuorum
from coop.governance.ballots.closing import Outcome
from coop.governance.ballots.mandates.views import MandateView
from coop.governance.ballots.views import MeetingView
from coop.governance.expulsions.views import STATES, WAYS, ExpulsionView
from coop.governance.kinds import label_of
from coop.governance.model import Meeting
from coop.governance.programmes.views import ProgrammeView
from coop.governance.programmes.wording import milestone_name, phase_name
from coop.governance.states import MILESTONE_STATES, TRANCHE_STATES
from coop.governance.suspensions.views import SuspensionView
from coop.web.language import N_, gettext
from coop.web.listings import Column, Kind, Listing

Row = tuple[Meeting, Outcome]

MEETINGS = (
    Column("meeting_id", "Id", of="meeting.meeting_id"),
    Column("held_on", N_("Meeting"), Kind.DAY, of="meeting.held_on"),
    Column("place", N_("Place"), of="meeting.place"),
    Column("convened_on", N_("Convened on"), Kind.DAY, of="meeting.convened_on"),
    Column("votes_from", N_("Voting from"), Kind.DAY),
    Column("state", N_("State")),
    Column("history", N_("entered afterwards"), Kind.FLAG, of="meeting.is_history"),
    Column("resolutions", N_("Resolutions"), Kind.WHOLE, of=lambda view: len(view.outcomes)),
)


def resolutions_listing(lang: str, rows: Iterable[Row]) -> Listing:
    """Resolutions with their verdict; of one that is not decided nothing is counted yet."""

    def count(name: str) -> Callable[[Row], int | None]:
        return lambda row: getattr(row[1].count, name) if row[1].decided else None

    def needed(row: Row) -> int | None:
        return row[1].verdict.votes_needed if row[1].decided else None

    def adopted(row: Row) -> bool | None:
        return row[1].verdict.adopted if row[1].decided else None

    columns = (
        Column("resolution_id", "Id", of=lambda row: row[1].resolution.resolution_id),
        Column("subject", N_("Subject"), of=lambda row: row[1].resolution.subject(lang)),
        Column("kind", N_("Kind"), Kind.WORD, of=lambda row: label_of(row[1].resolution.kind)),
        Column("held_on", N_("Meeting"), Kind.DAY, of=lambda row: row[0].held_on),
        Column(
            "article", N_("Article"), of=lambda row: row[1].verdict.article if row[1].decided else row[1].rule.article
        ),
        Column("votes_for", N_("For"), Kind.WHOLE, of=count("votes_for")),
        Column("votes_against", N_("Against"), Kind.WHOLE, of=count("votes_against")),
        Column("votes_blank", N_("Blank"), Kind.WHOLE, of=count("votes_blank")),
        Column("votes_entitled", N_("Votes in all"), Kind.WHOLE, of=count("votes_entitled")),
        Column("votes_needed", N_("Needed"), Kind.WHOLE, of=needed),
        Column("decided_on", N_("Decided on"), Kind.DAY, of=lambda row: row[1].decided_on),
        Column("adopted", N_("adopted"), Kind.FLAG, of=adopted),
        Column("history", N_("entered afterwards"), Kind.FLAG, of=lambda row: row[0].is_history),
    )
    return Listing("resolutions", columns, rows)


def suspensions_listing(views: Iterable[SuspensionView]) -> Listing:
    """Suspensions, each with its first day and the day from which the member votes again."""
    columns = (
        Column("member_number", N_("Member"), of="number"),
        Column("member_id", "Id"),
        Column("from_on", N_("From"), Kind.DAY),
        Column("ends_on", N_("Votes again from"), Kind.DAY),
        Column("article", N_("Article")),
        Column("paper", N_("Paper")),
        Column("lasts", N_("suspended"), Kind.FLAG),
        Column("lifted", N_("lifted"), Kind.FLAG),
    )
    return Listing("suspensions", columns, views)


def expulsions_listing(lang: str, views: Iterable[ExpulsionView]) -> Listing:
    """Memberships that the board ends, each with its reason and how it stands."""
    columns = (
        Column("member_number", N_("Member"), of="number"),
        Column("member_id", "Id"),
        Column("way", N_("Decision"), of=lambda row: gettext(lang, WAYS[row.way])),
        Column("decided_on", N_("Decided on"), Kind.DAY),
        Column("reason", N_("Reason")),
        Column("article", N_("Article")),
        Column("paper", N_("Paper")),
        Column("appeal_until", N_("Appeal until"), Kind.DAY),
        Column("appealed_on", N_("Appealed on"), Kind.DAY),
        Column("state", N_("State"), of=lambda row: gettext(lang, STATES[row.state][0])),
        Column("left_on", N_("Membership ends on"), Kind.DAY),
    )
    return Listing("expulsions", columns, views)


def mandates_listing(views: Iterable[MandateView]) -> Listing:
    """Mandates that were given for a meeting, and what became of them."""
    columns = (
        Column("giver_number", N_("Given by"), of="giver"),
        Column("giver_id", "Id", of="member_id"),
        Column("holder_number", N_("Holds the mandate"), of="holder"),
        Column("holder_id", "Id"),
        Column("votes", N_("Votes"), Kind.WHOLE),
        Column("given_at", N_("Given"), Kind.INSTANT),
        Column("state", N_("State"), Kind.WORD, of=lambda row: wording.MANDATE_STATES[row.state]),
        Column("ended_at", N_("Ended"), Kind.INSTANT),
    )
    return Listing("mandates", columns, views)


def attendance_listing(arrived: Iterable[Arrived]) -> Listing:
    """Members who are there, or were as the meeting was closed."""
    columns = (
        Column("member_number", N_("Member"), of="number"),
        Column("member_id", "Id", of="present.member_id"),
        Column("manner", N_("Manner"), Kind.WORD, of=lambda row: wording.MANNERS[row.present.manner]),
        Column("holder", N_("Holds the mandate")),
        Column("since", N_("Since"), Kind.INSTANT),
    )
    return Listing("attendance", columns, arrived)


def quorum_listing(lang: str, points: Iterable[PointQuorum]) -> Listing:
    """The quorum of each point of a meeting that is not closed, as it stands."""
    columns = (
        Column("resolution_id", "Id", of="outcome.resolution.resolution_id"),
        Column("subject", N_("Subject"), of=lambda row: row.outcome.resolution.subject(lang)),
        Column("there", N_("There"), Kind.WHOLE),
        Column("everybody", N_("Everybody"), Kind.WHOLE),
        Column("needed", N_("Needed"), Kind.WHOLE),
        Column("reached", N_("enough"), Kind.FLAG, of="is_reached"),
        Column("silent", N_("There without a ballot"), Kind.WHOLE),
    )
    return Listing("quorum", columns, points)


def meetings_listing(views: Iterable[MeetingView]) -> Listing:
    """Meetings, those that come as well."""
    return Listing("meetings", MEETINGS, views)


def milestones_listing(lang: str, views: Iterable[ProgrammeView]) -> Listing:
    """Milestones of all programmes."""
    columns = (
        Column("milestone_id", "Id", of=lambda row: row[1].milestone.milestone_id),
        Column("programme", N_("Programme"), of=lambda row: row[0].programme.name),
        Column("milestone", N_("Milestone"), of=lambda row: milestone_name(lang, row[1].milestone)),
        Column("phase", N_("Phase"), of=lambda row: phase_name(lang, row[1].phase)),
        Column("deadline", N_("Deadline"), Kind.DAY, of=lambda row: row[1].milestone.deadline),
        Column("reached_on", N_("Reached"), Kind.DAY, of=lambda row: row[1].reached and row[1].reached.reached_on),
        Column("budget_eur", N_("Budget"), Kind.EUROS, of=lambda row: row[1].milestone.budget_cents),
        Column("cost_eur", N_("Cost"), Kind.EUROS, of=lambda row: row[1].reached and row[1].reached.cost_cents),
        Column("state", N_("State"), Kind.WORD, of=lambda row: MILESTONE_STATES[row[1].state][0]),
    )
    return Listing("milestones", columns, [(view, row) for view in views for row in view.milestones])


def tranches_listing(lang: str, views: Iterable[ProgrammeView]) -> Listing:
    """Tranches of all programmes."""
    columns = (
        Column("tranche_id", "Id", of=lambda row: row[1].tranche.tranche_id),
        Column("programme", N_("Programme"), of=lambda row: row[0].programme.name),
        Column("number", N_("Tranche"), Kind.WHOLE, of=lambda row: row[1].number),
        Column("financier", N_("Financier"), of=lambda row: row[1].tranche.financier),
        Column("milestone", N_("Milestone"), of=lambda row: milestone_name(lang, row[1].milestone)),
        Column("amount_eur", N_("Amount"), Kind.EUROS, of=lambda row: row[1].tranche.amount_cents),
        Column("released_on", N_("Released on"), Kind.DAY, of=lambda row: row[1].state.released_on),
        Column("days_waited", N_("Days waited"), Kind.WHOLE, of=lambda row: row[1].days_waited),
        Column("state", N_("State"), Kind.WORD, of=lambda row: TRANCHE_STATES[row[1].word][0]),
    )
    return Listing("tranches", columns, [(view, row) for view in views for row in view.tranches])
