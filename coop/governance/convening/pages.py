"""Pages by which the board convenes a meeting: fields for each kind of decision, and a look at the notice before it
binds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from coop.communities import tariff_texts
from coop.communities.choices import CHOICES
from coop.communities.tariffs import Component, read_components
from coop.communities.texts import CHOICE_NAMES, FIELD_NAMES
from coop.governance.access import ACCESS
from coop.governance.articles import form as statutes_form
from coop.governance.articles import readings as statutes_readings
from coop.governance.articles import words as statutes_words
from coop.governance.ballots import wording
from coop.governance.ballots.counting import rule_of
from coop.governance.convening import commands as meetings
from coop.governance.convening import formbook, tariff_form
from coop.governance.meetings import store
from coop.governance.meetings.withdrawal_store import list_withdrawn
from coop.governance.model import KINDS, Meeting
from coop.governance.programmes import store as programme_store
from coop.governance.programmes.wording import phase_name
from coop.governance.statutes.applying import last_notice_date
from coop.governance.statutes.model import Articles
from coop.governance.statutes.saying import say_rule
from coop.governance.statutes.version import in_force
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.values import BadInput, CoopError
from coop.web.forms import Form, read_form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/governance/meetings/new"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("")
@may("convene")
def show_convening(request: Request, kind: str = "") -> Response:
    """Show the form of a notice, with a first point of a kind where one is asked."""
    in_force = find_components_in_force(request)
    point = formbook.add_point({}, kind, in_force, find_articles(request)) if kind in KINDS else {}
    return _show_form(request, Form(point))


@routes.post("")
@may("convene")
def convene(request: Request, filled: Filled) -> Response:
    """Add or drop a point, show the notice as members will read it, or keep it."""
    act = filled.pop("act", "look")
    edited = formbook.edit_form(filled, act, find_components_in_force(request), find_articles(request))
    if edited is not None:
        return _show_form(request, Form(edited))
    meeting = None
    try:
        with reading(request) as tx:
            taken = frozenset(list_withdrawn(tx))
            meeting = formbook.read_notice(filled, programme_store.list_programmes(tx), tx.today, taken)
        if act != "keep":
            return show_notice(request, meeting, filled)
        with writing(request) as tx:
            meetings.convene_meeting(tx, meeting)
    except CoopError as refusal:
        if meeting is not None and isinstance(refusal, BadInput):
            refusal = BadInput(formbook.place_problems(filled, meeting, refusal.problems), refusal.code)
        return _show_form(request, Form(filled).refused(refusal), refusal.code)
    said = translate(language_of(request), "The notice is kept: from now on nothing in it can change.")
    return redirect(f"/governance/meetings/{meeting.meeting_id}", said)


def find_articles(request: Request) -> Articles | None:
    """The statutes that came on file last, with which a change of them begins."""
    with reading(request) as tx:
        versions = store.list_statutes(tx)
    return versions[-1].articles if versions else None


def show_notice(request: Request, meeting: Meeting, filled: dict[str, str], address: str = PAGE) -> Response:
    """Show what the notice says; whatever would refuse it refuses it here already."""
    lang = language_of(request)
    with reading(request) as tx:
        meetings.judge_notice(tx, meeting)
        articles = in_force(store.list_statutes(tx), meeting.held_on).articles
        called = wording.names(lang, [], programme_store.list_programmes(tx))
        adopted = store.list_tariffs(tx)
    points = []
    for point in meeting.resolutions:
        rule = rule_of(articles, point.kind)
        differences = statutes_readings.compare_change(lang, articles, point, meeting.held_on)
        changes = tariff_form.tariff_changes(lang, point, adopted)
        parameters = wording.parameters(lang, point, called)
        points.append((point, rule.article, say_rule(rule), parameters, changes, differences))
    latest = min(last_notice_date(articles, point.kind, meeting.held_on) for point in meeting.resolutions)
    return render(
        request,
        "governance/convene_look.html",
        meeting=meeting,
        points=points,
        latest=latest,
        filled=filled,
        sees_all_effects=ACCESS.allows(session_of(request), "find-all-effects"),
        address=address,
        words=wording,
    )


def _show_form(request: Request, form: Form, code: str = "") -> Response:
    status = 422 if form.problems else 200
    return render(request, "governance/convene.html", status, **gather_fields(request, form), code=code)


def find_components_in_force(request: Request) -> tuple[Component, ...]:
    """The components of the tariff that is in force today, as far as this installation decided it; none before."""
    with reading(request) as tx:
        today, adopted = tx.today, store.list_tariffs(tx)
    newest = tariff_form.tariff_in_force(adopted, today)
    return read_components(newest.parameters) if newest else ()


def gather_fields(request: Request, form: Form) -> dict[str, Any]:
    """Everything that the fields of an agenda need to be shown."""
    lang = language_of(request)
    with reading(request) as tx:
        programmes = programme_store.list_programmes(tx)
        versions = store.list_statutes(tx)
    phases = [
        (phase.phase_id, f"{programme.name}: {phase_name(lang, phase)}", phase.budget_cents)
        for programme in programmes
        for phase in programme.phases
    ]
    return {
        "form": form,
        "points": formbook.list_points(form.values),
        "kinds": KINDS,
        **statutes_form.split_sections(),
        "statutes_words": statutes_words,
        "names": formbook.name_fields(form.values),
        "rows": {mark: tariff_form.list_rows(form.values, mark) for mark, _ in formbook.list_points(form.values)},
        "tariff": tariff_form,
        "tariff_texts": tariff_texts,
        "key_kinds": formbook.KEY_KINDS,
        "choices": [(name, CHOICE_NAMES[name], list(CHOICES[name].model_fields)) for name in formbook.MONEY_CHOICES],
        "field_names": FIELD_NAMES,
        "phases": phases,
        "has_statutes": bool(versions),
        "words": wording,
    }
