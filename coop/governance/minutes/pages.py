"""Pages of minutes: what was decided stands in them by itself, one person adds what was said, another confirms it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.views import find_meeting_view
from coop.governance.entries.forms import Filled, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.minutes.commands import Said, Written, keep_minutes, read_written, write_minutes
from coop.governance.minutes.paper import (
    describe_disputes,
    describe_motion,
    describe_verdict,
    list_moves,
    typeset_minutes,
)
from coop.governance.minutes.views import find_minutes_view
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.values import CoopError
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect

FORM_MAX = 1024 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may

KINDS: Final = {
    "minutes": EntryKind(
        "/governance/meetings/{meeting_id}/minutes",
        keep_minutes,
        N_("Confirm the minutes that somebody wrote, or leave them out"),
        N_("The minutes are confirmed."),
        N_("These minutes are left out."),
    )
}


@routes.get("/{meeting_id}/minutes")
@may("see-decisions")
def show_minutes(request: Request, meeting_id: str) -> Response:
    """Show the minutes, and for the board the form of what they add."""
    return _show(request, meeting_id, Form({}))


@routes.get("/{meeting_id}/minutes.pdf")
@may("see-decisions")
def show_paper(request: Request, meeting_id: str) -> Response:
    """Answer the minutes and the list of decisions as a PDF."""
    with reading(request) as tx:
        view = find_minutes_view(tx, meeting_id)
    lang = language_of(request)
    made = typeset_minutes(view.content, view.kept.recorded_at if view.kept else None, lang, view.fallen)
    name = f"{translate(lang, 'minutes')}-{view.content['held_on']}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return Response(made, media_type="application/pdf", headers=headers)


@routes.post("/{meeting_id}/minutes")
@may("write-minutes")
@body_max(FORM_MAX)
def write(request: Request, meeting_id: str, filled: Filled) -> Response:
    """Keep what somebody wrote, until somebody else confirms it."""
    try:
        with reading(request) as tx:
            view = find_meeting_view(tx, meeting_id)
        points = {
            outcome.resolution.resolution_id: Said(
                filled.get(f"{number}.considerations", "").strip(), filled.get(f"{number}.dissent", "").strip()
            )
            for number, outcome in enumerate(view.outcomes)
        }
        chair, secretary, remarks = (filled.get(name, "").strip() for name in ("chair", "secretary", "remarks"))
        written = Written(chair, secretary, remarks, points)
        with writing(request) as tx:
            write_minutes(tx, meeting_id, written, filled.get("entry_id", "")[:100])
    except CoopError as refusal:
        return _show(request, meeting_id, Form(filled).refused(refusal))
    said = translate(language_of(request), "The minutes are on file. They hold once somebody else confirms them.")
    return redirect(f"/governance/meetings/{meeting_id}/minutes", said)


def _show(request: Request, meeting_id: str, form: Form) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        minutes = find_minutes_view(tx, meeting_id)
        meeting = find_meeting_view(tx, meeting_id).meeting
        waiting = [(entry, read_written(entry)) for entry in list_waiting(tx, "minutes", meeting_id=meeting_id)]
    points = [(point, describe_verdict(point, lang, minutes.fallen)) for point in minutes.content["points"]]
    return show_page(
        request,
        "governance/minutes.html",
        form,
        minutes=minutes,
        meeting=meeting,
        points=points,
        moves=list_moves(minutes.content, lang),
        moved={point["resolution_id"]: describe_motion(point, lang) for point, _ in points},
        disputes={point["resolution_id"]: describe_disputes(point, lang) for point, _ in points},
        waiting=waiting,
        writer=ACCESS.allows(session, "write-minutes"),
        words=wording,
    )


settle_at(routes, KINDS, _show)
