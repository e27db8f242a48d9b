"""Page of what the chair and bodies outside a meeting said before its count, which two people enter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.ballots.views import find_meeting_view
from coop.governance.ballots.words import commands
from coop.governance.ballots.words.store import SAYINGS, find_words
from coop.governance.entries.forms import enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.kit.http import GuardedRoute, reading
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.web.forms import Form
from coop.web.language import N_

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


def _enter(tx: Tx, session: Session, filled: Mapping[str, str], meeting_id: str) -> None:
    """Keep words until somebody else confirms them."""
    words = [
        (name.partition(".")[2], name.partition(".")[0], says)
        for name, says in filled.items()
        if name.startswith(tuple(f"{speaker}." for speaker in SAYINGS)) and says
    ]
    commands.enter_words(tx, meeting_id, filled.get("paper", ""), words, filled.get("entry_id", "")[:100])


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


enter_at(routes, KINDS, "enter-words", _enter, _show)
settle_at(routes, KINDS, _show)
