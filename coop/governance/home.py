"""Lines of the home page on governance: statutes and tariff of a beginning, and votes and tranches that wait."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots.challenges.store import list_open_again
from coop.governance.ballots.store import list_ballots
from coop.governance.ballots.views import MeetingView, find_resolution_view, view_meetings, view_undecided
from coop.governance.ballots.wording import say_paper
from coop.governance.convening.referring import list_to_hold
from coop.governance.entered import KINDS
from coop.governance.entries.store import list_waiting
from coop.governance.expulsions.store import find_open, list_open
from coop.governance.meetings import store
from coop.governance.meetings.answer_store import find_refusals
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.meetings.voting_lists import read_list
from coop.governance.programmes.seat_pages import PAGE as STEERING
from coop.governance.programmes.seat_store import find_seat
from coop.governance.programmes.seats import SEAT
from coop.governance.programmes.views import ProgrammeView, view_programmes
from coop.kit.actor import Actor
from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import say
from coop.web.language import N_, language_of
from coop.web.waiting import Step, Waiting, show_step, show_waiting

STATUTES_STEP = N_("Statutes")
TARIFF_STEP = N_("A tariff from the members' meeting")

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/step-statutes")
@may("see-decisions")
def statutes_step(request: Request) -> Response:
    with reading(request) as tx:
        versions = store.list_statutes(tx)
    if versions:
        newest = versions[-1]
        done = say("%(name)s, in force from %(day)s.", name=newest.name, day=newest.valid_from)
        return show_step(request, Step(say(STATUTES_STEP), "/governance/statutes", (done,)))
    missing = say("There are none yet. They say how a meeting is called and how its votes are counted.")
    return show_step(request, Step(say(STATUTES_STEP), "/governance/statutes/new", missing=(missing,)))


@routes.get("/step-tariff")
@may("see-decisions")
def tariff_step(request: Request) -> Response:
    with reading(request) as tx:
        on_tariffs = [
            (view, outcome)
            for view in view_meetings(tx)
            for outcome in view.outcomes
            if outcome.resolution.kind == "tariff"
        ]
    adopted = [pair for pair in on_tariffs if pair[1].decided_on and pair[1].verdict.adopted]
    coming = [pair for pair in on_tariffs if pair[1].decided_on is None and pair[1].withdrawn is None]
    label = say(TARIFF_STEP)
    if adopted:
        view, outcome = adopted[-1]
        done = say("Adopted on %(day)s.", day=outcome.decided_on)
        return show_step(request, Step(label, f"/governance/resolutions/{outcome.resolution.resolution_id}", (done,)))
    if coming:
        view, _ = coming[-1]
        missing = say("The meeting of %(day)s decides on it.", day=view.meeting.held_on)
        return show_step(request, Step(label, f"/governance/meetings/{view.meeting.meeting_id}", missing=(missing,)))
    missing = say("No meeting has adopted one yet. Without a tariff nothing can be billed.")
    return show_step(request, Step(label, "/governance/meetings/new?kind=tariff", missing=(missing,)))


@routes.get("/waiting")
@may("see-decisions")
def waiting(request: Request) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        undecided = view_undecided(tx)
        lines = [*_list_votes(tx, session, undecided, lang), *_list_meetings(session, undecided)]
        lines += _list_new_votes(tx, session, lang) + _list_referenda(tx, session, lang)
        lines += _list_expulsions(tx, session)
        lines = [*_list_refused(tx, session, lang), *_list_withdrawals(tx, session, undecided), *lines]
        if ACCESS.allows(session, "decide-tranche") or ACCESS.allows(session, "report-milestone"):
            programmes = view_programmes(tx)
            lines += _list_tranches(tx, programmes, session) + _list_reports(programmes, session, lang)
        lines += _list_entries(tx, session)
        today = tx.today
    return show_waiting(request, lines, today)


def _list_votes(tx: Tx, session: Session, undecided: list[MeetingView], lang: str) -> list[Waiting]:
    """Votes that are open and in which this member did not take part."""
    if not session.member_id or not ACCESS.allows(session, "vote"):
        return []
    return [
        Waiting(
            say("You have not voted yet: %(subject)s", subject=outcome.resolution.subject(lang)),
            f"/governance/resolutions/{outcome.resolution.resolution_id}",
            view.meeting.held_on,
        )
        for view in undecided
        if view.own_votes_open and any(read_list(tx, view.meeting, [session.member_id]).values())
        for outcome in view.outcomes
        if outcome.withdrawn is None and not list_ballots(tx, outcome.resolution.resolution_id, [session.member_id])
    ]


def _list_new_votes(tx: Tx, session: Session, lang: str) -> list[Waiting]:
    """New votes on what was disputed: this member votes anew, the stewards count them."""
    lines = []
    for resolution_id in list_open_again(tx):
        view, outcome = find_resolution_view(tx, resolution_id)
        subject, held_on, own_id = outcome.resolution.subject(lang), view.meeting.held_on, session.member_id
        if own_id and ACCESS.allows(session, "vote") and any(read_list(tx, view.meeting, [own_id]).values()):
            voted = say("Voted on again now: %(subject)s", subject=subject)
            lines.append(Waiting(voted, f"/governance/resolutions/{resolution_id}", held_on))
        if ACCESS.allows(session, "close-meeting"):
            counted = say("Count the new vote: %(subject)s", subject=subject)
            lines.append(Waiting(counted, f"/governance/meetings/{view.meeting.meeting_id}", held_on))
    return lines


def _list_referenda(tx: Tx, session: Session, lang: str) -> list[Waiting]:
    """Referenda that members asked and nobody has convened."""
    if not ACCESS.allows(session, "convene"):
        return []
    return [
        Waiting(
            say("Convene the referendum that members asked: %(subject)s", subject=decided.subject(lang)),
            f"/governance/resolutions/{decided.resolution_id}/referendum",
            hold_by,
        )
        for decided, hold_by in list_to_hold(tx)
    ]


def _list_meetings(session: Session, undecided: list[MeetingView]) -> list[Waiting]:
    """Meetings that their stewards have to hold or to close."""
    if not ACCESS.allows(session, "close-meeting"):
        return []
    texts = {
        "convened": N_("The meeting of %(day)s is convened"),
        "open": N_("Members vote for the meeting of %(day)s"),
        "waiting": N_("Close the meeting of %(day)s, which is over"),
    }
    return [
        Waiting(
            say(texts[view.state], day=view.meeting.held_on),
            f"/governance/meetings/{view.meeting.meeting_id}",
            view.meeting.held_on,
        )
        for view in undecided
    ]


def _list_withdrawals(tx: Tx, session: Session, undecided: list[MeetingView]) -> list[Waiting]:
    """Withdrawals that somebody else of the board has to confirm."""
    if not ACCESS.allows(session, "withdraw-meeting"):
        return []
    me = str(Actor(session.kind, session.account_id, "page"))
    return [
        Waiting(
            say("Confirm that something is withdrawn from the meeting of %(day)s", day=view.meeting.held_on),
            f"/governance/meetings/{view.meeting.meeting_id}/withdraw",
            view.meeting.held_on,
        )
        for view in undecided
        if view.may_be_withdrawn
        and any(entry.actor != me for entry in list_waiting(tx, "withdrawal", meeting_id=view.meeting.meeting_id))
    ]


def _list_entries(tx: Tx, session: Session) -> list[Waiting]:
    """Entries that somebody else read off a paper: each holds once this reader has compared it."""
    if not ACCESS.allows(session, "confirm-entry"):
        return []
    return [
        Waiting(
            say(KINDS[entry.kind].waits, paper=say_paper(entry.paper)), KINDS[entry.kind].page.format(**entry.about)
        )
        for entry in list_waiting(tx, *(name for name, kind in KINDS.items() if kind.waits))
        if entry.actor != f"{session.kind}:{session.account_id}"
    ]


def _list_expulsions(tx: Tx, session: Session) -> list[Waiting]:
    """The own expulsion, as long as one may appeal; and appeals that the board brings to a meeting."""
    lines = []
    own = find_open(tx, session.member_id) if session.member_id else None
    if own is not None and own.appealed is None and tx.today <= own.expulsion.appeal_until:
        text = say("The board ends your membership: you can appeal")
        lines.append(Waiting(text, "/governance/expulsion", own.expulsion.appeal_until))
    if ACCESS.allows(session, "convene"):
        numbers = list_numbers(tx)
        for case in list_open(tx):
            if case.appealed is not None:
                number = numbers.get(case.expulsion.member_id, case.expulsion.member_id)
                text = say("Bring the appeal of member %(number)s to a meeting", number=number)
                lines.append(Waiting(text, "/governance/expulsions"))
    return lines


def _list_refused(tx: Tx, session: Session, lang: str) -> list[Waiting]:
    """Decisions that a service could not take: the board has to put them to the vote anew."""
    if not ACCESS.allows(session, "close-meeting"):
        return []
    lines = []
    for resolution_id in find_refusals(tx):
        decided = store.find_resolution(tx, resolution_id)
        if decided is not None:
            text = say("Adopted, and without effect: %(subject)s", subject=decided.subject(lang))
            lines.append(Waiting(text, f"/governance/resolutions/{resolution_id}", trouble=say("not taken")))
    return lines


def _list_tranches(tx: Tx, views: Sequence[ProgrammeView], session: Session) -> list[Waiting]:
    """Tranches that wait for the steering group: for whoever sits in it, and a seat for whoever may take one."""
    if not ACCESS.allows(session, "decide-tranche") or not any(view.awaiting for view in views):
        return []
    seat = find_seat(tx, session.account_id, tx.today)
    if seat is None:
        asked = any(entry.content.get("account_id") == session.account_id for entry in list_waiting(tx, SEAT))
        return [] if asked else [Waiting(say("Take your seat in the steering group: money waits"), STEERING)]
    return [
        Waiting(
            say(
                "Decide on tranche %(number)s of %(programme)s",
                number=view.number,
                programme=programme.programme.name,
            ),
            "/governance/partner" if ACCESS.allows(session, "find-partner") else "/governance/programme",
        )
        for programme in views
        for view in programme.awaiting
        if (said := view.state.last_words.get((seat.party, seat.organisation))) is None or said.decision != "release"
    ]


def _list_reports(views: Sequence[ProgrammeView], session: Session, lang: str) -> list[Waiting]:
    """Milestones that are reported as reached and wait for a partner; returned ones, for the board."""
    if ACCESS.allows(session, "check-milestone"):
        return [
            Waiting(
                say("Check that this was reached: %(name)s", name=view.name_milestone(lang, row.report.milestone_id)),
                "/governance/partner",
            )
            for view in views
            for row in view.waiting
        ]
    if ACCESS.allows(session, "report-milestone"):
        return [
            Waiting(
                say("A partner returned your report: %(name)s", name=view.name_milestone(lang, milestone_id)),
                "/governance/programme",
            )
            for view in views
            for milestone_id, _ in view.returned
        ]
    return []
