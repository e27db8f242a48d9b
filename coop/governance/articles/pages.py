"""Pages of the statutes: each version read as articles with what it would do in an example, and the form of a new one.

Nothing is kept before a person has seen what it means.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.articles import commands as statutes
from coop.governance.articles import form as statutes_form
from coop.governance.articles import readings as statutes_readings
from coop.governance.articles import words as statutes_words
from coop.governance.ballots import wording
from coop.governance.entries.store import find_settled
from coop.governance.meetings import store
from coop.governance.programmes import store as programme_store
from coop.governance.programmes.files import FILE_MAX
from coop.governance.programmes.reports import keep_file
from coop.governance.statutes.record import read_articles
from coop.governance.statutes.version import Statutes
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.tx import Tx
from coop.values import CoopError
from coop.web.forms import Form, read_files, read_form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

PAGE = "/governance/statutes"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]
Files = Annotated[dict[str, tuple[str, bytes]], Depends(read_files)]


@routes.get("")
@may("see-decisions")
def show_statutes(request: Request) -> Response:
    """Show every version of the statutes, the one in force first, with what each changed."""
    lang = language_of(request)
    with reading(request) as tx:
        versions, called, today = store.list_statutes(tx)[::-1], _name_resolutions(tx, lang), tx.today
    in_force = next((version.valid_from for version in versions if version.valid_from <= today), None)
    example = today + statutes_readings.EXAMPLE_AHEAD
    shown = []
    for version, before in zip(versions, [*versions[1:], None], strict=False):
        changes = statutes_readings.compare(lang, before.articles, version.articles, example) if before else None
        shown.append((version, statutes_readings.read_out(lang, version.articles, example), changes))
    return render(
        request,
        "governance/statutes.html",
        shown=shown,
        in_force=in_force,
        called=called,
        example=example,
        may_adopt=ACCESS.allows(session_of(request), "adopt-statutes"),
        may_convene=ACCESS.allows(session_of(request), "convene"),
    )


@routes.get("/new")
@may("adopt-statutes")
def show_form(request: Request, resolution: str = "") -> Response:
    """Show the form of a new version, filled in with what a meeting adopted, or with the articles of the newest."""
    with reading(request) as tx:
        versions = store.list_statutes(tx)
        adopted = store.find_resolution(tx, resolution) if resolution in store.list_adopted(tx) else None
    articles = versions[-1].articles if versions else None
    if adopted is not None and adopted.kind == "statutes":
        articles = read_articles(adopted.parameters)
    return _show_form(request, Form(statutes_form.fill_articles(articles) | {"resolution_id": resolution}))


@routes.post("/new")
@may("adopt-statutes")
@body_max(FILE_MAX + 2**20)
def keep_statutes(request: Request, filled: Filled, files: Files) -> Response:
    """Show what a version means, and keep it when it was looked at."""
    if filled.get("act") == "mend":
        return _show_form(request, Form(filled))
    try:
        if "deed" in files:
            with writing(request) as tx:
                filled["deed_file"] = keep_file(tx, *files["deed"])
        version = statutes_form.read_statutes(filled)
        if filled.get("act") != "keep":
            return _show_look(request, version, filled)
        with writing(request) as tx:
            entry = statutes.adopt_statutes(tx, version)
            holds = find_settled(tx, entry.entry_id) is not None
    except CoopError as refusal:
        return _show_form(request, Form(filled).refused(refusal))
    if holds:
        return redirect(PAGE, translate(language_of(request), "The statutes are on file."))
    said = N_("The statutes are entered. They hold once somebody else confirms them.")
    return redirect("/governance/entries", translate(language_of(request), said))


def _show_look(request: Request, version: Statutes, filled: dict[str, str]) -> Response:
    """Show what a version says before anything is kept, and what it changes."""
    lang = language_of(request)
    with reading(request) as tx:
        example, versions = tx.today + statutes_readings.EXAMPLE_AHEAD, store.list_statutes(tx)
    before = versions[-1].articles if versions else None
    return render(
        request,
        "governance/statutes_look.html",
        version=version,
        items=statutes_readings.read_out(lang, version.articles, example),
        changes=statutes_readings.compare(lang, before, version.articles, example) if before else None,
        filled={name: value for name, value in filled.items() if name != "act" and value},
    )


def _show_form(request: Request, form: Form) -> Response:
    with reading(request) as tx:
        called = _name_resolutions(tx, language_of(request))
        used = {version.resolution_id for version in store.list_statutes(tx)}
        adopted = [each for each in store.list_adopted(tx) if _changes_statutes(tx, each) and each not in used]
        is_first = not store.list_statutes(tx)
    return render(
        request,
        "governance/statutes_form.html",
        422 if form.problems else 200,
        form=form,
        resolutions=[("", "–"), *((each, called.get(each, each)) for each in adopted)],
        is_first=is_first,
        **statutes_form.split_sections(),
        statutes_words=statutes_words,
    )


def _changes_statutes(tx: Tx, resolution_id: str) -> bool:
    resolution = store.find_resolution(tx, resolution_id)
    return resolution is not None and resolution.kind == "statutes"


def _name_resolutions(tx: Tx, lang: str) -> dict[str, str]:
    return wording.names(lang, store.list_meetings(tx), programme_store.list_programmes(tx))
