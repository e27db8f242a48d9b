"""Pages of what one person enters from a paper and another confirms: meetings of the past, and the statutes."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from coop.governance.access import ACCESS
from coop.governance.articles import readings as statutes_readings
from coop.governance.articles.commands import keep_statutes, read_entry
from coop.governance.ballots import wording
from coop.governance.ballots.counting import decide
from coop.governance.convening import formbook, past
from coop.governance.convening.pages import find_known, gather_fields
from coop.governance.entries.forms import Filled, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import Entry, list_entries
from coop.governance.kinds import list_kinds
from coop.governance.meetings import store
from coop.governance.model import ELECTION
from coop.governance.programmes import store as programme_store
from coop.governance.statutes.version import in_force
from coop.kit.http import GuardedRoute, reading, writing
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

PAGE: Final = "/governance/entries"

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", include_in_schema=False)
may = ACCESS.may

_SETTLED: Final = N_("It is confirmed, and holds from now on."), N_("This entry is left out.")

KINDS: Final = {
    "meeting": EntryKind(
        PAGE, past.keep_minutes, N_("Compare a meeting that somebody entered with its minutes: %(paper)s"), *_SETTLED
    ),
    "statutes": EntryKind(
        PAGE, keep_statutes, N_("Compare the statutes that somebody entered with the deed: %(paper)s"), *_SETTLED
    ),
}


@routes.get("/meetings/past")
@may("enter-past-meeting")
def show_past_form(request: Request, kind: str = "") -> Response:
    """Show the form of a meeting of the past, with a first point of a kind where one is asked."""
    point = formbook.add_point({}, kind, find_known(request)) if kind in list_kinds() else {}
    return _show_form(request, Form(point))


@routes.post("/meetings/past")
@may("enter-past-meeting")
def enter_past_meeting(request: Request, filled: Filled) -> Response:
    """Add or drop a point, or keep what the minutes say until somebody else confirms it."""
    act = filled.pop("act", "keep")
    edited = formbook.edit_form(filled, act, find_known(request))
    if edited is not None:
        return _show_form(request, Form(edited))
    minutes = None
    try:
        with reading(request) as tx:
            minutes = formbook.read_minutes(filled, programme_store.list_programmes(tx))
        with writing(request) as tx:
            past.enter_past_meeting(tx, minutes)
    except CoopError as refusal:
        if minutes is not None and isinstance(refusal, BadInput):
            refusal = BadInput(formbook.place_problems(filled, minutes.meeting, refusal.problems), refusal.code)
        return _show_form(request, Form(filled).refused(refusal), refusal.code)
    said = N_("The meeting is entered. It holds once somebody else confirms it.")
    return redirect(PAGE, translate(language_of(request), said))


@routes.get("/entries")
@may("confirm-entry")
def show_entries(request: Request) -> Response:
    """Show what waits for a second person, and what was confirmed or left out."""
    return _show_entries(request, Form({}))


def _show_form(request: Request, form: Form, code: str = "") -> Response:
    status = 422 if form.problems else 200
    kinds = {name: kind for name, kind in list_kinds().items() if name != ELECTION and kind.is_convened}
    with reading(request) as tx:
        classes = {one.name for version in store.list_statutes(tx) for one in version.articles.classes}
    fields = {**gather_fields(request, form), "kinds": kinds, "class_names": sorted(classes)[: formbook.CLASSES]}
    return render(request, "governance/past.html", status, **fields, code=code)


def _show_entries(request: Request, form: Form) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        called = wording.names(lang, store.list_meetings(tx), programme_store.list_programmes(tx))
        shown = [
            (entry, settled, *_describe(tx, entry, lang, called))
            for entry, settled in reversed(list_entries(tx, *KINDS))
        ]
    return show_page(request, "governance/entries.html", form, 409, shown=shown, called=called, words=wording)


def _describe(tx: Tx, entry: Entry, lang: str, called: dict[str, str]) -> tuple[object, object]:
    """Contents of an entry: minutes with each point as it would be decided, or a version of the statutes."""
    if entry.kind == "statutes":
        version = read_entry(entry)
        return None, (
            version,
            statutes_readings.read_out(lang, version.articles, tx.today + statutes_readings.EXAMPLE_AHEAD),
        )
    minutes = past.read_minutes(entry)
    articles = in_force(store.list_statutes(tx), minutes.meeting.held_on).articles
    points = [
        (point, count, decide(articles, point.ruled_as, count), wording.parameters(lang, point, called))
        for point, count in zip(minutes.meeting.resolutions, minutes.counts, strict=True)
    ]
    return (minutes.meeting, points), None


settle_at(routes, KINDS, _show_entries)
