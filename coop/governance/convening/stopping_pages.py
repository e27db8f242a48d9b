"""Pages by which the board enters that a decision falls, or holds again; a second person confirms it, having seen what
that undoes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.views import find_resolution_view
from coop.governance.convening.stopping import KIND, Ruling, find_adopted, keep_stop, propose_stop, read_stop
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.kit.http import GuardedRoute, reading
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.web.forms import Form, read_day
from coop.web.language import N_

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/resolutions", include_in_schema=False)
may = ACCESS.may

KINDS: Final = {
    KIND: EntryKind(
        "/governance/resolutions/{resolution_id}/stop",
        keep_stop,
        N_("Confirm that a decision falls or acts again, or leave it out: %(paper)s"),
        N_("It is done, and the members are told."),
        N_("Nothing is changed."),
        then="/governance/resolutions/{resolution_id}",
    )
}


@routes.get("/{resolution_id}/stop")
@may("stop-decision")
def show_stop(request: Request, resolution_id: str) -> Response:
    """Show what waits for a second person with what it undoes, and the form for more."""
    return _show(request, resolution_id, Form({}))


def _propose(tx: Tx, session: Session, filled: Mapping[str, str], resolution_id: str) -> None:
    """Keep a fall, or its end, until somebody else confirms it."""
    ruled_on = read_day(filled, "ruled_on", "bad-stop")
    from_on = read_day(filled, "from_on", "bad-stop") if filled.get("from_on") else None
    ruling = Ruling(filled.get("manner", ""), ruled_on, from_on)
    propose_stop(tx, resolution_id, ruling, filled.get("paper", ""), filled.get("entry_id", "")[:100])


def _show(request: Request, resolution_id: str, form: Form) -> Response:
    with reading(request) as tx:
        find_adopted(tx, resolution_id)
        view, outcome = find_resolution_view(tx, resolution_id)
        waiting = [(entry, read_stop(tx, entry)[1]) for entry in list_waiting(tx, KIND, resolution_id=resolution_id)]
    return show_page(
        request,
        "governance/stop.html",
        form,
        view=view,
        outcome=outcome,
        waiting=waiting,
        words=wording,
    )


enter_at(routes, KINDS, "stop-decision", _propose, _show)
settle_at(routes, KINDS, _show)
