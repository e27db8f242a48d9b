"""Page of the peak power behind a meter: what was said of it, and a form for what holds from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.kit.http import GuardedRoute, reading, writing
from coop.metering.access import ACCESS
from coop.metering.register import commands
from coop.metering.register.peaks import list_peaks, set_peak
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import Form, read_decimal, read_form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/metering/meters"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may

Filled = Annotated[Mapping[str, str], Depends(read_form)]


@routes.get("/{serial}/peak")
@may("keep-register")
def show_peak_form(request: Request, serial: str) -> Response:
    """Show what is known of the peak power behind a meter, and a form for more."""
    return _show(request, serial, Form())


@routes.post("/{serial}/peak")
@may("keep-register")
def keep_peak(request: Request, serial: str, filled: Filled) -> Response:
    """Keep the peak power from a day on."""
    try:
        day, peak_w = _read(filled)
        with writing(request) as tx:
            set_peak(tx, serial, day, peak_w, filled.get("reason", ""))
    except CoopError as refusal:
        return _show(request, serial, Form(filled).refused(refusal))
    said = translate(language_of(request), "Kept: the next night what this meter counts is held beside it.")
    return redirect(f"{PAGE}/{serial}", said)


def _read(filled: Mapping[str, str]) -> tuple[date, int]:
    problems = []
    peak_kw = read_decimal(filled.get("peak_kw", ""))
    peak_w = Decimal(-1) if peak_kw is None else peak_kw * 1000
    if peak_w < 0 or peak_w != int(peak_w):
        problems.append(Problem(say("give a power in kWp, such as 4,2, to the watt"), "peak_kw"))
    try:
        day = date.fromisoformat(filled.get("valid_from", "").strip())
    except ValueError:
        day = date.min
        problems.append(Problem(say("choose a day"), "valid_from"))
    if problems:
        raise BadInput(problems)
    return day, int(peak_w)


def _show(request: Request, serial: str, form: Form) -> Response:
    with reading(request) as tx:
        meter = commands.find_meter(tx, serial)
        peaks = list_peaks(tx, serial)
    return render(
        request, "metering/meter_peak.html", 422 if form.problems else 200, form=form, meter=meter, peaks=peaks[::-1]
    )
