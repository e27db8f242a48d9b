"""Page of what the chair and bodies outside a meeting said before its count, which two people enter."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots.views import find_meeting_view
from coop.governance.ballots.words import commands
from coop.governance.ballots.words.store import SAYINGS, find_words
from coop.governance.entries.forms import Filled, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.kit.http import GuardedRoute, reading, writing
from coop.values import CoopError
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/meetings", include_in_schema=False)
may = ACCESS.may

KINDS: Final = {
    commands.KIND: EntryKind(
        "/governance/meetings/{meeting_id}/words",
        commands.keep_words,
        N_("Compare what the chair or a body said with the paper: %(paper)s"),
        N_("Confirmed: it counts at the closing."),
    )
}

SAID: Final = {
    "for": N_("The chair is for"),
    "against": N_("The chair is against"),
    "consents": N_("The body consents"),
    "refuses": N_("The body does not consent"),
}


@routes.get("/{meeting_id}/words")
@may("enter-words")
def show_words(request: Request, meeting_id: str) -> Response:
    """Show what was said, what waits for a second person, and the form for more."""
    return _show(request, meeting_id, Form({}))


@routes.post("/{meeting_id}/words")
@may("enter-words")
def enter(request: Request, meeting_id: str, filled: Filled) -> Response:
    """Keep words until somebody else confirms them."""
    words = [
        (name.partition(".")[2], name.partition(".")[0], says)
        for name, says in filled.items()
        if name.startswith(tuple(f"{speaker}." for speaker in SAYINGS)) and says
    ]
    try:
        with writing(request) as tx:
            commands.enter_words(tx, meeting_id, filled.get("paper", ""), words, filled.get("entry_id", "")[:100])
    except CoopError as refusal:
        return _show(request, meeting_id, Form(filled).refused(refusal))
    said = translate(language_of(request), "This is on file. It holds once somebody else of the board confirms it.")
    return redirect(f"/governance/meetings/{meeting_id}/words", said)


def _show(request: Request, meeting_id: str, form: Form) -> Response:
    with reading(request) as tx:
        view = find_meeting_view(tx, meeting_id)
        asked = [] if view.is_over else commands.list_asked(tx, view.meeting)
        given = {point.resolution.resolution_id: find_words(tx, point.resolution.resolution_id) for point, _ in asked}
        waiting = [] if view.is_over else list_waiting(tx, commands.KIND, meeting_id=meeting_id)
    return show_page(
        request,
        "governance/words.html",
        form,
        view=view,
        asked=asked,
        given=given,
        waiting=waiting,
        subjects={outcome.resolution.resolution_id: outcome.resolution for outcome in view.outcomes},
        said=SAID,
    )


settle_at(routes, KINDS, _show)
