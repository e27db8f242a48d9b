"""Pages of readings that people enter: a member's own reading of a meter, and a board's correction of one reading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.amounts import instant_of
from coop.metering.entries import cards, corrections
from coop.metering.entries.cards import UNITS
from coop.metering.model import BASE_UNIT, CUMULATIVE, Quantity
from coop.metering.periods import meter_views
from coop.values import AMSTERDAM, BadInput, CoopError, Problem, say
from coop.web.forms import Form, read_decimal, read_form
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

READING = "/metering/reading"

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("/reading")
@may("enter-own-reading")
def show_card_reading(request: Request) -> Response:
    """Show the form for a member's own reading of a meter."""
    with reading(request) as tx:
        at = texts.local(tx.now)
    return _show_card(request, Form({"at": at}))


@routes.post("/reading")
@may("enter-own-reading")
def enter_card_reading(request: Request, filled: Filled) -> Response:
    """Say what a reading would mean; keep it once the member has seen that."""
    member_id = session_of(request).member_id or ""
    try:
        serial, quantity = _read_register(filled.get("meter", ""))
        at, value = _read_reading(filled)
        if filled.get("act") != "keep":
            with reading(request) as tx:
                meaning = cards.judge_card(tx, member_id, serial, quantity, at, value)
            return _show_card(request, Form(filled), meaning)
        with writing(request) as tx:
            receipt = cards.enter_card(tx, member_id, serial, quantity, at, value)
    except CoopError as refusal:
        return _show_card(request, Form(filled).refused(refusal))
    said = N_("Your reading was known already.") if receipt.duplicate else N_("Your reading is taken. Thank you!")
    return redirect("/metering/", translate(language_of(request), said))


def _show_card(request: Request, form: Form, meaning: cards.Meaning | None = None) -> Response:
    with reading(request) as tx:
        readable = cards.list_readable(tx, session_of(request).member_id or "", tx.now)
    return render(
        request,
        "metering/card_reading.html",
        422 if form.problems else 200,
        form=form,
        readable=readable,
        meaning=meaning,
        words=texts,
    )


@routes.get("/meters/{serial}/reading")
@may("correct-reading")
def show_correction(request: Request, serial: str) -> Response:
    """Show the form that corrects one reading of a meter, and the corrections that were proposed."""
    return _show_correction(request, serial, Form({}))


@routes.post("/meters/{serial}/reading")
@may("correct-reading")
def propose_correction(request: Request, serial: str, filled: Filled) -> Response:
    """Propose what a meter said at a moment."""
    try:
        quantity = _read_quantity(filled.get("quantity", ""), "quantity")
        at, value = _read_reading(filled)
        with writing(request) as tx:
            corrections.propose_correction(tx, serial, quantity, at, value, filled.get("reason", ""))
    except CoopError as refusal:
        return _show_correction(request, serial, Form(filled).refused(refusal))
    said = N_("Proposed. It counts once somebody else confirms it here.")
    return redirect(f"/metering/meters/{serial}/reading", translate(language_of(request), said))


@routes.post("/meters/{serial}/reading/{correction_id}")
@may("correct-reading")
def answer_correction(request: Request, serial: str, correction_id: str, filled: Filled) -> Response:
    """Confirm or reject a correction that somebody else proposed."""
    confirmed = filled.get("act") == "confirm"
    try:
        with writing(request) as tx:
            corrections.answer_correction(tx, correction_id, confirmed=confirmed)
    except CoopError as refusal:
        return _show_correction(request, serial, Form({}).refused(refusal))
    said = N_("Confirmed: the reading stands.") if confirmed else N_("Rejected: nothing changed.")
    return redirect(f"/metering/meters/{serial}/reading", translate(language_of(request), said))


def _show_correction(request: Request, serial: str, form: Form) -> Response:
    with reading(request) as tx:
        view = meter_views.view_meter(tx, serial)
        proposed = corrections.list_corrections(tx, serial)
    quantities = [quantity for quantity in Quantity if quantity in CUMULATIVE and BASE_UNIT[quantity] in UNITS]
    return render(
        request,
        "metering/meter_reading.html",
        422 if form.problems else 200,
        form=form,
        view=view,
        meter=view.row.meter,
        quantities=[(quantity, UNITS[BASE_UNIT[quantity]]) for quantity in quantities],
        proposed=proposed,
        me=str(session_of(request).actor("page")),
        words=texts,
    )


def _read_register(text: str) -> tuple[str, Quantity]:
    quantity, _, serial = text.partition("|")
    return serial, _read_quantity(quantity, "meter")


def _read_quantity(text: str, field: str) -> Quantity:
    try:
        return Quantity(text)
    except ValueError as error:
        raise BadInput([Problem(say("choose what was read"), field)], "bad-reading") from error


def _read_reading(filled: Mapping[str, str]) -> tuple[datetime, Decimal]:
    problems: list[Problem] = []
    value = read_decimal(filled.get("value", ""))
    if value is None or value < 0:
        problems.append(Problem(say("give the stand as a number, such as 1234,56"), "value"))
    text = filled.get("at", "").strip()
    try:
        at = datetime.fromisoformat(text)
        moment = instant_of((at if at.tzinfo else at.replace(tzinfo=AMSTERDAM)).isoformat(), "at")
    except ValueError:
        problems.append(Problem(say("give the day and the time"), "at"))
    except BadInput as bad:
        problems += bad.problems
    if problems or value is None:
        raise BadInput(problems, "bad-reading")
    return moment, value
