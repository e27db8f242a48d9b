"""The page on which members ask a referendum on what was adopted, and read what became of it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.articles.reading_referenda import read_referendum
from coop.governance.ballots import wording
from coop.governance.ballots.views import find_resolution_view
from coop.governance.convening.referring import ask_referendum, view_referral
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.values import CoopError
from coop.web.forms import Form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render
from coop.web.writing import speak

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/resolutions", include_in_schema=False)
may = ACCESS.may


@routes.get("/{resolution_id}/referendum")
@may("see-decisions")
def show_referendum(request: Request, resolution_id: str) -> Response:
    """Show who can ask a referendum on a decision, until when, how many did, and what came of it."""
    return _show(request, resolution_id, Form({}))


@routes.post("/{resolution_id}/referendum")
@may("ask-referendum")
def ask(request: Request, resolution_id: str) -> Response:
    """Ask a referendum as the reader."""
    lang, member_id = language_of(request), session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    try:
        with writing(request) as tx:
            ask_referendum(tx, resolution_id, member_id)
    except CoopError as refusal:
        return _show(request, resolution_id, Form({}).refused(refusal))
    said = translate(lang, "It is on file that you ask a referendum.")
    return redirect(f"/governance/resolutions/{resolution_id}/referendum", said)


def _show(request: Request, resolution_id: str, form: Form) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        view, outcome = find_resolution_view(tx, resolution_id)
        referral = view_referral(tx, resolution_id, session.member_id)
    rights = read_referendum(referral.own, view.meeting.held_on)[0] if referral.own else []
    return render(
        request,
        "governance/referendum.html",
        422 if form.problems else 200,
        view=view,
        outcome=outcome,
        referral=referral,
        rights=[str(speak(lang, said)) for said in rights],
        form=form,
        steward=ACCESS.allows(session, "convene"),
        voter=ACCESS.allows(session, "ask-referendum"),
        words=wording,
    )
