"""Pages on meetings and resolutions: what was decided, the vote itself, and how the board convenes and closes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Request, Response

from coop.governance.access import ACCESS
from coop.governance.articles import readings as statutes_readings
from coop.governance.ballots import closing, wording
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.attendance.own import object_to_online
from coop.governance.ballots.attendance.views import find_own
from coop.governance.ballots.challenges.counting import find_count_time
from coop.governance.ballots.closing import Outcome
from coop.governance.ballots.mandates.commands import list_givers
from coop.governance.ballots.papers import read_numbers
from coop.governance.ballots.store import list_ballots, list_objections
from coop.governance.ballots.views import MeetingView, find_meeting_view, find_resolution_view, view_meetings
from coop.governance.ballots.words.commands import list_asked
from coop.governance.convening.challenging import view_challenge
from coop.governance.convening.referring import view_referral
from coop.governance.decisions import tariff_form
from coop.governance.entries.store import list_waiting
from coop.governance.kinds import find_kind
from coop.governance.meetings import store, voting_lists
from coop.governance.meetings.answer_store import find_refusals
from coop.governance.meetings.notice_store import measure_reach
from coop.governance.meetings.paper_store import list_laid
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.meetings.withdrawal_store import find_followed, list_withdrawn
from coop.governance.minutes import records
from coop.governance.minutes.store import find_minutes, load_minutes
from coop.governance.minutes.taking_home import take_vote
from coop.governance.model import ELECTION, SPLIT, Parts, Resolution
from coop.governance.papers import texts as paper_words
from coop.governance.papers.commands import list_papers
from coop.governance.programmes import store as programme_store
from coop.governance.statutes.applying import find_council
from coop.governance.statutes.terms import judge_electronic
from coop.governance.statutes.version import in_force
from coop.governance.statutes.voters import judge_split
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx
from coop.values import AMSTERDAM, BadInput
from coop.web import charts
from coop.web.forms import Form as Filled
from coop.web.forms import read_form
from coop.web.language import N_, gettext, language_of, translate
from coop.web.shell import card, confirm_page, redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", include_in_schema=False)
may = ACCESS.may


@routes.get("/")
@may("see-decisions")
def show_decisions(request: Request) -> Response:
    """Meetings that come and resolutions that were decided."""
    with reading(request) as tx:
        views = view_meetings(tx)
        refusals = find_refusals(tx)
    closed = [view for view in views if view.state == "closed"]
    return render(
        request,
        "governance/decisions.html",
        coming=[view for view in reversed(views) if not view.is_over],
        withdrawn=[view for view in views if view.state == "withdrawn"],
        closed=closed,
        chart=_meeting_chart(closed[0], language_of(request)) if closed else None,
        refusals=refusals,
        words=wording,
        steward=ACCESS.allows(session_of(request), "convene"),
        sees_suspensions=ACCESS.allows(session_of(request), "see-suspensions"),
    )


@routes.get("/resolutions/{resolution_id}.json")
@may("see-decisions")
def vote_to_check(request: Request, resolution_id: str) -> Response:
    """Answer a decided resolution with its sealed facts, to be checked at home."""
    with reading(request) as tx:
        body = take_vote(tx, resolution_id, session_of(request).member_id, language_of(request))
    headers = {
        "Content-Disposition": f'attachment; filename="vote-{resolution_id[:8]}.json"',
        "Cache-Control": "no-store",
    }
    return Response(body, media_type="application/json", headers=headers)


@routes.get("/resolutions/{resolution_id}")
@may("see-decisions")
def show_resolution(request: Request, resolution_id: str) -> Response:
    """One resolution: its parameters, its vote, its verdict, and the reader's own ballot."""
    return _show_resolution(request, resolution_id, Filled())


def _show_resolution(request: Request, resolution_id: str, form: Filled) -> Response:
    lang, member_id = language_of(request), session_of(request).member_id or ""
    with reading(request) as tx:
        view, outcome = find_resolution_view(tx, resolution_id)
        if outcome.resolution.kind == ELECTION and not view.meeting.is_history:
            return redirect(f"/governance/elections/{resolution_id}")
        record = records.resolution_record(tx, resolution_id)
        own = list_ballots(tx, resolution_id, [member_id]).get(member_id, [])
        own_votes = voting_lists.read_list(tx, view.meeting, [member_id]).get(member_id, 0) if member_id else 0
        objection = ballots.judge_objection(tx, resolution_id, member_id)
        disputes = list_objections(tx, resolution_id) if outcome.decided else []
        called = wording.names(lang, store.list_meetings(tx), programme_store.list_programmes(tx))
        refusal = find_refusals(tx).get(resolution_id)
        changes = tariff_form.tariff_changes(lang, outcome.resolution, store.list_tariffs(tx))
        before = in_force(store.list_statutes(tx), view.meeting.held_on).articles
        differences = statutes_readings.compare_change(lang, before, outcome.resolution, view.meeting.held_on)
        now = tx.now.astimezone(AMSTERDAM).replace(tzinfo=None)
        said = _find_said(tx, view, resolution_id)
        laid = list_laid(tx, [resolution_id])
        challenge = view_challenge(tx, resolution_id, member_id) if outcome.decided else None
        referral = view_referral(tx, resolution_id, member_id)
    electronic = judge_electronic(outcome.articles, view.meeting.held_on, now)
    return render(
        request,
        "governance/resolution.html",
        422 if form.problems else 200,
        form=form,
        may_split=own_votes > 1 and judge_split(outcome.articles).word == "accepted",
        differences=differences,
        electronic=electronic,
        view=view,
        outcome=outcome,
        others=[each for each in view.outcomes if _are_options(each, outcome)],
        related=[each for each in view.outcomes if _are_related(each.resolution, outcome.resolution)],
        record=record,
        parameters=wording.parameters(lang, outcome.resolution, called),
        changes=changes,
        own=own,
        earlier=own[:-1],
        may_vote=(view.own_votes_open or outcome.is_open_again)
        and outcome.withdrawn is None
        and own_votes > 0
        and electronic.word == "accepted",
        challenge=challenge,
        referral=referral,
        own_votes=own_votes,
        objection=objection,
        disputes=disputes,
        refusal=refusal,
        said=said,
        laid=laid,
        sees_papers=ACCESS.allows(session_of(request), "see-papers"),
        paper_words=paper_words,
        steward=ACCESS.allows(session_of(request), "convene"),
        may_stop=outcome.decided is not None
        and outcome.verdict.adopted
        and not find_kind(outcome.resolution.kind).instead
        and ACCESS.allows(session_of(request), "stop-decision"),
        sees_own_effect=bool(member_id) and ACCESS.allows(session_of(request), "find-own-effect"),
        sees_all_effects=ACCESS.allows(session_of(request), "find-all-effects"),
        ballot_id=str(uuid4()),
        chart=_count_chart(outcome, lang),
        words=wording,
    )


@routes.post("/resolutions/{resolution_id}/vote")
@may("vote")
def vote(request: Request, resolution_id: str, filled: Annotated[dict[str, str], Depends(read_form)]) -> Response:
    """Cast the reader's own vote, now; nobody else can replace it, and a form that is sent twice is one vote."""
    lang, member_id = language_of(request), session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    choice: str | Parts = filled.get("choice", "")
    try:
        if choice == SPLIT:
            choice = read_numbers(filled)
        with writing(request) as tx:
            is_new = ballots.cast_own_vote(tx, resolution_id, member_id, choice, filled.get("ballot_id", "")[:100])
    except BadInput as bad:
        if not isinstance(choice, Parts) and choice != SPLIT:
            raise
        return _show_resolution(request, resolution_id, Filled(filled).refused(bad))
    chosen = wording.chosen(lang, choice)
    page = f"/governance/resolutions/{resolution_id}"
    if not is_new:
        return redirect(page, translate(lang, "This ballot was in the box already; below stands what counts."), "note")
    said = N_("Your vote is in the box: %(choice)s. You may change it until the vote is closed.")
    return redirect(page, translate(lang, said, choice=chosen))


@routes.post("/resolutions/{resolution_id}/object")
@may("vote")
def object_to_ballot(request: Request, resolution_id: str) -> Response:
    """Say that the ballot which others entered for the reader is not theirs."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        ballots.object_to_ballot(tx, resolution_id, member_id)
    said = N_("Your objection is on file, with the day and the hour.")
    return redirect(f"/governance/resolutions/{resolution_id}", translate(language_of(request), said))


@routes.get("/meetings/{meeting_id}")
@may("see-decisions")
def show_meeting(request: Request, meeting_id: str) -> Response:
    """One meeting: its agenda, and for its stewards what there is to do."""
    with reading(request) as tx:
        view = find_meeting_view(tx, meeting_id)
        voters = voting_lists.read_list(tx, view.meeting)
        body = voting_lists.find_body_of(tx, view.meeting)
        council = find_council(store.list_statutes(tx), view.meeting.held_on)
        numbers = list_numbers(tx)
        late = [numbers.get(member_id, member_id) for member_id in voting_lists.list_late(tx, view.meeting)]
        unheard = [numbers.get(member_id, member_id) for member_id in voting_lists.list_unheard(tx, view.meeting)]
        left = [numbers.get(member_id, member_id) for member_id in voting_lists.list_left(tx, view.meeting)]
        minutes = records.minutes_record(tx, view.meeting.entry_id) if view.meeting.entry_id else None
        reach = measure_reach(tx, meeting_id)
        refusals = find_refusals(tx)
        followed = find_followed(tx, meeting_id)
        followed_on = find_meeting_view(tx, followed).meeting.held_on if followed else None
        anew = view.withdrawn and view.withdrawn.followed_by
        held_anew_on = find_meeting_view(tx, anew).meeting.held_on if anew else None
        waiting = list_waiting(tx, "withdrawal", meeting_id=meeting_id)
        gone = list_withdrawn(tx)
        seconds = [
            each for each in store.list_meetings(tx) if each.second_of == meeting_id and each.meeting_id not in gone
        ]
        own_id = session_of(request).member_id
        suspended = voting_lists.list_suspended_at(tx, view.meeting).get(own_id or "")
        own = find_own(tx, meeting_id, own_id)
        may_come = own_id in voters and tx.today == view.meeting.held_on and not object_to_online(tx, view.meeting)
        chosen = len(list_givers(tx, meeting_id, own_id)) if own_id else 0
        laid = list_papers(tx, view.meeting)
        asks_words = bool((not view.is_over or view.open_again) and list_asked(tx, view.meeting))
        may_count_from = max((find_count_time(tx, view.meeting, each) for each in view.open_again), default=None)
        now = tx.now
    return render(
        request,
        "governance/meeting.html",
        body=body,
        council=council,
        view=view,
        voters=sum(1 for number in voters.values() if number),
        votes=sum(voters.values()),
        steward=ACCESS.allows(session_of(request), "close-meeting"),
        reach=reach,
        late=late,
        unheard=unheard,
        left=left,
        minutes=minutes,
        refusals=refusals,
        followed=followed,
        followed_on=followed_on,
        held_anew_on=held_anew_on,
        waiting=waiting,
        own=own,
        may_come=may_come and not view.is_over and ACCESS.allows(session_of(request), "attend-online"),
        suspended=suspended,
        seconds=seconds,
        chosen=chosen,
        asks_words=asks_words,
        laid=laid,
        may_count_from=may_count_from,
        now=now,
        sees_papers=ACCESS.allows(session_of(request), "see-papers"),
        paper_words=paper_words,
        voter=ACCESS.allows(session_of(request), "vote") and bool(voters.get(own_id or "")),
        today=tx.today,
        words=wording,
    )


@routes.post("/meetings/{meeting_id}/close")
@may("close-meeting")
def close(request: Request, meeting_id: str, confirmed: Annotated[str, Form()] = "") -> Response:
    """Close a meeting, once somebody confirmed that it should be."""
    lang, page = language_of(request), f"/governance/meetings/{meeting_id}"
    if confirmed == "yes":
        with writing(request) as tx:
            closing.close_meeting(tx, meeting_id)
        return redirect(page, translate(lang, "The meeting is closed and decided."))
    return confirm_page(
        request,
        title=translate(lang, "Close the meeting and decide?"),
        text=translate(lang, "Closing cannot be undone, and what is adopted takes effect at once."),
        button=translate(lang, "Close and decide"),
        action=f"{page}/close",
        back=page,
    )


@routes.get("/cards/decisions")
@may("see-decisions")
def show_decisions_card(request: Request) -> Response:
    """The card of the home page on decisions."""
    with reading(request) as tx:
        views = view_meetings(tx)
    decided = [(view, outcome) for view in views if view.state == "closed" for outcome in view.decided]
    coming = [view for view in reversed(views) if not view.is_over]
    return card(request, "governance/card_decisions.html", decided=decided[:4], coming=coming[:1], words=wording)


def _are_options(one: Outcome, other: Outcome) -> bool:
    """True when at most one of two points is adopted."""
    same = one.resolution.resolution_id == other.resolution.resolution_id
    return bool(one.resolution.option_of) and one.resolution.option_of == other.resolution.option_of and not same


def _are_related(one: Resolution, other: Resolution) -> bool:
    """True for an amendment, what it changes, and what that becomes by it."""
    names = {one.resolution_id, one.amends, one.amended_by} & {other.resolution_id, other.amends, other.amended_by}
    return one.resolution_id != other.resolution_id and bool(names - {None})


def _find_said(tx: Tx, view: MeetingView, resolution_id: str) -> Mapping[str, Any] | None:
    """The point of confirmed minutes on a resolution, or None where there are none."""
    kept = find_minutes(tx, view.meeting.meeting_id)
    points = load_minutes(tx, kept)["points"] if kept else []
    return next((point for point in points if point["resolution_id"] == resolution_id), None)


def _count_chart(outcome: Outcome, lang: str) -> charts.Chart | None:
    """Bars of the votes on one resolution; only when it is decided, so that nobody votes by the stand."""
    if outcome.decided_on is None:
        return None
    count = outcome.count
    absent = count.votes_entitled - count.votes_present
    return charts.bars(
        title=translate(lang, "How the votes were counted"),
        sentence=wording.verdict(lang, outcome),
        heading=translate(lang, "Vote"),
        labels=[*(gettext(lang, text) for text in wording.CHOICES.values()), translate(lang, "Not present")],
        series={translate(lang, "Votes"): [count.votes_for, count.votes_against, count.votes_blank, absent]},
        unit=translate(lang, "votes"),
        lang=lang,
        digits=0,
    )


def _meeting_chart(view: MeetingView, lang: str) -> charts.Chart:
    """Bars of the votes on every point of a meeting that was closed."""
    adopted = sum(outcome.verdict.adopted for outcome in view.decided)
    counts = [outcome.count for outcome in view.decided]
    return charts.bars(
        title=translate(lang, "Votes at the last meeting"),
        sentence=translate(lang, "Adopted: %(adopted)s of %(total)s.", adopted=adopted, total=len(view.decided)),
        heading=translate(lang, "Resolution"),
        labels=[
            f"{number}. {wording.kind(lang, outcome.resolution.kind)}"
            for number, outcome in enumerate(view.outcomes, 1)
            if outcome.decided
        ],
        series={
            gettext(lang, wording.CHOICES["for"]): [count.votes_for for count in counts],
            gettext(lang, wording.CHOICES["against"]): [count.votes_against for count in counts],
            gettext(lang, wording.CHOICES["blank"]): [count.votes_blank for count in counts],
        },
        unit=translate(lang, "votes"),
        lang=lang,
        digits=0,
    )
