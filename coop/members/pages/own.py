"""What a member is known by, and their password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit import clock
from coop.kit.auth import NotSignedIn, Session, require
from coop.kit.database import Database
from coop.members import accounts
from coop.members.pages.people import file_of
from coop.members.pages.sign_in import refusal_text
from coop.members.storage.accounts import Account, find_by_id
from coop.values import CoopError
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render


def add_routes(routes: APIRouter, database: Database) -> None:
    """Add the routes of these pages."""

    def own_account(session: Session) -> Account:
        with database.read() as tx:
            found = find_by_id(tx, session.community, session.account_id)
        if found is None or not found.active:
            raise NotSignedIn
        return found

    def page(request: Request, error: str = "", status: int = 200) -> Response:
        session = require(request)
        account = own_account(session)
        known = file_of(database, session.community, session.member_id) if session.member_id else None
        return render(request, "members/me.html", status, account=account, known=known, error=error)

    @routes.get("/members/me")
    def me(request: Request) -> Response:
        return page(request)

    @routes.post("/members/me/password")
    def change_password(
        request: Request, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = ""
    ) -> Response:
        session = require(request)
        email = own_account(session).email
        try:
            accounts.choose_password(database, session.community, email, old, new, clock.now())
        except CoopError as refusal:
            return page(request, refusal_text(request, refusal), 422)
        return redirect("/members/me", translate(language_of(request), "Your password is changed."))
