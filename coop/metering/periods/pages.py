"""Pages of breaks that nothing explains: one person proposes what happened, and sees beforehand what it makes of the
months; another confirms it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.amounts import Second, month_of, read_period
from coop.metering.heat import decisions, questions
from coop.metering.heat.questions import SHAPES
from coop.metering.heat.verdicts import BreakKind
from coop.metering.periods.results import find_breaks
from coop.metering.register import store as register
from coop.values import BadInput, CoopError, Period, Problem, say
from coop.web.forms import Form, read_form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

PAGE = "/metering/breaks"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("")
@may("see-data")
def show_breaks(request: Request, period: str = "") -> Response:
    """Show the breaks of a month that wait for somebody, and every decision that was proposed."""
    with reading(request) as tx:
        wanted = read_period(period) if period else month_of(tx.today)
        found = find_breaks(tx, wanted)
        proposed = decisions.list_proposals(tx)
        registers = {one.id: one for one in register.list_registers(tx)}
    return render(
        request,
        "metering/breaks.html",
        period=wanted,
        breaks=found,
        proposed=proposed[::-1],
        registers=registers,
        may_decide=ACCESS.allows(session_of(request), "decide-break"),
        words=texts,
    )


@routes.get("/{register_id}/{before_s}/{at_s}")
@may("decide-break")
def show_break(request: Request, register_id: str, before_s: Second, at_s: Second) -> Response:
    """Show a break, the meanings that it can have, and what each makes of the months around it."""
    return _show(request, register_id, before_s, at_s, Form({}))


@routes.post("/{register_id}/{before_s}/{at_s}")
@may("decide-break")
def propose_meaning(request: Request, register_id: str, before_s: Second, at_s: Second, filled: Filled) -> Response:
    """Propose what happened; it counts once somebody else confirms it."""
    try:
        kind = _read_kind(filled.get("kind", ""))
        with writing(request) as tx:
            questions.propose_meaning(tx, register_id, before_s, at_s, kind, filled.get("reason", ""))
    except CoopError as refusal:
        return _show(request, register_id, before_s, at_s, Form(filled).refused(refusal))
    said = N_("Proposed. It counts once somebody else confirms it here.")
    return redirect(_address(register_id, before_s, at_s), translate(language_of(request), said))


@routes.post("/{proposal_id}")
@may("decide-break")
def answer_proposal(request: Request, proposal_id: str, filled: Filled) -> Response:
    """Confirm or reject what somebody else proposed."""
    confirmed = filled.get("act") == "confirm"
    with reading(request) as tx:
        proposal = decisions.get_proposal(tx, proposal_id)
    place = proposal.register_id, proposal.before_s, proposal.at_s
    try:
        with writing(request) as tx:
            decisions.answer_break(tx, proposal_id, confirmed=confirmed)
    except CoopError as refusal:
        return _show(request, *place, Form({}).refused(refusal))
    said = N_("Confirmed: the readings count so from now on.") if confirmed else N_("Rejected: nothing changed.")
    return redirect(_address(*place), translate(language_of(request), said))


def _address(register_id: str, before_s: int, at_s: int) -> str:
    return f"{PAGE}/{register_id}/{before_s}/{at_s}"


def _read_kind(text: str) -> BreakKind:
    try:
        return BreakKind(text)
    except ValueError as error:
        raise BadInput([Problem(say("choose what happened"), "kind")], "bad-decision") from error


def _show(request: Request, register_id: str, before_s: int, at_s: int, form: Form) -> Response:
    with reading(request) as tx:
        question = questions.find_question(tx, register_id, before_s, at_s)
        months = questions.weigh_meanings(tx, question)
        proposed = [
            pair
            for pair in decisions.list_proposals(tx, register_id)
            if (pair[0].before_s, pair[0].at_s) == (before_s, at_s)
        ]
    return render(
        request,
        "metering/break.html",
        422 if form.problems else 200,
        form=form,
        question=question,
        months=months,
        proposed=proposed,
        me=str(session_of(request).actor("page")),
        shapes=SHAPES,
        month=_month_of(before_s),
        words=texts,
    )


def _month_of(at_s: int) -> Period:
    return month_of(texts.on(texts.at(at_s)))
