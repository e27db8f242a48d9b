"""Pages of milestones: the board reports one as reached with its papers, and a partner checks and confirms it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from coop.governance.access import ACCESS
from coop.governance.dates import FIRST_DAY, LAST_DAY
from coop.governance.model import Evidence, Milestone, Reached
from coop.governance.programmes import report_store as store
from coop.governance.programmes import reports, wording
from coop.governance.programmes.commands import find_milestone
from coop.governance.programmes.files import FILE_MAX, judge_file
from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form, read_cents, read_files, read_form
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, redirect, render

PROGRAMME: Final = "/governance/programme"
OTHERS_MAX: Final = 3
"""Papers on one form beside those that the plan asks for."""

FORM_MAX: Final = 3 * FILE_MAX + 2**20
"""Largest report with its papers [bytes]."""

routes = APIRouter(route_class=GuardedRoute, prefix="/governance", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


Files = Annotated[dict[str, tuple[str, bytes]], Depends(read_files)]


@routes.get("/milestones/{milestone_id}/report")
@may("report-milestone")
def show_report_form(request: Request, milestone_id: str) -> Response:
    """Show the form by which a milestone is reported as reached."""
    with reading(request) as tx:
        today = tx.today
    return _show_form(request, milestone_id, Form({"reached_on": today.isoformat()}))


@routes.post("/milestones/{milestone_id}/report")
@may("report-milestone")
@body_max(FORM_MAX)
def report(request: Request, milestone_id: str, filled: Filled, files: Files) -> Response:
    """Keep a report with its papers, until a partner checks it."""
    try:
        with writing(request) as tx:
            _, _, milestone = find_milestone(tx, milestone_id)
            reached_on, cost_cents, papers = _read_report(filled, files, milestone)
            evidence = tuple(
                Evidence(name, file_name, reports.keep_file(tx, file_name, body)) for name, file_name, body in papers
            )
            reports.report_milestone(tx, milestone_id, Reached(reached_on, cost_cents, evidence))
    except CoopError as refusal:
        return _show_form(request, milestone_id, Form(filled).refused(refusal), files_lost=bool(files))
    said = translate(language_of(request), "The report is kept. It counts once a partner has checked it.")
    return redirect(PROGRAMME, said)


@routes.post("/reports/{report_id}/confirm")
@may("check-milestone")
def confirm(request: Request, report_id: str, filled: Filled) -> Response:
    """Confirm a report as a partner; ask before."""
    lang = language_of(request)
    if filled.get("confirmed") != "yes":
        return confirm_page(
            request,
            title=translate(lang, "Was this milestone reached?"),
            text=translate(
                lang,
                "You say that you looked at the papers. The rule then releases the money, or hands it to the steering"
                " group. This is kept for good, with your account.",
            ),
            button=translate(lang, "Confirm"),
            action=f"/governance/reports/{report_id}/confirm",
            back="/governance/partner",
        )
    with writing(request) as tx:
        reports.confirm_report(tx, report_id)
    return redirect("/governance/partner", translate(lang, "The milestone is reached."))


@routes.post("/reports/{report_id}/return")
@may("check-milestone")
def send_back(request: Request, report_id: str, filled: Filled) -> Response:
    """Return a report as a partner, with what is missing."""
    with writing(request) as tx:
        reports.return_report(tx, report_id, filled.get("reason", ""))
    return redirect("/governance/partner", translate(language_of(request), "The report is returned to the board."))


@routes.post("/reports/{report_id}/withdraw")
@may("report-milestone")
def withdraw(request: Request, report_id: str) -> Response:
    """Withdraw a report that nobody checked yet."""
    with writing(request) as tx:
        reports.withdraw_report(tx, report_id)
    return redirect(PROGRAMME, translate(language_of(request), "The report is withdrawn."))


@routes.get("/evidence/{sha256}")
@may("see-evidence")
def show_evidence(request: Request, sha256: str) -> Response:
    """Hand out a file as it was handed in."""
    with reading(request) as tx:
        kept, body = store.load_file(tx, sha256)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(kept.name)}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=kept.media_type, headers=headers)


def _read_report(
    filled: Mapping[str, str], files: Mapping[str, tuple[str, bytes]], milestone: Milestone
) -> tuple[date, int, Sequence[tuple[str, str, bytes]]]:
    problems = []
    try:
        reached_on = date.fromisoformat(filled.get("reached_on", ""))
    except ValueError:
        reached_on = date.min
    if not FIRST_DAY <= reached_on <= LAST_DAY:
        problems.append(Problem(say("give a day"), "reached_on"))
    cost_cents = read_cents(filled.get("cost", ""))
    if cost_cents is None or cost_cents < 0:
        problems.append(Problem(say("is an amount in euros, such as 12.500 or 12.500,50"), "cost"))
    asked = [(f"paper.{place}", name) for place, name in enumerate(milestone.evidence)]
    others = [(f"other.{place}", filled.get(f"other.{place}.name", "").strip()[:200]) for place in range(OTHERS_MAX)]
    papers = []
    for field, name in asked + others:
        if field not in files:
            continue
        try:
            judge_file(files[field][1])
        except BadInput as bad:
            problems += [Problem(problem.reason, field) for problem in bad.problems]
        if not name:
            problems.append(Problem(say("say what this paper shows"), f"{field}.name"))
        papers.append((name, *files[field]))
    if problems:
        raise BadInput(problems, "bad-report")
    assert cost_cents is not None
    return reached_on, cost_cents, papers


def _show_form(request: Request, milestone_id: str, form: Form, files_lost: bool = False) -> Response:
    with reading(request) as tx:
        programme, phase, milestone = find_milestone(tx, milestone_id)
    return render(
        request,
        "governance/milestone_report.html",
        422 if form.problems else 200,
        form=form,
        programme=programme,
        phase=phase,
        milestone=milestone,
        others=range(OTHERS_MAX),
        files_lost=files_lost,
        words=wording,
    )
