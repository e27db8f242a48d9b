"""Pages of the register of meters: the list, one meter, a form for another, its exchange and its correction."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, Request, Response, UploadFile

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.amounts import instant_of
from coop.metering.intake.acts import Exchanged, Placed
from coop.metering.intake.meter_changes import answer_change, change_meter
from coop.metering.model import Meter, MeterKind, Quantity, to_units
from coop.metering.periods import meter_views
from coop.metering.register import commands, connections
from coop.metering.register import store as register
from coop.metering.register.meters_file import COLUMNS, KINDS, read_day, read_meters
from coop.metering.register.model import MeterEntry
from coop.values import AMSTERDAM, BadInput, CoopError, Problem, civil_date, say
from coop.web.forms import Form, read_decimal, read_form
from coop.web.language import N_, language_of, translate, translate_counted
from coop.web.shell import redirect, render
from coop.web.writing import speak

PAGE = "/metering/meters"
PROPOSED = N_("Proposed: readings rest on this meter, so it counts once somebody else confirms it on this page.")
"""Said of a change that waits for a second person."""

ROWS = 50
"""Meters on one page."""

FILE_MAX = 8 * 1024 * 1024
"""Largest file of meters [bytes]: ten thousand meters are a fourth of this."""

UPLOAD_MAX = 12 * 1024 * 1024
"""A form holds a file and its own marks, once in letters of base64."""

STANDS: Mapping[MeterKind, tuple[tuple[Quantity, str, str], ...]] = {
    MeterKind.HEAT: ((Quantity.HEAT, "GJ", N_("Heat")),),
    MeterKind.ELECTRICITY: (
        (Quantity.ELECTRICITY_IMPORT, "kWh", N_("Electricity taken")),
        (Quantity.ELECTRICITY_EXPORT, "kWh", N_("Electricity fed in")),
    ),
    MeterKind.SOLAR: ((Quantity.ELECTRICITY_EXPORT, "kWh", N_("Electricity fed in")),),
    MeterKind.HEAT_PUMP: (
        (Quantity.HEAT, "GJ", N_("Heat")),
        (Quantity.ELECTRICITY_IMPORT, "kWh", N_("Electricity taken")),
    ),
    MeterKind.SOURCE: ((Quantity.HEAT, "GJ", N_("Heat")),),
}
"""Stands that an exchange asks for, by kind of meter: quantity, unit and name."""

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(read_form)]


@routes.get("")
@may("see-register")
def show_meters(request: Request, q: str = "", page: Annotated[int, Query(ge=1)] = 1) -> Response:
    """Show the meters that a search finds, a page at a time."""
    with reading(request) as tx:
        found = meter_views.search_meters(tx, q[:100])
        rows = meter_views.describe_meters(tx, found[(page - 1) * ROWS : page * ROWS])
        now = tx.now
    return render(
        request,
        "metering/meters.html",
        rows=rows,
        count=len(found),
        search=q[:100],
        page=page,
        pages=-(-len(found) // ROWS),
        silent_before=civil_date(now - timedelta(days=2)),
        may_keep=ACCESS.allows(session_of(request), "keep-register"),
        words=texts,
    )


@routes.get("/new")
@may("keep-register")
def show_new_meter(request: Request) -> Response:
    """Show the form for one meter."""
    return _show_new(request, Form({"kind": MeterKind.HEAT.value}))


@routes.post("/new")
@may("keep-register")
def add_meter(request: Request, filled: Filled) -> Response:
    """Register one meter."""
    try:
        entry = _read_entry(filled)
        with writing(request) as tx:
            is_new = commands.admit_meters(tx, [entry])
    except BadInput as bad:
        return _show_new(request, Form(filled).refused(bad))
    said = N_("Meter %(serial)s is registered.") if is_new else N_("Meter %(serial)s was registered already.")
    return redirect(f"{PAGE}/{entry.serial}", translate(language_of(request), said, serial=entry.serial))


def _show_new(request: Request, form: Form) -> Response:
    with reading(request) as tx:
        numbers = sorted(connections.list_numbers(tx).values())
    return render(
        request, "metering/meter_new.html", 422 if form.problems else 200, form=form, numbers=numbers, words=texts
    )


def _read_entry(filled: Mapping[str, str]) -> MeterEntry:
    serial, kind = filled.get("serial", "").strip(), filled.get("kind", "")
    problems = []
    if not 0 < len(serial) <= 64 or any(letter.isspace() for letter in serial):
        problems.append(Problem(say("give the number on the meter: at most 64 characters, no spaces"), "serial"))
    if kind not in set(MeterKind):
        problems.append(Problem(say("choose what the meter is for"), "kind"))
    maxima: dict[Quantity, Decimal] = {}
    if largest := filled.get("maximum", "").strip():
        value, stands = read_decimal(largest), STANDS.get(MeterKind(kind), ()) if kind in set(MeterKind) else ()
        if value is None or value <= 0:
            problems.append(Problem(say("is no number above zero"), "maximum"))
        elif stands:
            maxima = {quantity: to_base(value, unit, quantity, "maximum") for quantity, unit, _ in stands}
    try:
        installed_at = read_day(filled.get("installed_on", ""), "installed_on")
    except BadInput as bad:
        raise BadInput([*problems, *bad.problems], "bad-meters") from bad
    if problems:
        raise BadInput(problems, "bad-meters")
    return MeterEntry(serial, MeterKind(kind), filled.get("connection", "").strip(), installed_at, None, maxima)


def to_base(value: Decimal, unit: str, quantity: Quantity, field: str) -> Decimal:
    """A value in the unit of a display, in base units.

    Raises:
        BadInput: it is finer than a meter can show.
    """
    try:
        return Decimal(to_units(value, unit, quantity, 0))
    except ValueError as error:
        raise BadInput([Problem(say("has more decimals than a meter can show"), field)]) from error


@routes.get("/template.csv")
@may("see-register")
def give_template(request: Request) -> Response:
    """Give an empty file of meters with the names of its columns and an example."""
    dutch = language_of(request) == "nl"
    header = ";".join(names[0] if dutch else name for name, names in COLUMNS.items())
    kind = KINDS["heat"][0] if dutch else "heat"
    body = f"\ufeff{header}\r\nKWG50001;{kind};101;2026-01-01;;heat=10000 GJ\r\n"
    headers = {"Content-Disposition": 'attachment; filename="meters.csv"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@routes.get("/import")
@may("keep-register")
def show_import(request: Request) -> Response:
    """Show how a file of meters is read."""
    return _show_import(request)


@routes.post("/import")
@may("keep-register")
@body_max(UPLOAD_MAX)
def preview_import(request: Request, file: Annotated[UploadFile, File()]) -> Response:
    """Show what a file of meters would add, or what is wrong with it."""
    body = file.file.read(FILE_MAX + 1)
    name = (file.filename or "")[:200]
    try:
        if len(body) > FILE_MAX:
            raise BadInput([Problem(say("the file is too large"), "file")])
        entries = read_meters(body)
        with reading(request) as tx:
            commands.judge_meters(tx, entries)
            known = register.meters_of(tx, [entry.serial for entry in entries])
    except BadInput as bad:
        return _show_import(request, name, bad)
    new = [entry for entry in entries if entry.serial not in known]
    return render(
        request,
        "metering/meters_preview.html",
        name=name,
        new=new,
        count=len(entries),
        body=base64.b64encode(body).decode(),
        words=texts,
    )


@routes.post("/import/confirm")
@may("keep-register")
@body_max(UPLOAD_MAX)
def confirm_import(request: Request, filled: Filled) -> Response:
    """Register the meters of a file that was looked at."""
    try:
        entries = read_meters(base64.b64decode(filled.get("body", ""), validate=True))
        with writing(request) as tx:
            count = commands.admit_meters(tx, entries)
    except binascii.Error:
        return _show_import(request)
    except BadInput as bad:
        return _show_import(request, filled.get("name", ""), bad)
    said = translate_counted(
        language_of(request), "%(num)s meter is registered.", "%(num)s meters are registered.", count
    )
    return redirect(PAGE, said)


def _show_import(request: Request, name: str = "", refusal: BadInput | None = None) -> Response:
    return render(
        request,
        "metering/meters_import.html",
        422 if refusal else 200,
        name=name,
        problems=refusal.problems if refusal else (),
        columns=COLUMNS,
        kinds=KINDS,
        words=texts,
    )


@routes.get("/{serial}/correct")
@may("keep-register")
def show_correction(request: Request, serial: str) -> Response:
    """Show the form that mends where a meter hangs."""
    with reading(request) as tx:
        [row] = meter_views.describe_meters(tx, [commands.find_meter(tx, serial)])
    filled = {"connection": row.number, "installed_on": civil_date(row.meter.installed_at).isoformat()}
    return _show_correction(request, serial, Form(filled))


@routes.post("/{serial}/correct")
@may("keep-register")
def correct_meter(request: Request, serial: str, filled: Filled) -> Response:
    """Mend where a meter hangs and since when, or take it out of the register."""
    lang, reason = language_of(request), filled.get("reason", "")
    try:
        if filled.get("act") == "withdraw":
            with writing(request) as tx:
                commands.withdraw_meter(tx, serial, reason)
            return redirect(PAGE, translate(lang, "Meter %(serial)s is out of the register.", serial=serial))
        installed_at = read_day(filled.get("installed_on", ""), "installed_on")
        with writing(request) as tx:
            number = filled.get("connection", "").strip()
            outcome = change_meter(tx, serial, Placed(number, installed_at), reason)
    except CoopError as refusal:
        return _show_correction(request, serial, Form(filled).refused(refusal))
    said = N_("Meter %(serial)s is corrected.") if outcome.is_done else N_("Nothing differs: nothing was corrected.")
    said = PROPOSED if outcome.proposal else said
    return redirect(f"{PAGE}/{serial}", translate(lang, said, serial=serial))


def _show_correction(request: Request, serial: str, form: Form) -> Response:
    with reading(request) as tx:
        view = meter_views.view_meter(tx, serial)
        numbers = sorted(connections.list_numbers(tx).values())
    return render(
        request,
        "metering/meter_correct.html",
        422 if form.problems else 200,
        form=form,
        view=view,
        numbers=numbers,
        words=texts,
    )


@routes.get("/{serial}/exchange")
@may("keep-register")
def show_exchange(request: Request, serial: str) -> Response:
    """Show the form of a meter's exchange."""
    with reading(request) as tx:
        at = texts.local(tx.now)
    return _show_exchange(request, serial, Form({"at": at}))


@routes.post("/{serial}/exchange")
@may("keep-register")
def exchange_meter(request: Request, serial: str, filled: Filled) -> Response:
    """Exchange a meter for a new one."""
    new_serial = filled.get("new_serial", "").strip()
    try:
        with writing(request) as tx:
            old = commands.find_meter(tx, serial)
            at, ends, starts = _read_exchange(old, filled)
            if at > tx.now:
                raise BadInput([Problem(say("lies in the future"), "at")], "bad-exchange")
            outcome = change_meter(tx, serial, Exchanged(new_serial, at, ends, starts, old.maxima))
    except CoopError as refusal:
        return _show_exchange(request, serial, Form(filled).refused(refusal))
    if outcome.proposal:
        return redirect(f"{PAGE}/{serial}", translate(language_of(request), PROPOSED))
    said = translate(
        language_of(request),
        "Meter %(new)s hangs where %(old)s hung. Let its gateway speak for it too, or its readings wait.",
        new=new_serial,
        old=serial,
    )
    return redirect(f"{PAGE}/{new_serial}", said)


@routes.post("/{serial}/proposals/{change_id}")
@may("keep-register")
def answer_proposal(request: Request, serial: str, change_id: str, filled: Filled) -> Response:
    """Confirm or reject a change of a meter that somebody else proposed."""
    confirmed, lang = filled.get("act") == "confirm", language_of(request)
    try:
        with writing(request) as tx:
            answer_change(tx, change_id, confirmed=confirmed)
    except CoopError as refusal:
        return redirect(f"{PAGE}/{serial}", speak(lang, refusal.message)[:300], "refused")
    said = N_("Confirmed: it is so from now on.") if confirmed else N_("Rejected: nothing changed.")
    return redirect(f"{PAGE}/{serial}", translate(lang, said))


def _show_exchange(request: Request, serial: str, form: Form) -> Response:
    with reading(request) as tx:
        view = meter_views.view_meter(tx, serial)
    return render(
        request,
        "metering/meter_exchange.html",
        422 if form.problems else 200,
        form=form,
        view=view,
        meter=view.row.meter,
        stands=STANDS[view.row.meter.kind],
        words=texts,
    )


Stands = dict[Quantity, Decimal]


def _read_exchange(old: Meter, filled: Mapping[str, str]) -> tuple[datetime, Stands, Stands]:
    problems: list[Problem] = []
    serial = filled.get("new_serial", "").strip()
    if not 0 < len(serial) <= 64 or any(letter.isspace() for letter in serial):
        problems.append(Problem(say("give the number on the new meter"), "new_serial"))
    if serial == old.serial:
        problems.append(Problem(say("is the number of the old meter"), "new_serial"))
    stands: dict[str, Stands] = {"end": {}, "start": {}}
    for side, read in stands.items():
        for place, (quantity, unit, _) in enumerate(STANDS[old.kind]):
            field = f"{side}.{quantity.value}"
            text = filled.get(field, "").strip()
            value = read_decimal(text)
            if not text and place:
                continue  # only the first register of a meter has to be read
            if value is None or value < 0:
                problems.append(Problem(say("give the stand as a number, such as 1234,56"), field))
            else:
                read[quantity] = to_base(value, unit, quantity, field)
    try:
        at = read_instant(filled.get("at", ""))
    except BadInput as bad:
        raise BadInput([*problems, *bad.problems], "bad-exchange") from bad
    if problems:
        raise BadInput(problems, "bad-exchange")
    return at, stands["end"], stands["start"]


def read_instant(text: str) -> datetime:
    """An instant that a form gives as local time.

    Raises:
        BadInput: it is none.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return instant_of(text, "at")
    return instant_of((at if at.tzinfo else at.replace(tzinfo=AMSTERDAM)).isoformat(), "at")
