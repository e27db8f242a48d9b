"""Pages on which a meter moves to another connection, and on which is said how far its registers count."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, writing
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.intake.acts import Counted, Moved
from coop.metering.intake.meter_changes import change_meter
from coop.metering.intake.pages.meters import PAGE, PROPOSED, STANDS, Filled, read_instant, to_base
from coop.metering.model import BASE_UNIT, Meter, Quantity
from coop.metering.periods import meter_views
from coop.metering.register import commands, connections
from coop.metering.register.meters_file import read_day
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form, read_decimal
from coop.web.language import N_, language_of, translate
from coop.web.shell import redirect, render

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("/{serial}/move")
@may("keep-register")
def show_move(request: Request, serial: str) -> Response:
    """Show the form of a meter's move."""
    with reading(request) as tx:
        at = texts.local(tx.now)
    return _show(request, serial, "metering/meter_move.html", Form({"at": at}))


@routes.post("/{serial}/move")
@may("keep-register")
def move_meter(request: Request, serial: str, filled: Filled) -> Response:
    """Let a meter hang at another connection."""
    number = filled.get("connection", "").strip()
    try:
        with writing(request) as tx:
            meter = commands.find_meter(tx, serial)
            stands = _read_amounts(meter, filled, "stand", is_first_needed=True)
            at = read_instant(filled.get("at", ""))
            outcome = change_meter(tx, serial, Moved(number, at, stands), filled.get("reason", ""))
    except CoopError as refusal:
        return _show(request, serial, "metering/meter_move.html", Form(filled).refused(refusal))
    if outcome.proposal:
        return redirect(f"{PAGE}/{serial}", translate(language_of(request), PROPOSED))
    said = translate(
        language_of(request), "Meter %(serial)s hangs at connection %(number)s.", serial=serial, number=number
    )
    return redirect(f"{PAGE}/{serial}", said)


@routes.get("/{serial}/maxima")
@may("keep-register")
def show_maxima(request: Request, serial: str) -> Response:
    """Show the form that says how far the registers of a meter count."""
    with reading(request) as tx:
        meter = commands.find_meter(tx, serial)
    shown = {
        f"most.{quantity.value}": _write(meter.maxima[quantity], quantity)
        for quantity, _, _ in STANDS[meter.kind]
        if quantity in meter.maxima
    }
    return _show(request, serial, "metering/meter_maxima.html", Form(shown))


@routes.post("/{serial}/maxima")
@may("keep-register")
def change_maxima(request: Request, serial: str, filled: Filled) -> Response:
    """Say at which values the registers of a meter start again from zero."""
    try:
        with writing(request) as tx:
            meter = commands.find_meter(tx, serial)
            maxima = _read_amounts(meter, filled, "most")
            day = filled.get("since", "").strip()
            since = read_day(day, "since") if day else None
            outcome = change_meter(tx, serial, Counted(maxima, since), filled.get("reason", ""))
    except CoopError as refusal:
        return _show(request, serial, "metering/meter_maxima.html", Form(filled).refused(refusal))
    said = N_("Meter %(serial)s is changed.") if outcome.is_done else N_("Nothing differs: nothing was changed.")
    said = PROPOSED if outcome.proposal else said
    return redirect(f"{PAGE}/{serial}", translate(language_of(request), said, serial=serial))


def _write(value: Decimal, quantity: Quantity) -> str:
    factor, _ = texts.shown_unit(BASE_UNIT[quantity])
    return f"{(value * factor).normalize():f}".replace(".", ",")


def _show(request: Request, serial: str, template: str, form: Form) -> Response:
    with reading(request) as tx:
        view = meter_views.view_meter(tx, serial)
        numbers = sorted(connections.list_numbers(tx).values())
    return render(
        request,
        template,
        422 if form.problems else 200,
        form=form,
        view=view,
        meter=view.row.meter,
        numbers=numbers,
        stands=STANDS[view.row.meter.kind],
        words=texts,
    )


def _read_amounts(
    meter: Meter, filled: Mapping[str, str], side: str, *, is_first_needed: bool = False
) -> dict[Quantity, Decimal]:
    problems: list[Problem] = []
    read: dict[Quantity, Decimal] = {}
    for place, (quantity, unit, _) in enumerate(STANDS[meter.kind]):
        field = f"{side}.{quantity.value}"
        text = filled.get(field, "").strip()
        value = read_decimal(text)
        if not text and not (is_first_needed and place == 0):
            continue
        if value is None or value < 0:
            problems.append(Problem(say("give the stand as a number, such as 1234,56"), field))
        else:
            read[quantity] = to_base(value, unit, quantity, field)
    if problems:
        raise BadInput(problems, "bad-move")
    return read
