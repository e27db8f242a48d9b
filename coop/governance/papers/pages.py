"""Pages of documents of agenda points: the board puts them ready, members open them, and a later one is marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.meetings.paper_store import list_laid
from coop.governance.meetings.store import list_statutes
from coop.governance.model import Paper
from coop.governance.papers import commands, store, texts
from coop.governance.papers.files import answer_file
from coop.governance.papers.rules import PAPER_MAX, name_of_file
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.terms import find_text, last_day
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.tx import Tx
from coop.values import CoopError
from coop.web.forms import Form, read_files, read_form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

PAGE: Final = "/governance/papers"
FORM_MAX: Final = PAPER_MAX + 64 * 1024
"""Largest form with its file [bytes]."""

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]
Files = Annotated[dict[str, tuple[str, bytes]], Depends(read_files)]


@routes.get("/papers")
@may("add-papers")
def show_ready(request: Request) -> Response:
    """Show the documents that are ready for an agenda, and the form by which one more is."""
    return _show_ready(request, Form({}))


@routes.post("/papers")
@may("add-papers")
@body_max(FORM_MAX)
def put_ready(request: Request, filled: Filled, files: Files) -> Response:
    """Put a document ready."""
    try:
        with writing(request) as tx:
            _put(tx, filled, files)
    except CoopError as refusal:
        return _show_ready(request, Form(filled).refused(refusal))
    said = N_("The document is ready: choose it with a point when you convene the meeting.")
    return redirect(PAGE, translate(language_of(request), said))


@routes.post("/papers/{paper_id}/take-away")
@may("add-papers")
def take_away(request: Request, paper_id: str) -> Response:
    """Take a document away that no point has yet."""
    with writing(request) as tx:
        commands.take_away(tx, paper_id)
    return redirect(PAGE, translate(language_of(request), "The document is taken away."))


@routes.get("/papers/{paper_id}")
@may("see-papers")
def open_paper(request: Request, paper_id: str) -> Response:
    """Hand out a document as it was put ready."""
    with reading(request) as tx:
        of_board = ACCESS.allows(session_of(request), "add-papers")
        return answer_file(*commands.read_paper(tx, paper_id, of_board=of_board))


@routes.get("/resolutions/{resolution_id}/papers")
@may("add-papers")
def show_later(request: Request, resolution_id: str) -> Response:
    """Show the documents of a point, and the form by which a later one comes beside them."""
    return _show_later(request, resolution_id, Form({}))


@routes.post("/resolutions/{resolution_id}/papers")
@may("add-papers")
@body_max(FORM_MAX)
def add_later(request: Request, resolution_id: str, filled: Filled, files: Files) -> Response:
    """Lay a later document open with a point."""
    try:
        with writing(request) as tx:
            commands.add_later(tx, resolution_id, _put(tx, filled, files).paper_id)
    except CoopError as refusal:
        return _show_later(request, resolution_id, Form(filled).refused(refusal))
    said = translate(language_of(request), "The document lies open from now on, marked as later than the notice.")
    return redirect(f"/governance/resolutions/{resolution_id}", said)


def _put(tx: Tx, filled: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> Paper:
    file_name, body = files.get("file", ("", b""))
    name_nl = filled.get("name_nl", "").strip() or name_of_file(file_name)
    return commands.put_ready(tx, name_nl, filled.get("name_en", ""), filled.get("role", ""), body)


def _show_ready(request: Request, form: Form) -> Response:
    with reading(request) as tx:
        ready = store.list_ready(tx)
    status = 422 if form.problems else 200
    return render(request, "governance/papers.html", status, form=form, ready=ready, paper_words=texts)


def _show_later(request: Request, resolution_id: str, form: Form) -> Response:
    with reading(request) as tx:
        meeting, point = commands.find_point(tx, resolution_id)
        laid = list_laid(tx, [resolution_id])
        term = find_text(find_articles(meeting, list_statutes(tx)), point.ruled_as, meeting.held_on)
    return render(
        request,
        "governance/later_paper.html",
        422 if form.problems else 200,
        form=form,
        meeting=meeting,
        point=point,
        laid=laid,
        term=term,
        last=last_day(term, meeting.held_on) if term else None,
        paper_words=texts,
    )
