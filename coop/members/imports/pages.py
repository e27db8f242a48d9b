"""Pages of imports: a file is looked at, line by line, then taken as it was looked at, and undone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.imports import commands, store
from coop.members.imports.formats.csv_lines import FILE_BYTES_MAX
from coop.members.imports.formats.register_rows import COLUMNS
from coop.members.imports.model import Receipt
from coop.members.imports.plans import count_resting, list_findings
from coop.members.imports.texts import BILLS_REST, KINDS, ON_LISTS, OUTCOMES, PUT_BACK, WAS_MEASURED
from coop.members.imports.words import KIND_WORDS, LABELS, label_of
from coop.values import BadInput, CoopError, NotFound, say
from coop.web.downloads import Asked
from coop.web.language import N_, gettext, language_of, translate
from coop.web.listings import Column, Kind, Listing
from coop.web.shell import confirm_page, redirect, render
from coop.web.writing import speak

PAGE = "/members/imports"
UPLOAD_MAX = FILE_BYTES_MAX + 64 * 1024
"""A form holds its other fields and the marks between them beside the file."""

SHOWN_MAX = 200
"""Lines that a page shows; the file beside them holds all."""

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("import-register")
def imports_page(request: Request) -> Response:
    with reading(request) as tx:
        past = store.list_imports(tx)
    lang = language_of(request)
    columns = {
        kind: [[label_of(lang, kind, name) for name in names] for names in both] for kind, both in COLUMNS.items()
    }
    words = {kind: [gettext(lang, word) for word in words] for kind, words in KIND_WORDS.items()}
    return render(
        request, "members/imports.html", kinds=KINDS | OUTCOMES, files=KINDS, columns=columns, words=words, past=past
    )


@routes.get("/templates/{kind}.{extension}")
@may("import-register")
def template(request: Request, kind: str, asked: Asked) -> Response:
    if kind not in LABELS:
        raise NotFound
    years = (
        [f"gas_{year}_{unit}" for year in range(2022, 2026) for unit in ("m3", "eur")] if kind == "contracts" else []
    )
    names = [*(name for name in LABELS[kind] if name != "id"), *(years if kind == "contracts" else [])]
    headings = [label_of(language_of(request), kind, name) for name in names]
    columns = [Column(name, heading) for name, heading in zip(names, headings, strict=True)]
    return asked.answer(Listing(kind, tuple(columns), ()))


@routes.post("")
@may("import-register")
@body_max(UPLOAD_MAX)
def upload(request: Request, file: Annotated[UploadFile, File()], kind: Annotated[str, Form()] = "") -> Response:
    name, body = file.filename or kind, file.file.read(FILE_BYTES_MAX + 1)
    with writing(request) as tx:
        before = store.find_import(tx, commands.import_id_of(tx.community, kind, body))
        if before and not before.undone_at:
            text = translate(language_of(request), "%(file)s was imported before; nothing changed.", file=name)
            return redirect(PAGE, text, "note")
        draft_id = commands.keep_draft(tx, kind, name, body)
        return _show(request, tx, draft_id)


@routes.get("/drafts/{draft_id}")
@may("import-register")
def draft_page(request: Request, draft_id: str) -> Response:
    with reading(request) as tx:
        return _show(request, tx, draft_id)


@routes.get("/drafts/{draft_id}/lines.{extension}")
@may("import-register")
def draft_lines(request: Request, draft_id: str, asked: Asked) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        draft = commands.get_draft(tx, draft_id)
        plan, _ = commands.check_file(tx, draft)
    columns = (
        Column("line", N_("Line"), Kind.WHOLE),
        Column("outcome", N_("Outcome"), Kind.WORD, of=lambda row: OUTCOMES[row.outcome]),
        Column("field", N_("Field"), of=lambda row: _name_field(lang, draft.kind, row.field)),
        Column("old", N_("Was")),
        Column("new", N_("Is, or what is wrong with it"), of=lambda row: speak(lang, row.new)),
    )
    return asked.answer(Listing("lines", columns, list_findings(plan)))


@routes.post("/drafts/{draft_id}/confirm")
@may("import-register")
def confirm(request: Request, draft_id: str, preview: Annotated[str, Form()] = "") -> Response:
    try:
        with writing(request) as tx:
            draft = commands.get_draft(tx, draft_id)
            receipt = commands.import_register(tx, draft.kind, draft.file_name, draft.body, preview=preview)
            store.forget_draft(tx, draft_id)
    except BadInput:
        return redirect(f"{PAGE}/drafts/{draft_id}")
    except CoopError as refusal:
        if refusal.code != "preview-needed":
            raise
        text = translate(language_of(request), "The register changed meanwhile: look at the differences once more.")
        return redirect(f"{PAGE}/drafts/{draft_id}", text, "refused")
    return redirect(PAGE, _describe(language_of(request), draft.file_name, receipt))


def _show(request: Request, tx: Tx, draft_id: str) -> Response:
    lang = language_of(request)
    draft = commands.get_draft(tx, draft_id)
    plan, preview = commands.check_file(tx, draft)
    findings = list_findings(plan)
    shown = [each for each in findings if each.outcome != "new"][:SHOWN_MAX]
    return render(
        request,
        "members/import_check.html",
        422 if plan.problems else 200,
        draft=draft,
        plan=plan,
        preview=preview,
        wrong=len({problem.line for problem in plan.problems}),
        rows=[(each, OUTCOMES[each.outcome], _name_field(lang, draft.kind, each.field)) for each in shown],
        total=sum(each.outcome != "new" for each in findings),
    )


def _name_field(lang: str, kind: str, field: str) -> str:
    is_column = field in LABELS.get(kind, {}) or field.startswith("gas_")
    return label_of(lang, kind, field) if is_column else field


def _describe(lang: str, file_name: str, receipt: Receipt) -> str:
    counts = {"file": file_name, "count": receipt.count, "added": receipt.added, "changed": receipt.changed}
    return translate(
        lang, "%(file)s is imported: %(added)s of its %(count)s lines were new, %(changed)s changed.", **counts
    )


@routes.get("/{import_id}/undo")
@may("import-register")
def ask_undo(request: Request, import_id: str) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        made = store.find_import(tx, import_id)
        if made is None or made.undone_at:
            raise NotFound(say("there is no such import to undo"))
        resting = count_resting(tx, import_id)
    text = translate(
        lang,
        "What %(file)s brought is taken out of the register: %(count)s records. Every service is told that they"
        " never were.",
        file=made.file_name or translate(lang, "this form"),
        count=made.added_count,
    )
    if made.changed_count:
        text += " " + translate(lang, PUT_BACK, count=made.changed_count)
    if resting.bills:
        text += " " + translate(
            lang,
            BILLS_REST,
            count=len(resting.bills),
        )
    if resting.measured:
        text += " " + translate(lang, WAS_MEASURED, count=resting.measured)
    if resting.votes:
        text += " " + translate(
            lang,
            ON_LISTS,
            count=resting.votes,
        )
    return confirm_page(
        request,
        title=translate(lang, "Undo this import?"),
        text=text,
        button=translate(lang, "Undo it"),
        action=f"{PAGE}/{import_id}/undo",
        back=PAGE,
    )


@routes.post("/{import_id}/undo")
@may("import-register")
def undo(request: Request, import_id: str) -> Response:
    with writing(request) as tx:
        count = commands.undo_import(tx, import_id)
    text = translate(
        language_of(request), "It is undone: %(count)s records are out of the register, or as they were.", count=count
    )
    return redirect(PAGE, text)
