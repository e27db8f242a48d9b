"""Pages on meetings and resolutions: what was decided, the vote itself, and how the board convenes and closes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from coop.governance import wording
from coop.governance.formbook import EMPTY_POINT, read_agenda, read_notice
from coop.governance.handlers import closing, meetings, records
from coop.governance.handlers.closing import Outcome
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.governance.views import MeetingView, meeting_view, meeting_views
from coop.kit import clock
from coop.kit.auth import NotAllowed, Session, require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.values import BadInput, CoopError, NotFound
from coop.web import charts
from coop.web.language import gettext, language_of, translate
from coop.web.shell import card, confirm_page, redirect, render

_READERS = ("member", "board", "treasurer", "auditor", "operator", "partner")
_STEWARDS = ("board", "operator")


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes of the pages on meetings."""
    routes = APIRouter(prefix="/governance", include_in_schema=False)

    @routes.get("/")
    def overview(request: Request) -> Response:
        session = require(request, *_READERS)
        today, lang = clock.today(), language_of(request)
        with database.read() as connection:
            views = meeting_views(connection, session.community, today)
        coming = [view for view in reversed(views) if view.state != "closed"]
        closed = [view for view in views if view.state == "closed"]
        return render(
            request,
            "governance/decisions.html",
            coming=coming,
            closed=closed,
            chart=_meeting_chart(closed[0], lang) if closed else None,
            words=wording,
            steward=session.has(*_STEWARDS),
        )

    @routes.get("/resolutions/{resolution_id}")
    def resolution(request: Request, resolution_id: str) -> Response:
        session = require(request, *_READERS)
        lang = language_of(request)
        with database.read() as connection:
            view, outcome = _find(connection, session, resolution_id)
            record = records.resolution_record(connection, session.community, resolution_id)
            history = store.ballots(connection, session.community, resolution_id)
            votes = store.votes_on(connection, session.community, view.meeting.held_on)
            called = wording.names(lang, [], programme_store.programmes(connection, session.community))
        own = history.get(session.member_id or "", [])
        return render(
            request,
            "governance/resolution.html",
            view=view,
            outcome=outcome,
            record=record,
            parameters=wording.parameters(lang, outcome.resolution, called),
            own=own,
            may_vote=view.state == "open" and votes.get(session.member_id or "", 0) > 0,
            own_votes=votes.get(session.member_id or "", 0),
            chart=_count_chart(outcome, lang),
            words=wording,
        )

    @routes.post("/resolutions/{resolution_id}/vote")
    def vote(request: Request, resolution_id: str, choice: Annotated[str, Form()]) -> Response:
        session = require(request, "member")
        if session.member_id is None:
            raise NotAllowed
        ballot = {"member_id": session.member_id, "choice": choice, "cast_on": clock.today()}
        with database.write() as connection:
            meeting_id = store.meeting_of(connection, session.community, resolution_id)
            if meeting_id is None:
                raise NotFound
            meetings.cast_votes(connection, session.community, meeting_id, resolution_id, [ballot])
        said = translate(
            language_of(request),
            "Your vote is in the box: %(choice)s. You may change it until the vote is closed.",
            choice=gettext(language_of(request), wording.CHOICES[choice]).lower(),
        )
        return redirect(f"/governance/resolutions/{resolution_id}", said)

    @routes.get("/meetings/new")
    def convene_form(request: Request) -> Response:
        session = require(request, *_STEWARDS)
        return _convene_page(request, session, {"agenda": [EMPTY_POINT]})

    @routes.post("/meetings/new")
    async def convene(request: Request) -> Response:
        session = require(request, *_STEWARDS)
        form = {name: str(value) for name, value in (await request.form()).items()}
        if form.get("more"):
            return _convene_page(request, session, {**form, "agenda": [*read_agenda(form), EMPTY_POINT]})
        try:
            meeting = read_notice(form)
            with database.write() as connection:
                meetings.convene_meeting(connection, session.community, meeting)
        except CoopError as refusal:
            return _convene_page(request, session, {**form, "agenda": read_agenda(form)}, refusal)
        said = translate(language_of(request), "The notice is kept: from now on nothing in it can change.")
        return redirect(f"/governance/meetings/{meeting.meeting_id}", said)

    @routes.get("/meetings/{meeting_id}")
    def meeting(request: Request, meeting_id: str) -> Response:
        session = require(request, *_READERS)
        with database.read() as connection:
            view = _view(connection, session, meeting_id)
            voters = store.votes_on(connection, session.community, view.meeting.held_on)
        return render(
            request,
            "governance/meeting.html",
            view=view,
            voters=len(voters),
            votes=sum(voters.values()),
            steward=session.has(*_STEWARDS),
            today=clock.today(),
            words=wording,
        )

    @routes.post("/meetings/{meeting_id}/close")
    def close(
        request: Request, meeting_id: str, closed_on: Annotated[date, Form()], confirmed: Annotated[str, Form()] = ""
    ) -> Response:
        session, lang = require(request, *_STEWARDS), language_of(request)
        with database.write() as connection:
            outcomes = closing.close_meeting(
                connection, session.community, meeting_id, closed_on, dry_run=confirmed != "yes"
            )
        if confirmed != "yes":
            counted = " ".join(f"{one.resolution.subject(lang)}: {wording.verdict(lang, one)}" for one in outcomes)
            warning = translate(lang, "Closing cannot be undone, and what is adopted takes effect at once.")
            return confirm_page(
                request,
                title=translate(lang, "Close the meeting and decide?"),
                text=f"{counted} {warning}",
                button=translate(lang, "Close and decide"),
                action=f"/governance/meetings/{meeting_id}/close",
                back=f"/governance/meetings/{meeting_id}",
                hidden={"closed_on": closed_on.isoformat()},
            )
        return redirect(f"/governance/meetings/{meeting_id}", translate(lang, "The meeting is closed and decided."))

    @routes.get("/cards/decisions")
    def decisions_card(request: Request) -> Response:
        session = require(request, *_READERS)
        with database.read() as connection:
            views = meeting_views(connection, session.community, clock.today())
        decided = [(view, outcome) for view in views if view.state == "closed" for outcome in view.outcomes]
        coming = [view for view in reversed(views) if view.state != "closed"]
        return card(request, "governance/card_decisions.html", decided=decided[:4], coming=coming[:1], words=wording)

    def _convene_page(
        request: Request, session: Session, filled: dict[str, Any], refusal: CoopError | None = None
    ) -> Response:
        with database.read() as connection:
            programmes = programme_store.programmes(connection, session.community)
        return render(
            request,
            "governance/convene.html",
            422 if refusal else 200,
            filled=filled,
            agenda=filled["agenda"] or [EMPTY_POINT],
            refusal=refusal,
            problems=refusal.problems if isinstance(refusal, BadInput) else (),
            programmes=programmes,
            words=wording,
        )

    return routes


def _view(connection: Any, session: Session, meeting_id: str) -> MeetingView:
    meeting = store.find_meeting(connection, session.community, meeting_id)
    if meeting is None:
        raise NotFound
    return meeting_view(connection, session.community, meeting, clock.today())


def _find(connection: Any, session: Session, resolution_id: str) -> tuple[MeetingView, Outcome]:
    meeting_id = store.meeting_of(connection, session.community, resolution_id)
    if meeting_id is None:
        raise NotFound
    view = _view(connection, session, meeting_id)
    return view, next(one for one in view.outcomes if one.resolution.resolution_id == resolution_id)


def _count_chart(outcome: Outcome, lang: str) -> charts.Chart | None:
    """Bars of the votes on one resolution; only once it is decided, so that nobody votes by the stand."""
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
    adopted = sum(outcome.verdict.adopted for outcome in view.outcomes)
    counts = [outcome.count for outcome in view.outcomes]
    return charts.bars(
        title=translate(lang, "Votes at the last meeting"),
        sentence=translate(lang, "Adopted: %(adopted)s of %(total)s.", adopted=adopted, total=len(view.outcomes)),
        heading=translate(lang, "Resolution"),
        labels=[f"{number}. {wording.kind(lang, one.resolution.kind)}" for number, one in enumerate(view.outcomes, 1)],
        series={
            gettext(lang, wording.CHOICES["for"]): [count.votes_for for count in counts],
            gettext(lang, wording.CHOICES["against"]): [count.votes_against for count in counts],
            gettext(lang, wording.CHOICES["blank"]): [count.votes_blank for count in counts],
        },
        unit=translate(lang, "votes"),
        lang=lang,
        digits=0,
    )
