"""Pages by which the board withdraws a meeting or points of its agenda, or puts it off; a second person confirms it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.views import find_meeting_view
from coop.governance.convening.withdrawals import Anew, keep_withdrawal, propose_withdrawal, read_anew
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.kit.http import GuardedRoute, reading
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import BadInput, Problem, say
from coop.web.forms import Form, read_day
from coop.web.language import N_

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may

WHOLE, PUT_OFF, POINTS = "whole", "put-off", "points"

KINDS: Final = {
    "withdrawal": EntryKind(
        "/governance/meetings/{meeting_id}/withdraw",
        keep_withdrawal,
        confirmed=N_("It is withdrawn, and the members are told."),
        dropped=N_("Nothing is withdrawn."),
        then="/governance/meetings/{meeting_id}",
    )
}


@routes.get("/{meeting_id}/withdraw")
@may("withdraw-meeting")
def show_withdrawal(request: Request, meeting_id: str) -> Response:
    """Show what waits for a second person, and the form for more."""
    return _show(request, meeting_id, Form({}))


def _propose(tx: Tx, session: Session, filled: Mapping[str, str], meeting_id: str) -> None:
    """Keep a withdrawal until somebody else confirms it."""
    points = [
        outcome.resolution.resolution_id
        for number, outcome in enumerate(find_meeting_view(tx, meeting_id).outcomes)
        if filled.get(f"point.{number}")
    ]
    extent = filled.get("extent")
    if extent == POINTS and not points:
        raise BadInput([Problem(say("choose at least one point"), "extent")], "no-point")
    anew = _read_anew(filled) if extent == PUT_OFF else None
    taken, entry_id = points if extent == POINTS else (), filled.get("entry_id", "")[:100]
    propose_withdrawal(tx, meeting_id, filled.get("reason", ""), taken, anew, entry_id)


def _read_anew(filled: Mapping[str, str]) -> Anew:
    held_on = read_day(filled, "held_on", "bad-agenda")
    begins_at, votes_until = (filled.get(name, "").strip()[:20] for name in ("begins_at", "votes_until"))
    return Anew(held_on, begins_at, votes_until, filled.get("place", "").strip()[:200] or None)


def _show(request: Request, meeting_id: str, form: Form) -> Response:
    with reading(request) as tx:
        view = find_meeting_view(tx, meeting_id)
        waiting = [(entry, read_anew(entry)) for entry in list_waiting(tx, "withdrawal", meeting_id=meeting_id)]
    subjects = {outcome.resolution.resolution_id: outcome.resolution for outcome in view.outcomes}
    return show_page(
        request,
        "governance/withdrawal.html",
        form,
        view=view,
        waiting=waiting,
        subjects=subjects,
        words=wording,
    )


enter_at(routes, KINDS, "withdraw-meeting", _propose, _show)
settle_at(routes, KINDS, _show)
