"""Pages on which members ask a referendum on what was adopted, the board enters who asked on paper, and all read what
became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.articles.reading_referenda import read_referendum
from coop.governance.ballots import wording
from coop.governance.ballots.views import find_resolution_view
from coop.governance.convening.referring import (
    PAPER,
    ask_referendum,
    enter_request,
    keep_request,
    object_to_request,
    view_referral,
)
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.meetings.voter_store import list_numbers
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.values import CoopError
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect
from coop.web.writing import speak

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/resolutions", include_in_schema=False)
may = ACCESS.may


def _tell_asked(lang: str, new: int) -> str:
    said = N_("It is on file, and the member is told.") if new else N_("This member had asked by themselves meanwhile.")
    return translate(lang, said)


KINDS: Final = {
    PAPER: EntryKind(
        "/governance/resolutions/{resolution_id}/referendum",
        keep_request,
        N_("Compare a request of a referendum with its paper: %(paper)s"),
        dropped=N_("Nothing is changed."),
        counted=_tell_asked,
    )
}


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


@routes.post("/{resolution_id}/referendum/object")
@may("ask-referendum")
def object_to(request: Request, resolution_id: str) -> Response:
    """Say as the reader that the request which others entered is not theirs."""
    lang, member_id = language_of(request), session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    try:
        with writing(request) as tx:
            object_to_request(tx, resolution_id, member_id)
    except CoopError as refusal:
        return _show(request, resolution_id, Form({}).refused(refusal))
    said = translate(lang, "Your objection is on file.")
    return redirect(f"/governance/resolutions/{resolution_id}/referendum", said)


def _enter(tx: Tx, session: Session, filled: Mapping[str, str], resolution_id: str) -> None:
    """Keep that a member asked on paper, until somebody else compared it."""
    paper, entry_id = filled.get("paper", ""), filled.get("entry_id", "")[:100]
    enter_request(tx, resolution_id, filled.get("number", ""), paper, entry_id)


def _show(request: Request, resolution_id: str, form: Form) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        view, outcome = find_resolution_view(tx, resolution_id)
        referral = view_referral(tx, resolution_id, session.member_id)
        today, steward = tx.today, ACCESS.allows(session, "enter-request")
        numbers = list_numbers(tx) if steward else {}
        waiting = list_waiting(tx, PAPER, resolution_id=resolution_id) if steward else []
    rights = read_referendum(referral.own, view.meeting.held_on)[0] if referral.own else []
    return show_page(
        request,
        "governance/referendum.html",
        form,
        view=view,
        outcome=outcome,
        referral=referral,
        today=today,
        rights=[str(speak(lang, said)) for said in rights],
        steward=steward,
        numbers=numbers,
        waiting=waiting,
        voter=ACCESS.allows(session, "ask-referendum"),
        words=wording,
    )


enter_at(routes, KINDS, "enter-request", _enter, _show, "/papers")
settle_at(routes, KINDS, _show, "/papers")
