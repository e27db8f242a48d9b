"""Pages of imports: a CSV file is checked first, imported, and undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.members.access import ACCESS
from coop.members.imports import commands, store
from coop.members.imports.formats.csv_lines import FILE_BYTES_MAX
from coop.members.imports.formats.register_rows import COLUMNS
from coop.members.imports.model import Receipt
from coop.members.imports.texts import KINDS
from coop.values import BadInput, NotFound, Problem, say
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, redirect, render

PAGE = "/members/imports"
UPLOAD_MAX = FILE_BYTES_MAX + 64 * 1024
"""A form holds its other fields and the marks between them beside the file."""

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("import-register")
def imports_page(request: Request) -> Response:
    return _show(request)


def _show(
    request: Request, kind: str = "", file_name: str = "", problems: Sequence[Problem] = (), status: int = 200
) -> Response:
    with reading(request) as tx:
        past = store.list_imports(tx)
    return render(
        request,
        "members/imports.html",
        status,
        kinds=KINDS,
        columns=COLUMNS,
        past=past,
        kind=kind,
        file_name=file_name,
        problems=problems,
    )


@routes.post("")
@may("import-register")
@body_max(UPLOAD_MAX)
def upload(
    request: Request,
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form()] = "",
    dry_run: Annotated[str, Form()] = "",
) -> Response:
    name, body = file.filename or kind, file.file.read(FILE_BYTES_MAX + 1)
    try:
        with writing(request) as tx:
            receipt = commands.import_register(tx, kind, name, body, dry_run=bool(dry_run))
    except BadInput as bad:
        return _show(request, kind, name, bad.problems, 422)
    return redirect(PAGE, _describe(language_of(request), name, receipt), "done" if _changed(receipt) else "note")


def _changed(receipt: Receipt) -> bool:
    return receipt.new and not receipt.dry_run


def _describe(lang: str, file_name: str, receipt: Receipt) -> str:
    counts = {"file": file_name, "count": receipt.count, "added": receipt.added}
    if not receipt.new:
        return translate(lang, "%(file)s was imported before; nothing changed.", **counts)
    if receipt.dry_run:
        return translate(
            lang, "%(file)s is in order: %(added)s of its %(count)s lines are new. Nothing is imported yet.", **counts
        )
    return translate(lang, "%(file)s is imported: %(added)s of its %(count)s lines were new.", **counts)


@routes.get("/{import_id}/undo")
@may("import-register")
def ask_undo(request: Request, import_id: str) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        made = store.find_import(tx, import_id)
    if made is None or made.undone_at:
        raise NotFound(say("there is no such import to undo"))
    return confirm_page(
        request,
        title=translate(lang, "Undo this import?"),
        text=translate(
            lang,
            "What %(file)s brought is taken out of the register: %(count)s records. Every service is told that they"
            " never were.",
            count=made.added_count,
            file=made.file_name,
        ),
        button=translate(lang, "Undo the import"),
        action=f"{PAGE}/{import_id}/undo",
        back=PAGE,
    )


@routes.post("/{import_id}/undo")
@may("import-register")
def undo(request: Request, import_id: str) -> Response:
    with writing(request) as tx:
        count = commands.undo_import(tx, import_id)
    text = translate(
        language_of(request), "The import is undone: %(count)s records are out of the register.", count=count
    )
    return redirect(PAGE, text)
