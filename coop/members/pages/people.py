"""The secretary's pages: the list of members, one member's file, leaving, contact data and accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit import clock
from coop.kit.auth import require
from coop.kit.database import Database
from coop.members import accounts, handlers
from coop.members.model import Connection, Contract, Member, Occupancy
from coop.members.storage import register
from coop.members.storage.accounts import Account, find_by_email, of_member
from coop.values import BadInput, NotFound, Problem
from coop.web.language import N_, language_of, translate
from coop.web.operations import operations_page
from coop.web.shell import confirm_page, redirect, render
from coop.web.writing import civil_day

READERS = ("board", "treasurer", "auditor", "operator")
KEEPERS = ("board", "operator")
PAGE_SIZE = 50

WORDS = (
    N_("tenant"),
    N_("owner"),
    N_("business"),
    N_("corporation"),
    N_("dwelling"),
    N_("common"),
    N_("member"),
    N_("board"),
    N_("treasurer"),
    N_("partner"),
    N_("auditor"),
    N_("operator"),
)
"""Kinds and roles as the templates write them."""


@dataclass(frozen=True)
class File:
    """All that the register knows of one member."""

    member: Member
    holdings: list[tuple[Connection, Occupancy]]
    contracts: list[Contract]
    accounts: list[Account]


def file_of(database: Database, community: str, member_id: str) -> File:
    """What is known of a member.

    Raises:
        NotFound: there is no such member.
    """
    with database.read() as tx:
        member = register.find_member(tx, community, member_id)
        if member is None:
            raise NotFound(f"there is no member {member_id}")
        return File(
            member,
            register.holdings(tx, community, member_id),
            register.contracts(tx, community, member_id),
            of_member(tx, community, member_id),
        )


def add_routes(routes: APIRouter, database: Database) -> None:
    """Add the routes of these pages."""

    @routes.get("/members/")
    def members(request: Request, search: str = "", page: int = 1) -> Response:
        session = require(request, *READERS)
        with database.read() as tx:
            total = register.count_members(tx, session.community, search)
            pages = max(1, ceil(total / PAGE_SIZE))
            page = min(max(1, page), pages)
            found = register.members(tx, session.community, search, PAGE_SIZE, (page - 1) * PAGE_SIZE)
        return render(
            request,
            "members/register.html",
            members=found,
            search=search,
            total=total,
            page=page,
            pages=pages,
            may_change=session.has(*KEEPERS),
        )

    @routes.get("/members/operations")
    def operations(request: Request) -> Response:
        require(request, *KEEPERS)
        return operations_page(request)

    @routes.get("/members/{member_id}")
    def member(request: Request, member_id: str) -> Response:
        session = require(request, *READERS)
        known = file_of(database, session.community, member_id)
        return render(
            request,
            "members/member.html",
            known=known,
            may_change=session.has(*KEEPERS),
            may_end=session.has("board") and known.member.left_on is None,
        )

    @routes.post("/members/{member_id}/contact")
    def change_contact(
        request: Request,
        member_id: str,
        name: Annotated[str, Form()] = "",
        email: Annotated[str, Form()] = "",
        address: Annotated[str, Form()] = "",
        postcode: Annotated[str, Form()] = "",
        city: Annotated[str, Form()] = "",
    ) -> Response:
        session = require(request, *KEEPERS)
        contact = {"name": name, "email": email, "address": address, "postcode": postcode, "city": city}
        with database.write() as tx:
            handlers.change_contact(tx, session.community, member_id, contact)
        return redirect(f"/members/{member_id}", translate(language_of(request), "The contact data are changed."))

    @routes.get("/members/{member_id}/leave")
    def ask_leave(request: Request, member_id: str, left_on: str = "") -> Response:
        session, lang = require(request, "board"), language_of(request)
        known = file_of(database, session.community, member_id)
        return confirm_page(
            request,
            title=translate(lang, "End this membership?"),
            text=translate(
                lang,
                "%(name)s is no member from %(day)s on. Contracts end and connections are given up on that day;"
                " the last bill follows from it.",
                name=known.member.name,
                day=civil_day(lang, _day(left_on)),
            ),
            button=translate(lang, "End the membership"),
            action=f"/members/{member_id}/leave",
            back=f"/members/{member_id}",
            hidden={"left_on": left_on},
        )

    @routes.post("/members/{member_id}/leave")
    def leave(request: Request, member_id: str, left_on: Annotated[str, Form()] = "") -> Response:
        session = require(request, "board")
        with database.write() as tx:
            handlers.end_membership(tx, session.community, member_id, _day(left_on))
        return redirect(f"/members/{member_id}", translate(language_of(request), "The membership is ended."))

    @routes.post("/members/{member_id}/accounts")
    def make_account(request: Request, member_id: str, email: Annotated[str, Form()] = "") -> Response:
        session = require(request, *KEEPERS)
        password, until = accounts.make_one_time_password(), clock.now() + ONE_TIME
        known = file_of(database, session.community, member_id)
        with database.write() as tx:
            if find_by_email(tx, session.community, email.strip().lower()):
                raise BadInput([Problem(f"an account has the address {email.strip()} already", "email")])
            account_id = accounts.create_account(
                tx, session.community, email, known.member.name, {"member"}, password, member_id, until
            )
            account = accounts.find_account(tx, session.community, account_id)
        return _show_once(request, account, password)

    @routes.post("/members/accounts/{account_id}/password")
    def reset_password(request: Request, account_id: str) -> Response:
        session = require(request, *KEEPERS)
        password = accounts.make_one_time_password()
        with database.write() as tx:
            accounts.set_one_time_password(tx, session.community, account_id, password, clock.now() + ONE_TIME)
            account = accounts.find_account(tx, session.community, account_id)
        return _show_once(request, account, password)

    @routes.post("/members/accounts/{account_id}/email")
    def change_email(request: Request, account_id: str, email: Annotated[str, Form()] = "") -> Response:
        session, lang = require(request, *KEEPERS), language_of(request)
        with database.write() as tx:
            accounts.change_email(tx, session.community, account_id, email)
            account = accounts.find_account(tx, session.community, account_id)
        text = translate(lang, "From now on %(email)s is the address to sign in with.", email=account.email)
        return redirect(f"/members/{account.member_id or ''}", text)

    @routes.post("/members/accounts/{account_id}/active")
    def set_active(request: Request, account_id: str, active: Annotated[str, Form()] = "") -> Response:
        session, lang = require(request, *KEEPERS), language_of(request)
        with database.write() as tx:
            accounts.set_active(tx, session.community, account_id, active == "yes")
            account = accounts.find_account(tx, session.community, account_id)
        text = (
            translate(lang, "The account is open again.")
            if active == "yes"
            else translate(lang, "The account is closed.")
        )
        return redirect(f"/members/{account.member_id or ''}", text)


ONE_TIME = timedelta(days=accounts.ONE_TIME_DAYS)


def _show_once(request: Request, account: Account, password: str) -> Response:
    """The page with a new one-time password: in no cookie, no address and no cache, so it is seen once."""
    response = render(request, "members/one_time.html", account=account, password=password)
    response.headers["Cache-Control"] = "no-store"
    return response


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput([Problem(f"{text!r} is not a date such as 2025-01-31", "left_on")]) from error
