"""Pages by which the board convenes a meeting: fields for each kind of decision, and a look at the notice before it
binds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from coop.communities import tariff_texts
from coop.communities.choices import CHOICES
from coop.communities.tariffs import read_components
from coop.communities.texts import CHOICE_NAMES, FIELD_NAMES
from coop.governance.access import ACCESS
from coop.governance.articles import form as statutes_form
from coop.governance.articles import readings as statutes_readings
from coop.governance.articles import words as statutes_words
from coop.governance.ballots import wording
from coop.governance.ballots.counting import rule_of
from coop.governance.ballots.elections.candidacy import OFFICES
from coop.governance.convening import commands as meetings
from coop.governance.convening import formbook
from coop.governance.decisions import allocation_key, dated_choice, election, tariff_form
from coop.governance.decisions.referendum import list_awaiting
from coop.governance.decisions.repeal import list_standing
from coop.governance.kinds import Known, find_kind, list_kinds
from coop.governance.meetings import store
from coop.governance.meetings.sharing_groups import list_groups
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.meetings.withdrawal_store import list_withdrawn
from coop.governance.model import Meeting
from coop.governance.papers import commands as papers
from coop.governance.papers import texts as paper_words
from coop.governance.papers.rules import PAPER_MAX, name_of_file
from coop.governance.papers.store import list_ready
from coop.governance.programmes import store as programme_store
from coop.governance.programmes.wording import phase_name
from coop.governance.statutes.applying import find_council, last_notice_date
from coop.governance.statutes.delegates import bind_articles
from coop.governance.statutes.saying import say_rule
from coop.governance.statutes.terms import find_text
from coop.governance.statutes.version import in_force
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.values import BadInput, CoopError, Problem
from coop.web.forms import Form, read_files, read_form
from coop.web.language import gettext, language_of, translate
from coop.web.shell import redirect, render

PAGE = "/governance/meetings/new"
FORM_MAX: Final = 2**20
"""Largest form without its file [bytes]."""

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]
Files = Annotated[dict[str, tuple[str, bytes]], Depends(read_files)]


@routes.get("")
@may("convene")
def show_convening(request: Request, kind: str = "") -> Response:
    """Show the form of a notice, with a first point of a kind where one is asked."""
    point = formbook.add_point({}, kind, find_known(request)) if kind in list_kinds() else {}
    return _show_form(request, Form(point))


@routes.post("")
@may("convene")
@body_max(PAPER_MAX + FORM_MAX)
def convene(request: Request, filled: Filled, files: Files) -> Response:
    """Add or drop a point or a document, show the notice as members will read it, or keep it."""
    act = filled.pop("act", "look")
    if act.startswith("paper "):
        return _put_paper(request, filled, files, act.removeprefix("paper "))
    edited = formbook.edit_form(filled, act, find_known(request))
    if edited is not None:
        return _show_form(request, Form(edited))
    meeting = None
    try:
        with reading(request) as tx:
            taken = frozenset(list_withdrawn(tx))
            meeting = formbook.read_notice(filled, programme_store.list_programmes(tx), tx.today, taken)
            meeting = election.resolve(meeting, list_numbers(tx))
            meeting = papers.attach(tx, meeting, formbook.list_papers(filled))
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


def _put_paper(request: Request, filled: dict[str, str], files: Mapping[str, tuple[str, bytes]], mark: str) -> Response:
    """Put the file that was chosen for a point ready, and mark it as one of the point's documents."""
    file_name, body = files.get(f"{mark}paper_file", ("", b""))
    given = {name: filled.pop(f"{mark}paper_{name}", "") for name in ("name_nl", "name_en", "role")}
    try:
        with writing(request) as tx:
            name_nl = given["name_nl"] or name_of_file(file_name)
            paper = papers.put_ready(tx, name_nl, given["name_en"], given["role"], body)
    except BadInput as bad:
        problems = [Problem(each.reason, f"{mark}paper_{each.field}") for each in bad.problems]
        kept = {f"{mark}paper_{name}": value for name, value in given.items()}
        return _show_form(request, Form(filled | kept).refused(BadInput(problems, bad.code)))
    return _show_form(request, Form(formbook.add_paper(filled, mark, paper.paper_id)))


def find_known(request: Request) -> Known:
    """Everything that a new point begins with: programmes, the tariff in force today, as far as this installation
    decided it, and the statutes that came on file last."""
    with reading(request) as tx:
        versions = store.list_statutes(tx)
        newest = tariff_form.tariff_in_force(store.list_tariffs(tx), tx.today)
        programmes = programme_store.list_programmes(tx)
    components = read_components(newest.parameters) if newest else ()
    return Known(programmes, components, versions[-1].articles if versions else None)


def show_notice(request: Request, meeting: Meeting, filled: dict[str, str], address: str = PAGE) -> Response:
    """Show what the notice says; whatever would refuse it refuses it here already."""
    lang = language_of(request)
    with reading(request) as tx:
        meetings.judge_notice(tx, meeting)
        own = in_force(store.list_statutes(tx), meeting.held_on).articles
        articles = bind_articles(own, meeting)
        called = wording.names(lang, store.list_meetings(tx), programme_store.list_programmes(tx)) | list_numbers(tx)
        adopted = store.list_tariffs(tx)
    points = []
    for point in meeting.resolutions:
        rule = rule_of(articles, point.ruled_as)
        differences = statutes_readings.compare_change(lang, own, point, meeting.held_on)
        changes = tariff_form.tariff_changes(lang, point, adopted)
        parameters = wording.parameters(lang, point, called)
        text = find_text(articles, point.ruled_as, meeting.held_on)
        lacks = text.article if text and not any(paper.role == "text" for paper in point.papers) else ""
        points.append((point, rule.article, say_rule(rule), parameters, changes, differences, lacks))
    latest = min(last_notice_date(articles, point.ruled_as, meeting.held_on) for point in meeting.resolutions)
    return render(
        request,
        "governance/convene_look.html",
        meeting=meeting,
        points=points,
        articles=articles,
        latest=latest,
        filled=filled,
        sees_all_effects=ACCESS.allows(session_of(request), "find-all-effects"),
        address=address,
        words=wording,
        paper_words=paper_words,
    )


def _show_form(request: Request, form: Form, code: str = "") -> Response:
    status = 422 if form.problems else 200
    return render(request, "governance/convene.html", status, **gather_fields(request, form), code=code)


def gather_fields(request: Request, form: Form) -> dict[str, Any]:
    """Everything that the fields of an agenda need to be shown."""
    lang = language_of(request)
    with reading(request) as tx:
        programmes = programme_store.list_programmes(tx)
        versions = store.list_statutes(tx)
        council = find_council(versions, tx.today)
        ready = list_ready(tx)
        taken_back = [
            (f"{each.kind} {each.resolution_id}", f"{each.subject(lang)} ({wording.kind(lang, each.kind)})")
            for each in list_standing(tx)
        ]
        awaiting = [
            (f"{each.kind} {each.resolution_id} {asks}", f"{each.subject(lang)} ({wording.kind(lang, each.kind)})")
            for each, asks in list_awaiting(tx)
        ]
        sharing_groups = list_groups(tx)
    phases = [
        (phase.phase_id, f"{programme.name}: {phase_name(lang, phase)}", phase.budget_cents)
        for programme in programmes
        for phase in programme.phases
    ]
    return {
        "form": form,
        "points": formbook.list_points(form.values),
        "kinds": {name: kind for name, kind in list_kinds().items() if kind.is_convened},
        "kind_of": find_kind,
        **statutes_form.split_sections(),
        "statutes_words": statutes_words,
        "names": formbook.name_fields(form.values),
        "rows": {mark: tariff_form.list_rows(form.values, mark) for mark, _ in formbook.list_points(form.values)},
        "tariff": tariff_form,
        "tariff_texts": tariff_texts,
        "offices": OFFICES,
        "council": council,
        "key_kinds": [(name, gettext(lang, allocation_key.KEYS[name])) for name in allocation_key.OFFERED],
        "choices": [(name, CHOICE_NAMES[name], list(CHOICES[name].model_fields)) for name in dated_choice.NAMES],
        "programmes": [(programme.programme_id, programme.name) for programme in programmes],
        "field_names": FIELD_NAMES,
        "phases": phases,
        "sharing_groups": sharing_groups,
        "decisions": taken_back[::-1],
        "awaiting": awaiting,
        "ready": ready,
        "paper_words": paper_words,
        "chosen": {mark: form.value(f"{mark}papers").split() for mark, _ in formbook.list_points(form.values)},
        "has_statutes": bool(versions),
        "words": wording,
    }
