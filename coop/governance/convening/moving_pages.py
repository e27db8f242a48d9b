"""Pages by which members and the board change a point of the agenda, or put another option beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from coop.communities.tariffs import read_components
from coop.governance.access import ACCESS
from coop.governance.ballots import wording
from coop.governance.ballots.motions.rules import MANNERS
from coop.governance.ballots.motions.views import view_motions
from coop.governance.ballots.views import find_resolution_view
from coop.governance.convening import formbook
from coop.governance.convening.moving import (
    KIND,
    Proposed,
    enter_motion,
    join_motion,
    keep_motion,
    keep_order,
    make_motion,
    set_order,
)
from coop.governance.convening.pages import find_known, gather_fields
from coop.governance.decisions import tariff_form
from coop.governance.entries.forms import Filled, enter_at, settle_at, show_page
from coop.governance.entries.kinds import EntryKind
from coop.governance.entries.store import list_waiting
from coop.governance.kinds import Known
from coop.governance.meetings import store
from coop.governance.meetings.agenda import ORDER
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.model import Resolution
from coop.governance.programmes.store import list_programmes
from coop.governance.statutes.record import read_articles
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, read_digits
from coop.web.forms import Form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

FORM_MAX: Final = 2**20
"""Largest form [bytes]."""

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/resolutions", include_in_schema=False)
may = ACCESS.may

PAGE: Final = "/governance/resolutions/{resolution_id}/motions"
_SETTLED: Final = N_("It is done, and the members are told."), N_("Nothing is changed.")

KINDS: Final = {
    KIND: EntryKind(
        PAGE, keep_motion, N_("Confirm a motion of the room or of the board, or leave it out: %(paper)s"), *_SETTLED
    ),
    ORDER: EntryKind(PAGE, keep_order, N_("Confirm the order of amendments: %(paper)s"), *_SETTLED),
}


@routes.get("/{resolution_id}/motions")
@may("see-decisions")
def show_motions(request: Request, resolution_id: str) -> Response:
    """Show what was handed in on a point, and how the reader backs it or hands in something."""
    return _show(request, resolution_id, Form({}))


@routes.get("/{resolution_id}/motions/new")
@may("make-motion")
def show_new(request: Request, resolution_id: str, manner: str = "") -> Response:
    """Show the form of a member's own motion."""
    return _show_form(request, resolution_id, _begin(request, resolution_id, manner), by_board=False)


@routes.get("/{resolution_id}/motions/room")
@may("enter-motion")
def show_room(request: Request, resolution_id: str, manner: str = "") -> Response:
    """Show the form of a motion of the room or of the board."""
    return _show_form(request, resolution_id, _begin(request, resolution_id, manner), by_board=True)


@routes.post("/{resolution_id}/motions/new")
@may("make-motion")
@body_max(FORM_MAX)
def make(request: Request, resolution_id: str, filled: Filled) -> Response:
    """Hand in a motion as the reader."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    edited = formbook.edit_form(filled, filled.pop("act", ""), find_known(request))
    if edited is not None:
        return _show_form(request, resolution_id, Form(edited), by_board=False)
    try:
        with writing(request) as tx:
            proposed = _read(filled, formbook.read_point(filled, list_programmes(tx)))
            make_motion(tx, resolution_id, member_id, proposed, filled.get("motion_id", "")[:36])
    except CoopError as refusal:
        return _show_form(request, resolution_id, _refuse(filled, refusal), by_board=False)
    said = translate(language_of(request), "Your motion is on file, with the day and the hour.")
    return redirect(f"/governance/resolutions/{resolution_id}/motions", said)


@routes.post("/{resolution_id}/motions/room")
@may("enter-motion")
@body_max(FORM_MAX)
def enter(request: Request, resolution_id: str, filled: Filled) -> Response:
    """Keep a motion of the room or of the board, until somebody else confirms it."""
    edited = formbook.edit_form(filled, filled.pop("act", ""), find_known(request))
    if edited is not None:
        return _show_form(request, resolution_id, Form(edited), by_board=True)
    try:
        with writing(request) as tx:
            proposed = _read(filled, formbook.read_point(filled, list_programmes(tx)))
            numbers = filled.get("numbers", "").replace(",", " ").split()
            paper, entry_id = filled.get("paper", ""), filled.get("motion_id", "")[:100]
            enter_motion(tx, resolution_id, proposed, numbers, paper, entry_id)
    except CoopError as refusal:
        return _show_form(request, resolution_id, _refuse(filled, refusal), by_board=True)
    said = translate(language_of(request), "This is on file. It holds once somebody else of the board confirms it.")
    return redirect(f"/governance/resolutions/{resolution_id}/motions", said)


@routes.post("/{resolution_id}/motions/join")
@may("make-motion")
def join(request: Request, resolution_id: str, filled: Filled) -> Response:
    """Back a motion as the reader."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    try:
        with writing(request) as tx:
            join_motion(tx, resolution_id, filled.get("motion_id", "")[:100], member_id)
    except CoopError as refusal:
        return _show(request, resolution_id, Form({}).refused(refusal))
    said = translate(language_of(request), "It is on file that you back this motion.")
    return redirect(f"/governance/resolutions/{resolution_id}/motions", said)


def _set_order(tx: Tx, session: Session, filled: Mapping[str, str], resolution_id: str) -> None:
    """Keep the chair's order of amendments, until somebody else confirms it."""
    places = {name.removeprefix("place "): text for name, text in filled.items() if name.startswith("place ")}
    ranked = sorted(places, key=lambda each: (read_digits(places[each]) or 99, each))
    set_order(tx, resolution_id, ranked, filled.get("paper", ""), filled.get("entry_id", "")[:100])


def _begin(request: Request, resolution_id: str, manner: str) -> Form:
    """The form filled in with what the point puts to the vote now."""
    with reading(request) as tx:
        _, outcome = find_resolution_view(tx, resolution_id)
        programmes = list_programmes(tx)
    point = outcome.resolution
    components = read_components(point.parameters) if point.kind == "tariff" else ()
    articles = read_articles(point.parameters) if point.kind == "statutes" and point.parameters else None
    known = Known(programmes, components, articles)
    return Form({"manner": manner if manner in MANNERS else MANNERS[0], **formbook.fill_point(point, known)})


def _read(filled: Mapping[str, str], point: Resolution) -> Proposed:
    texts = (point.subject_nl, point.subject_en, point.parameters, point.explanation_nl, point.explanation_en)
    return Proposed(filled.get("manner", ""), *texts)


def _refuse(filled: Mapping[str, str], refusal: CoopError) -> Form:
    """The form with every problem at its field."""
    if isinstance(refusal, BadInput) and refusal.code == "bad-motion":
        own = ("manner", "numbers", "paper")
        places = [each.field if each.field in own else f"1.{_place(each.field)}" for each in refusal.problems]
        problems = [Problem(each.reason, place) for each, place in zip(refusal.problems, places, strict=True)]
        refusal = BadInput(problems, refusal.code)
    return Form({**filled}).refused(refusal)


def _place(field: str) -> str:
    return tariff_form.place_field(field.removeprefix("parameters."))


def _show_form(request: Request, resolution_id: str, form: Form, *, by_board: bool) -> Response:
    with reading(request) as tx:
        view, outcome = find_resolution_view(tx, resolution_id)
        motions = view_motions(tx, resolution_id, session_of(request).member_id)
    return render(
        request,
        "governance/motion_form.html",
        422 if form.problems else 200,
        **gather_fields(request, form),
        view=view,
        outcome=outcome,
        motions=motions,
        by_board=by_board,
        motion_id=form.value("motion_id") or str(uuid4()),
        manners=MANNER_WORDS,
        single=True,
    )


MANNER_WORDS: Final = {"amendment": N_("Amendment"), "option": N_("Another option")}
"""Describe a motion in words."""


def _show(request: Request, resolution_id: str, form: Form) -> Response:
    session, lang = session_of(request), language_of(request)
    with reading(request) as tx:
        view, outcome = find_resolution_view(tx, resolution_id)
        motions = view_motions(tx, resolution_id, session.member_id)
        numbers = list_numbers(tx)
        called = wording.names(lang, store.list_meetings(tx), list_programmes(tx)) | numbers
        waiting = list_waiting(tx, *KINDS, resolution_id=resolution_id)
    point = outcome.resolution
    said = {
        motion_id: wording.parameters(lang, Resolution(motion_id, point.kind, "", "", "", "", parameters), called)
        for motion_id, parameters in (
            *((each.motion.motion_id, each.motion.content["parameters"]) for each in motions.motions),
            *((entry.entry_id, entry.content["parameters"]) for entry in waiting if entry.kind == KIND),
        )
    }
    return show_page(
        request,
        "governance/motions.html",
        form,
        view=view,
        outcome=outcome,
        motions=motions,
        waiting=waiting,
        said=said,
        called=called,
        manners=MANNER_WORDS,
        makes=ACCESS.allows(session, "make-motion") and motions.may_back,
        steward=ACCESS.allows(session, "enter-motion"),
        words=wording,
    )


enter_at(routes, KINDS, "enter-motion", _set_order, _show, "/order")
settle_at(routes, KINDS, _show)
