"""Importing the register from CSV files, checking first, and undoing an import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from coop.kit import clock
from coop.kit.auth import require
from coop.kit.database import Database
from coop.members import handlers
from coop.members.formats.csv_lines import FILE_BYTES_MAX
from coop.members.formats.register_csv import COLUMNS
from coop.members.storage import imports
from coop.values import BadInput, NotFound, Problem
from coop.web.language import N_, language_of, translate
from coop.web.shell import confirm_page, redirect, render

KINDS = {
    "members": N_("Members"),
    "connections": N_("Connections"),
    "occupancies": N_("Who holds which connection"),
    "contracts": N_("Contracts and gas bills"),
}


def add_routes(routes: APIRouter, database: Database) -> None:
    """Add the routes of these pages."""

    def page(
        request: Request, kind: str = "", file_name: str = "", problems: Sequence[Problem] = (), status: int = 200
    ) -> Response:
        session = require(request, "board", "operator")
        with database.read() as tx:
            past = imports.imports(tx, session.community)
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

    @routes.get("/members/imports")
    def imports_page(request: Request) -> Response:
        return page(request)

    @routes.post("/members/imports")
    def upload(
        request: Request,
        file: Annotated[UploadFile, File()],
        kind: Annotated[str, Form()] = "",
        dry_run: Annotated[str, Form()] = "",
    ) -> Response:
        session, lang = require(request, "board", "operator"), language_of(request)
        name, body = file.filename or kind, file.file.read(FILE_BYTES_MAX + 1)
        try:
            with database.write() as tx:
                receipt = handlers.import_register(
                    tx, session.community, kind, name, body, clock.now(), dry_run=bool(dry_run)
                )
        except BadInput as bad:
            return page(request, kind, name, bad.problems, 422)
        counts = {"file": name, "count": receipt.count, "added": receipt.added}
        if not receipt.new:
            text = translate(lang, "%(file)s was imported before; nothing changed.", **counts)
            return redirect("/members/imports", text, "note")
        if receipt.dry_run:
            text = translate(
                lang,
                "%(file)s is in order: %(added)s of its %(count)s lines are new. Nothing is imported yet.",
                **counts,
            )
            return redirect("/members/imports", text, "note")
        text = translate(lang, "%(file)s is imported: %(added)s of its %(count)s lines were new.", **counts)
        return redirect("/members/imports", text)

    @routes.get("/members/imports/{import_id}/undo")
    def ask_undo(request: Request, import_id: str) -> Response:
        session, lang = require(request, "board", "operator"), language_of(request)
        with database.read() as tx:
            found = imports.find_import(tx, session.community, import_id)
        if found is None or found.undone_at:
            raise NotFound("there is no such import to undo")
        return confirm_page(
            request,
            title=translate(lang, "Undo this import?"),
            text=translate(
                lang,
                "What %(file)s brought is taken out of the register: %(count)s records. Every service is told that they"
                " never were.",
                count=found.added_count,
                file=found.file_name,
            ),
            button=translate(lang, "Undo the import"),
            action=f"/members/imports/{import_id}/undo",
            back="/members/imports",
        )

    @routes.post("/members/imports/{import_id}/undo")
    def undo(request: Request, import_id: str) -> Response:
        session, lang = require(request, "board", "operator"), language_of(request)
        with database.write() as tx:
            count = handlers.undo_import(tx, session.community, import_id, clock.now())
        text = translate(lang, "The import is undone: %(count)s records are out of the register.", count=count)
        return redirect("/members/imports", text)
