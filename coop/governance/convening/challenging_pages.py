"""Pages by which an outcome is disputed at the meeting, and by which the new vote is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from fastapi import Form as PostedForm

from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.challenges.counting import count_again
from coop.governance.ballots.challenges.store import list_challenges
from coop.governance.ballots.views import find_resolution_view
from coop.governance.convening.challenging import (
    KIND,
    dispute_ruling,
    enter_challenge,
    keep_challenge,
    view_challenge,
)
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.meetings.voter_store import list_numbers
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate
from coop.web.shell import confirm_page, redirect

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", include_in_schema=False)
may = ACCESS.may

KINDS: Final = {
    KIND: EntryKind(
        "/governance/resolutions/{resolution_id}/challenge",
        keep_challenge,
        N_("Confirm now that an outcome is disputed at the meeting: %(paper)s"),
        N_("It is on file that the outcome is disputed."),
        N_("Nothing is changed."),
    )
}


@routes.get("/resolutions/{resolution_id}/challenge")
@may("see-decisions")
def show_challenge(request: Request, resolution_id: str) -> Response:
    """Show whether an outcome can be disputed, who did so, and how the reader does."""
    return _show(request, resolution_id, Form({}))


@routes.post("/resolutions/{resolution_id}/challenge")
@may("dispute-ruling")
def dispute(request: Request, resolution_id: str) -> Response:
    """Dispute an outcome as the reader."""
    lang, member_id = language_of(request), session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    try:
        with writing(request) as tx:
            dispute_ruling(tx, resolution_id, member_id)
            new_vote = view_challenge(tx, resolution_id, member_id).new_vote
    except CoopError as refusal:
        return _show(request, resolution_id, Form({}).refused(refusal))
    if new_vote:
        return redirect(
            f"/governance/resolutions/{new_vote}", translate(lang, "It is voted on again. Everybody votes anew here.")
        )
    said = N_("This is on file. It is voted on again once more than half of those who are there ask for it.")
    return redirect(f"/governance/resolutions/{resolution_id}/challenge", translate(lang, said))


def _enter(tx: Tx, session: Session, filled: Mapping[str, str], resolution_id: str) -> None:
    """Keep what was said in the room, until somebody else confirms it."""
    number = "" if filled.get("asked_by") == "majority" else filled.get("number", "").strip()
    if not number and filled.get("asked_by") != "majority":
        raise BadInput([Problem(say("give the number of the voter who asks"), "number")], "bad-challenge")
    paper, entry_id = filled.get("paper", ""), filled.get("entry_id", "")[:100]
    enter_challenge(tx, resolution_id, number, paper, entry_id)


@routes.post("/meetings/{meeting_id}/count-again")
@may("close-meeting")
def count(request: Request, meeting_id: str, confirmed: Annotated[str, PostedForm()] = "") -> Response:
    """Count the new votes of a meeting, once somebody confirmed that they should be."""
    lang, page = language_of(request), f"/governance/meetings/{meeting_id}"
    if confirmed == "yes":
        with writing(request) as tx:
            count_again(tx, meeting_id)
        return redirect(page, translate(lang, "The new vote is counted."))
    return confirm_page(
        request,
        title=translate(lang, "Count the new vote?"),
        text=translate(lang, "This cannot be undone, and what is adopted takes effect at once."),
        button=translate(lang, "Count and decide"),
        action=f"{page}/count-again",
        back=page,
    )


def _show(request: Request, resolution_id: str, form: Form) -> Response:
    session = session_of(request)
    with reading(request) as tx:
        view, outcome = find_resolution_view(tx, resolution_id)
        state = view_challenge(tx, resolution_id, session.member_id)
        asked, numbers = list_challenges(tx, resolution_id), list_numbers(tx)
        waiting = list_waiting(tx, KIND, resolution_id=resolution_id)
    return show_page(
        request,
        "governance/challenge.html",
        form,
        view=view,
        outcome=outcome,
        state=state,
        asked=asked,
        numbers=numbers,
        waiting=waiting,
        steward=ACCESS.allows(session, "enter-challenge"),
        words=wording,
    )


enter_at(routes, KINDS, "enter-challenge", _enter, _show, "/room")
settle_at(routes, KINDS, _show)
