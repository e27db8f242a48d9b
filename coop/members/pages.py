"""Pages of the register: sign-in, the board's list of members, imports, and what a member is known by."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from coop.kit import clock
from coop.kit.auth import COOKIE, LIFETIME_S, require, sign
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.kit.web import NotFound
from coop.members import accounts, handlers, storage
from coop.members.formats.register_csv import COLUMNS
from coop.values import CoopError
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, home_page, redirect, render

PAGE_SIZE = 50


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes of the pages, and the home page, which this service serves for all."""
    routes = APIRouter(include_in_schema=False)
    secret = settings.signing_secret()
    secure = settings.public_url().startswith("https://")

    @routes.get("/")
    def home(request: Request) -> Response:
        return home_page(request)

    @routes.get("/members/sign-in")
    def sign_in_form(request: Request, next: str = "/") -> Response:
        return render(request, "members/sign_in.html", next=_local(next), email="", error="")

    @routes.post("/members/sign-in")
    def sign_in(
        request: Request,
        email: Annotated[str, Form()],
        password: Annotated[str, Form()],
        next: Annotated[str, Form()] = "/",
    ) -> Response:
        with database.write() as tx:
            session = accounts.sign_in(tx, settings.community, email, password, clock.now())
        if isinstance(session, CoopError):
            error = translate(language_of(request), session.message)
            return render(request, "members/sign_in.html", 422, next=_local(next), email=email, error=error)
        response = redirect(_local(next))
        response.set_cookie(
            COOKIE, sign(session, secret), max_age=LIFETIME_S, httponly=True, samesite="lax", secure=secure, path="/"
        )
        return response

    @routes.post("/members/sign-out")
    def sign_out(request: Request) -> Response:
        response = redirect("/")
        response.delete_cookie(COOKIE, path="/")
        return response

    @routes.get("/members/me")
    def me(request: Request) -> Response:
        session = require(request)
        known = _member_context(database, session.community, session.member_id) if session.member_id else None
        return render(request, "members/me.html", session=session, known=known)

    @routes.post("/members/me/password")
    def change_password(request: Request, old: Annotated[str, Form()], new: Annotated[str, Form()]) -> Response:
        session = require(request)
        with database.write() as tx:
            account = next(
                row for row in storage.accounts(tx, session.community) if row.account_id == session.account_id
            )
            refusal = accounts.change_password(tx, session.community, account.email, old, new, clock.now())
        lang = language_of(request)
        if refusal:
            return redirect("/members/me", translate(lang, refusal.message), "refused")
        return redirect("/members/me", translate(lang, "Your password is changed."))

    @routes.get("/members/")
    def register(request: Request, search: str = "", page: int = 1) -> Response:
        session = require(request, "board", "operator")
        page = max(1, page)
        with database.read() as tx:
            total = storage.count_members(tx, session.community, search)
            found = storage.members(tx, session.community, search, PAGE_SIZE, (page - 1) * PAGE_SIZE)
            imported = storage.imports(tx, session.community)
        return render(
            request,
            "members/register.html",
            members=found,
            search=search,
            total=total,
            page=page,
            pages=ceil(total / PAGE_SIZE),
            imports=imported,
            columns=COLUMNS,
        )

    @routes.post("/members/imports")
    def upload(
        request: Request,
        kind: Annotated[str, Form()],
        file: Annotated[UploadFile, File()],
        dry_run: Annotated[str, Form()] = "",
    ) -> Response:
        session = require(request, "board", "operator")
        body, lang = file.file.read(), language_of(request)
        with database.write() as tx:
            receipt = handlers.import_register(
                tx, session.community, kind, file.filename or kind, body, clock.now(), dry_run=bool(dry_run)
            )
        if receipt.dry_run:
            text = translate(lang, "Checked: %(count)s lines would be imported.", count=receipt.count)
        elif receipt.new:
            text = translate(lang, "Imported: %(count)s lines.", count=receipt.count)
        else:
            text = translate(lang, "This file was imported before; nothing changed.")
        return redirect("/members/", text)

    @routes.get("/members/imports/{import_id}/undo")
    def ask_undo(request: Request, import_id: str) -> Response:
        session, lang = require(request, "board", "operator"), language_of(request)
        with database.read() as tx:
            found = storage.find_import(tx, session.community, import_id)
        if found is None or found.undone_at:
            raise NotFound("there is no such import to undo")
        return confirm_page(
            request,
            title=translate(lang, "Undo this import?"),
            text=translate(
                lang, "%(count)s lines of %(file)s are taken out again.", count=found.record_count, file=found.file_name
            ),
            button=translate(lang, "Undo the import"),
            action=f"/members/imports/{import_id}/undo",
            back="/members/",
        )

    @routes.post("/members/imports/{import_id}/undo")
    def undo(request: Request, import_id: str) -> Response:
        session, lang = require(request, "board", "operator"), language_of(request)
        with database.write() as tx:
            count = handlers.undo_import(tx, session.community, import_id, clock.now())
        return redirect("/members/", translate(lang, "Undone: %(count)s lines are out of the register.", count=count))

    @routes.get("/members/operations")
    def operations(request: Request) -> Response:
        require(request, "board", "operator")
        return render(request, "operations.html", services=("members", "metering", "billing", "governance"))

    @routes.get("/members/{member_id}")
    def member(request: Request, member_id: str) -> Response:
        session = require(request, "board", "operator")
        return render(request, "members/member.html", known=_member_context(database, session.community, member_id))

    return routes


def _member_context(database: Database, community: str, member_id: str) -> dict[str, object]:
    with database.read() as tx:
        found = storage.find_member(tx, community, member_id)
        if found is None:
            raise NotFound(f"there is no member {member_id}")
        contracts = storage.contracts(tx, member_id)
        return {
            "member": found,
            "holdings": storage.holdings(tx, member_id),
            "contracts": [(contract, storage.gas_bills(tx, contract.contract_id)) for contract in contracts],
        }


def _local(path: str) -> str:
    """A path on our own site: what follows a sign-in may not lead elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
