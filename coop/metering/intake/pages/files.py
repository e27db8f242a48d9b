"""Pages of readings by file: a file is sent, its columns are named, what it would bring is shown, and then it is taken.
What was taken can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.sheets import Sheet, read_sheet
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.intake import doubts, receive, uploads
from coop.metering.intake.formats import csv_guess
from coop.metering.intake.uploads import Upload
from coop.metering.model import Delivery
from coop.metering.readings import arrivals
from coop.metering.register import store as register
from coop.values import BadInput, Problem, say
from coop.web import forms
from coop.web.language import N_, language_of, translate, translate_counted
from coop.web.shell import confirm_page, redirect, render

PAGE = "/metering/files"
FILE_MAX = 32 * 1024 * 1024
"""Largest file [bytes]: a year of quarter-hours of ten meters is a third of this."""

SAMPLE = 5
"""Lines of a file that are shown."""

PROBLEMS_SHOWN = 200

WHATS = {
    "stand": N_("Stand of the meter"),
    "900": N_("Use per quarter-hour"),
    "3600": N_("Use per hour"),
    "86400": N_("Use per day"),
}
ZONES = {
    "Europe/Amsterdam": N_("The clock in the Netherlands, with summer time"),
    "UTC": N_("UTC"),
    "Etc/GMT-1": N_("Winter time all year"),
}

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may
Filled = Annotated[dict[str, str], Depends(forms.read_form)]


@dataclass(frozen=True)
class Brought:
    """Effect of a file: how many readings of which meters, from when to when, what is wrong with it, and how many say
    otherwise than a device measured; ``doubts`` have to be answered by a reason."""

    values: int
    meters: tuple[str, ...]
    unknown: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    is_known: bool
    problems: Sequence[Problem] = ()
    contradictions: int = 0
    doubts: Sequence[Problem] = ()


@routes.get("")
@may("import-readings")
def show_files(request: Request) -> Response:
    """Show the form for a file, and the files that were taken."""
    return _show_files(request)


def _show_files(request: Request, problems: Sequence[Problem] = ()) -> Response:
    with reading(request) as tx:
        imports = arrivals.list_imports(tx)
    return render(
        request,
        "metering/files.html",
        422 if problems else 200,
        imports=imports,
        problems=problems,
        words=texts,
    )


@routes.post("")
@may("import-readings")
@body_max(FILE_MAX + 64 * 1024)
def upload_file(request: Request, file: Annotated[UploadFile, File()]) -> Response:
    """Keep a file until its columns are named."""
    body = file.file.read(FILE_MAX + 1)
    try:
        if len(body) > FILE_MAX:
            raise BadInput([Problem(say("the file is too large"), "file")])
        sheet = read_sheet(body)
        if not sheet.lines:
            raise BadInput([Problem(say("no line after the header"), "file")])
    except BadInput as bad:
        return _show_files(request, bad.problems)
    with writing(request) as tx:
        upload_id = uploads.add_upload(tx, (file.filename or "")[:200], csv_guess.write_csv(sheet))
    return redirect(f"{PAGE}/{upload_id}")


@routes.get("/{upload_id}")
@may("import-readings")
def show_mapping(request: Request, upload_id: str, kept: str = "") -> Response:
    """Show the columns of a file, and the form that says what they mean."""
    with reading(request) as tx:
        upload = uploads.find_upload(tx, upload_id)
        mappings = {named.name: named.mapping for named in uploads.list_mappings(tx)}
    sheet = read_sheet(upload.body)
    filled = csv_guess.fill_again(mappings[kept], sheet) if kept in mappings else csv_guess.guess(sheet)
    return _show_mapping(request, upload, sheet, forms.Form(filled), list(mappings), kept)


def _show_mapping(
    request: Request, upload: Upload, sheet: Sheet, form: forms.Form, mappings: Sequence[str], kept: str = ""
) -> Response:
    return render(
        request,
        "metering/file.html",
        422 if form.problems else 200,
        upload=upload,
        header=sheet.header,
        sample=sheet.lines[:SAMPLE],
        count=len(sheet.lines),
        form=form,
        mappings=mappings,
        kept=kept,
        units=csv_guess.UNITS,
        formats=csv_guess.TIME_FORMATS,
        zones=ZONES,
        whats=WHATS,
        words=texts,
    )


@routes.post("/{upload_id}/look")
@may("import-readings")
def look(request: Request, upload_id: str, filled: Filled) -> Response:
    """Show what a file would bring, read by the mapping of the form; keep the mapping where it is given a name."""
    with reading(request) as tx:
        upload = uploads.find_upload(tx, upload_id)
        mappings = [named.name for named in uploads.list_mappings(tx)]
    sheet = read_sheet(upload.body)
    try:
        mapping = csv_guess.read_mapping(filled, sheet)
    except BadInput as bad:
        return _show_mapping(request, upload, sheet, forms.Form(filled).refused(bad), mappings)
    if name := filled.get("name", "").strip()[:100]:
        with writing(request) as tx:
            uploads.keep_mapping(tx, name, mapping)
    return render(
        request,
        "metering/file_look.html",
        upload=upload,
        brought=_foresee(request, upload, mapping),
        filled={field: value for field, value in filled.items() if field not in ("name", "reason")},
        shown=PROBLEMS_SHOWN,
        words=texts,
    )


def _foresee(request: Request, upload: Upload, mapping: Mapping[str, Any]) -> Brought:
    try:
        delivery = _decode(request, upload, mapping)
    except BadInput as bad:
        return Brought(0, (), (), None, None, False, bad.problems)
    serials = {stand.meter for stand in delivery.decoded.stands}
    serials |= {series.meter for series in delivery.decoded.series}
    instants = [stand.at for stand in delivery.decoded.stands]
    instants += [at for series in delivery.decoded.series for at in (series.start, series.end)]
    values = len(delivery.decoded.stands) + sum(len(series.values) for series in delivery.decoded.series)
    meters, span = tuple(sorted(serials)), (min(instants, default=None), max(instants, default=None))
    with reading(request) as tx:
        unknown = tuple(sorted(serials - register.directory(tx).meters.keys()))
    if unknown:
        return Brought(values, meters, unknown, *span, False)
    try:
        with writing(request) as tx:
            found = doubts.find_doubts(tx, delivery)
            receipt = receive.preview(tx, delivery)
    except BadInput as bad:
        return Brought(values, meters, (), *span, False, bad.problems)
    return Brought(values, meters, (), *span, receipt.duplicate, (), receipt.contradictions, found)


def _decode(request: Request, upload: Upload, mapping: Mapping[str, Any]) -> Delivery:
    now = request.state.database.clock.now()
    sender = session_of(request).account_id
    return receive.decode_delivery(receive.CSV, upload.body, gateway=sender, received_at=now, mapping=mapping)


@routes.post("/{upload_id}/take")
@may("import-readings")
def take_file(request: Request, upload_id: str, filled: Filled) -> Response:
    """Take a file that was looked at, whole or not at all."""
    lang = language_of(request)
    with reading(request) as tx:
        upload = uploads.find_upload(tx, upload_id)
    try:
        delivery = _decode(request, upload, csv_guess.read_mapping(filled, read_sheet(upload.body)))
        with writing(request) as tx:
            receipt = receive.receive(tx, doubts.confirm(tx, delivery, filled.get("reason", "")))
            uploads.drop_upload(tx, upload_id)
    except BadInput:
        return look(request, upload_id, filled)  # no reason is given, or somebody changed the register since
    if receipt.duplicate:
        return redirect(
            PAGE, translate(lang, "%(file)s was taken before: nothing changed.", file=upload.file_name), "note"
        )
    said = translate_counted(lang, "%(num)s reading is taken.", "%(num)s readings are taken.", receipt.values)
    return redirect(PAGE, said)


@routes.post("/{upload_id}/discard")
@may("import-readings")
def discard_file(request: Request, upload_id: str) -> Response:
    """Throw a file away that was not taken."""
    with writing(request) as tx:
        uploads.drop_upload(tx, upload_id)
    return redirect(PAGE, translate(language_of(request), "The file is thrown away; nothing was taken."))


@routes.post("/imports/{delivery_id}/undo")
@may("import-readings")
def undo_file(request: Request, delivery_id: str, confirmed: Annotated[str, Form()] = "") -> Response:
    """Take a file back; ask before."""
    lang = language_of(request)
    if confirmed != "yes":
        return confirm_page(
            request,
            title=translate(lang, "Take this file back?"),
            text=translate(
                lang,
                "Its readings count no longer; what came from elsewhere stays. Months that are closed and rest on it"
                " are marked, and come out differently when they are corrected.",
            ),
            button=translate(lang, "Take it back"),
            action=f"{PAGE}/imports/{delivery_id}/undo",
            back=PAGE,
        )
    with writing(request) as tx:
        receive.undo_import(tx, delivery_id)
    return redirect(PAGE, translate(lang, "The file is taken back: its readings count no longer."))
