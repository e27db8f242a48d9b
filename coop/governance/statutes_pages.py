"""Pages of the statutes: each version read as articles with what it would do in an example, and the form of a new one.

Nothing is kept before a person has seen what it means.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.governance import statutes_form, wording
from coop.governance.access import ACCESS
from coop.governance.handlers import statutes
from coop.governance.model import BASES, KINDS
from coop.governance.statutes_form import MAJORITIES, QUORUMS
from coop.governance.storage import meetings as store
from coop.governance.storage import programmes as programme_store
from coop.governance.storage.entries import find_settled
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.tx import Tx
from coop.values import CoopError
from coop.web.forms import Form, read_form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

PAGE = "/governance/statutes"
EXAMPLE_AHEAD = timedelta(days=60)
"""An example meeting lies so far ahead."""

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("")
@may("see-decisions")
def show_statutes(request: Request) -> Response:
    """Show every version of the statutes, the one in force first."""
    with reading(request) as tx:
        versions, called, today = store.list_statutes(tx)[::-1], _name_resolutions(tx, language_of(request)), tx.today
    in_force = next((version.valid_from for version in versions if version.valid_from <= today), None)
    return render(
        request,
        "governance/statutes.html",
        versions=versions,
        in_force=in_force,
        called=called,
        example=today + EXAMPLE_AHEAD,
        may_adopt=ACCESS.allows(session_of(request), "adopt-statutes"),
        words=wording,
    )


@routes.get("/new")
@may("adopt-statutes")
def show_form(request: Request) -> Response:
    """Show the form of a new version, filled in with the rules of the newest."""
    with reading(request) as tx:
        versions = store.list_statutes(tx)
    return _show_form(request, Form(statutes_form.fill_statutes(versions[-1] if versions else None)))


@routes.post("/new")
@may("adopt-statutes")
def keep_statutes(request: Request, filled: Filled) -> Response:
    """Show what a version means, and keep it when it was looked at."""
    if filled.get("act") == "mend":
        return _show_form(request, Form(filled))
    try:
        version = statutes_form.read_statutes(filled)
        if filled.get("act") != "keep":
            with reading(request) as tx:
                today = tx.today
            return render(
                request,
                "governance/statutes_look.html",
                version=version,
                example=today + EXAMPLE_AHEAD,
                filled={name: value for name, value in filled.items() if name != "act"},
                words=wording,
            )
        with writing(request) as tx:
            entry = statutes.adopt_statutes(tx, version)
            waits = entry is not None and find_settled(tx, entry.entry_id) is None
    except CoopError as refusal:
        return _show_form(request, Form(filled).refused(refusal))
    if waits:
        said = N_("The statutes are entered. They hold once somebody else confirms them.")
        return redirect("/governance/entries", translate(language_of(request), said))
    return redirect(PAGE, translate(language_of(request), "The statutes are on file."))


def _show_form(request: Request, form: Form) -> Response:
    with reading(request) as tx:
        called = _name_resolutions(tx, language_of(request))
        adopted = store.list_adopted(tx)
        is_first = not store.list_statutes(tx)
    return render(
        request,
        "governance/statutes_form.html",
        422 if form.problems else 200,
        form=form,
        kinds=KINDS,
        bases=BASES,
        majorities=MAJORITIES,
        quorums=QUORUMS,
        resolutions=[("", "–"), *((each, called.get(each, each)) for each in adopted)],
        is_first=is_first,
        words=wording,
    )


def _name_resolutions(tx: Tx, lang: str) -> dict[str, str]:
    return wording.names(lang, store.list_meetings(tx), programme_store.list_programmes(tx))
