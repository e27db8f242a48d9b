"""Pages by which the board enters that a decision falls, or holds again; a second person confirms it, having seen what
that undoes."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.views import find_resolution_view
from coop.governance.convening.stopping import KIND, Ruling, find_adopted, keep_stop, propose_stop, read_stop
from coop.governance.entries.forms import settle_entry
from coop.governance.entries.store import list_waiting
from coop.kit.actor import Actor
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.values import CoopError
from coop.web.forms import Form, read_day, read_form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/resolutions", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]

_KEEPERS: Final = {KIND: keep_stop}


@routes.get("/{resolution_id}/stop")
@may("stop-decision")
def show_stop(request: Request, resolution_id: str) -> Response:
    """Show what waits for a second person with what it undoes, and the form for more."""
    return _show(request, resolution_id, Form({}))


@routes.post("/{resolution_id}/stop")
@may("stop-decision")
def propose(request: Request, resolution_id: str, filled: Filled) -> Response:
    """Keep a fall, or its end, until somebody else confirms it."""
    try:
        ruled_on = read_day(filled, "ruled_on", "bad-stop")
        from_on = read_day(filled, "from_on", "bad-stop") if filled.get("from_on") else None
        ruling = Ruling(filled.get("manner", ""), ruled_on, from_on)
        with writing(request) as tx:
            propose_stop(tx, resolution_id, ruling, filled.get("paper", ""), filled.get("entry_id", "")[:100])
    except CoopError as refusal:
        return _show(request, resolution_id, Form(filled).refused(refusal))
    said = translate(language_of(request), "This is on file. It holds once somebody else of the board confirms it.")
    return redirect(f"/governance/resolutions/{resolution_id}/stop", said)


@routes.post("/{resolution_id}/stop/{entry_id}")
@may("stop-decision")
def settle(request: Request, resolution_id: str, entry_id: str, filled: Filled) -> Response:
    """Confirm a fall or its end, or leave it out."""
    lang, page = language_of(request), f"/governance/resolutions/{resolution_id}"
    try:
        new = settle_entry(request, filled, entry_id, _KEEPERS)
    except CoopError as refusal:
        return _show(request, resolution_id, Form({}).refused(refusal))
    if new is None:
        return redirect(f"{page}/stop", translate(lang, "Nothing is changed."))
    return redirect(page, translate(lang, "It is done, and the members are told."))


def _show(request: Request, resolution_id: str, form: Form) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        find_adopted(tx, resolution_id)
        view, outcome = find_resolution_view(tx, resolution_id)
        waiting = [
            (entry, read_stop(tx, entry)[1])
            for entry in list_waiting(tx, KIND, meeting_id=view.meeting.meeting_id)
            if entry.content["resolution_id"] == resolution_id
        ]
    return render(
        request,
        "governance/stop.html",
        422 if form.problems else 200,
        view=view,
        outcome=outcome,
        form=form,
        waiting=waiting,
        entry_id=form.value("entry_id") or str(uuid4()),
        me=str(Actor(session.kind, session.account_id, "page")),
        words=wording,
    )
