"""Pages by which the board plans a programme: phases, milestones and tranches, looked at before they bind."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.model import Programme
from coop.governance.programmes import commands as programmes
from coop.governance.programmes import planning_form, wording
from coop.governance.programmes.rules import numbered_tranches
from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.values import BadInput, CoopError
from coop.web.forms import Form, read_form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/governance/programme"
FORM_MAX = 256 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix=f"{PAGE}/new", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("")
@may("plan-programme")
def show_planning(request: Request) -> Response:
    """Show the form with a first phase and a first tranche."""
    return _show_form(request, Form(planning_form.add_part(planning_form.add_part({}, "phase"), "tranche")))


@routes.post("")
@may("plan-programme")
@body_max(FORM_MAX)
def plan(request: Request, filled: Filled) -> Response:
    """Add or drop a part, show the programme as everybody will read it, or keep it."""
    act = filled.pop("act", "look")
    if act.startswith("add "):
        return _show_form(request, Form(planning_form.add_part(filled, act.removeprefix("add "))))
    if act.startswith("drop "):
        return _show_form(request, Form(planning_form.drop_part(filled, act.removeprefix("drop "))))
    if act == "mend":
        return _show_form(request, Form(filled))
    fields: dict[str, str] = {}
    try:
        programme, fields = planning_form.read_programme(filled)
        if act != "keep":
            with reading(request) as tx:
                programmes.judge_programme(tx, programme)
            return _show_look(request, programme, filled)
        with writing(request) as tx:
            programmes.plan_programme(tx, programme)
    except CoopError as refusal:
        if isinstance(refusal, BadInput):
            refusal = BadInput(planning_form.place_problems(refusal.problems, fields), refusal.code)
        return _show_form(request, Form(filled).refused(refusal))
    return redirect(PAGE, translate(language_of(request), "The programme is on file."))


def _show_look(request: Request, programme: Programme, filled: dict[str, str]) -> Response:
    names = {
        milestone.milestone_id: wording.milestone_name(language_of(request), milestone)
        for phase in programme.phases
        for milestone in phase.milestones
    }
    return render(
        request,
        "governance/programme_look.html",
        programme=programme,
        names=names,
        numbers=numbered_tranches(programme),
        filled=filled,
        words=wording,
    )


def _show_form(request: Request, form: Form) -> Response:
    lang, marks = language_of(request), planning_form.list_marks(form.values)
    milestones = [
        (own, form.value(f"{own}name_nl") or translate(lang, "Milestone %(number)s", number=f"{place}.{order}"))
        for place, mark in enumerate(marks.phases, start=1)
        for order, own in enumerate(marks.milestones[mark], start=1)
    ]
    return render(
        request,
        "governance/programme_form.html",
        422 if form.problems else 200,
        form=form,
        marks=marks,
        milestones=milestones,
    )
