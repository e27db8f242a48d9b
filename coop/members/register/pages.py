"""Pages of the secretary: the list of members, one member's file, contact data and leaving."""

from __future__ import annotations

from datetime import date
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS
from coop.members.register import commands, store
from coop.values import BadInput, Problem
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, redirect, render
from coop.web.writing import civil_day

PAGE_SIZE = 50
FORM_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/")
@may("see-register")
def members_page(request: Request, search: str = "", page: int = 1) -> Response:
    with reading(request) as tx:
        total = store.count_members(tx, search)
        pages = max(1, ceil(total / PAGE_SIZE))
        page = min(max(1, page), pages)
        members = store.list_members(tx, search, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    session = session_of(request)
    return render(
        request,
        "members/register.html",
        members=members,
        search=search,
        total=total,
        page=page,
        pages=pages,
        may_import=ACCESS.allows(session, "import-register"),
        may_see_accounts=ACCESS.allows(session, "see-accounts"),
    )


@routes.get("/{member_id}")
@may("see-register")
def member_page(request: Request, member_id: str) -> Response:
    with reading(request) as tx:
        file = store.get_file(tx, member_id)
    session = session_of(request)
    return render(
        request,
        "members/member.html",
        file=file,
        may_see_accounts=ACCESS.allows(session, "see-accounts"),
        may_see_privacy=ACCESS.allows(session, "see-privacy"),
        may_see_restricted=ACCESS.allows(session, "see-restricted") and file.member.is_restricted,
        may_change=ACCESS.allows(session, "change-contact"),
        may_end=ACCESS.allows(session, "end-membership") and file.member.left_on is None,
    )


@routes.post("/{member_id}/contact")
@may("change-contact")
@body_max(FORM_MAX)
def change_contact(
    request: Request,
    member_id: str,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    postcode: Annotated[str, Form()] = "",
    city: Annotated[str, Form()] = "",
) -> Response:
    contact = {"name": name, "email": email, "address": address, "postcode": postcode, "city": city}
    with writing(request) as tx:
        commands.change_contact(tx, member_id, contact)
    return redirect(f"/members/{member_id}", translate(language_of(request), "The contact data are changed."))


@routes.get("/{member_id}/leave")
@may("end-membership")
def ask_leave(request: Request, member_id: str, left_on: str = "") -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        member = store.get_member(tx, member_id)
    return confirm_page(
        request,
        title=translate(lang, "End this membership?"),
        text=translate(
            lang,
            "%(name)s is no member from %(day)s on. Contracts end and connections are given up on that day;"
            " the last bill follows from it.",
            name=member.name,
            day=civil_day(lang, _parse_day(left_on)),
        ),
        button=translate(lang, "End the membership"),
        action=f"/members/{member_id}/leave",
        back=f"/members/{member_id}",
        hidden={"left_on": left_on},
    )


@routes.post("/{member_id}/leave")
@may("end-membership")
@body_max(FORM_MAX)
def leave(request: Request, member_id: str, left_on: Annotated[str, Form()] = "") -> Response:
    with writing(request) as tx:
        commands.end_membership(tx, member_id, _parse_day(left_on))
    return redirect(f"/members/{member_id}", translate(language_of(request), "The membership is ended."))


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput([Problem(f"{text!r} is not a date such as 2025-01-31", "left_on")]) from error
