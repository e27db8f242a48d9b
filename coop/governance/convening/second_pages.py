"""Pages by which the board calls a second meeting on what a first one had no quorum for: the same points, on another
day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.views import MeetingView, find_meeting_view
from coop.governance.convening import commands as meetings
from coop.governance.convening import formbook
from coop.governance.convening.pages import show_notice
from coop.governance.meetings.withdrawal_store import list_withdrawn
from coop.governance.model import WHY_MAX, Meeting
from coop.kit.http import GuardedRoute, reading, writing
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form, read_day, read_form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("/{meeting_id}/second")
@may("convene")
def show_second(request: Request, meeting_id: str) -> Response:
    """Show what a second meeting can decide, and ask when it is held."""
    return _show(request, meeting_id, Form({}))


@routes.post("/{meeting_id}/second")
@may("convene")
def call_second(request: Request, meeting_id: str, filled: Filled) -> Response:
    """Show the notice of a second meeting as members will read it, or keep it."""
    act = filled.pop("act", "look")
    if act == "mend":
        return _show(request, meeting_id, Form(filled))
    try:
        with reading(request) as tx:
            meeting = _read_second(tx, find_meeting_view(tx, meeting_id), filled)
        if act != "keep":
            return show_notice(request, meeting, filled, f"/governance/meetings/{meeting_id}/second")
        with writing(request) as tx:
            meetings.convene_meeting(tx, meeting)
    except CoopError as refusal:
        return _show(request, meeting_id, Form(filled).refused(refusal))
    said = translate(language_of(request), "The notice is kept: from now on nothing in it can change.")
    return redirect(f"/governance/meetings/{meeting.meeting_id}", said)


def _read_second(tx: Tx, first: MeetingView, filled: dict[str, str]) -> Meeting:
    """The second meeting that a filled form calls today: the chosen points word by word, on another day."""
    held_on = read_day(filled, "held_on", "bad-agenda")
    chosen = [
        outcome.resolution
        for number, outcome in enumerate(first.outcomes)
        if outcome.lacked_quorum and filled.get(f"point.{number}")
    ]
    if not chosen:
        raise BadInput([Problem(say("choose at least one point"), "points")], "no-point")
    meeting_id = formbook.name_meeting(held_on, frozenset(list_withdrawn(tx)))
    return Meeting(
        meeting_id,
        held_on,
        tx.today,
        filled.get("place", "").strip()[:200],
        tuple(replace(point, resolution_id=f"{meeting_id}-{n}") for n, point in enumerate(chosen, start=1)),
        begins_at=filled.get("begins_at", "").strip()[:20],
        votes_until=filled.get("votes_until", "").strip()[:20],
        second_of=first.meeting.meeting_id,
        second_why=filled.get("second_why", "").strip()[:WHY_MAX],
    )


def _show(request: Request, meeting_id: str, form: Form) -> Response:
    with reading(request) as tx:
        view = find_meeting_view(tx, meeting_id)
    first_on = view.meeting.held_on
    points = []
    for number, outcome in enumerate(view.outcomes):
        if outcome.lacked_quorum:
            second = outcome.rule.second
            days = second and [first_on + timedelta(days=days) for days in (second.from_days, second.to_days)]
            points.append((number, outcome, second, days))
    return render(
        request,
        "governance/second.html",
        422 if form.problems else 200,
        view=view,
        form=form,
        points=points,
        words=wording,
        why_max=WHY_MAX,
    )
