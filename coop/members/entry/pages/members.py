"""Pages of members: the list with search, order and filters, one member with all that is theirs, and leaving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from math import ceil
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.community.texts import name_actor
from coop.members.entry import commands
from coop.members.history.model import Change
from coop.members.history.store import list_changes_of
from coop.members.identity.store import list_names
from coop.members.imports.formats.line import read_day
from coop.members.imports.formats.register_rows import KINDS
from coop.members.imports.plans import keys_of_member
from coop.members.imports.words import label_of
from coop.members.register import store
from coop.members.register.model import MEMBER_KINDS, Selection
from coop.members.resting.store import list_bills_of, list_bills_on
from coop.values import BadInput, Problem, say
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, on_member_for, redirect, render
from coop.web.writing import civil_day

PAGE_SIZE = 50
FORM_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/")
@may("see-register")
def members_page(
    request: Request,
    search: str = "",
    kind: str = "",
    state: str = "",
    lacks: str = "",
    sort: str = "number",
    page: int = 1,
) -> Response:
    selection = Selection(search, kind, state, lacks, sort)
    with reading(request) as tx:
        total = store.count_selected(tx, selection)
        pages = max(1, ceil(total / PAGE_SIZE))
        page = min(max(1, page), pages)
        members = store.select_members(tx, selection, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    session = session_of(request)
    chosen = {name: text for name, text in asdict(selection).items() if text}
    return render(
        request,
        "members/register.html",
        members=members,
        selection=selection,
        kinds=MEMBER_KINDS,
        query=urlencode(chosen),
        is_filtered=selection != Selection(sort=sort),
        total=total,
        page=page,
        pages=pages,
        may_import=ACCESS.allows(session, "import-register"),
        may_keep=ACCESS.allows(session, "keep-register"),
        may_see_accounts=ACCESS.allows(session, "see-accounts"),
    )


@routes.get("/{member_id}")
@may("see-register")
def member_page(request: Request, member_id: str) -> Response:
    lang = language_of(request)
    with reading(request) as tx:
        file = store.get_file(tx, member_id)
        bills = {bill.bill_id: bill for bill in list_bills_of(tx, member_id)}
        bills |= {bill.bill_id: bill for bill in list_bills_on(tx, [c.contract_id for c in file.contracts])}
        changes = list_changes_of(tx, keys_of_member(file))
        history = name_changes(tx, lang, changes)
        numbers = {member.member_id: member for member in store.list_members(tx)} if file.contracts else {}
    session = session_of(request)
    return render(
        request,
        "members/member.html",
        file=file,
        bills=sorted(bills.values(), key=lambda bill: (bill.issued_on, bill.number), reverse=True),
        history=history,
        people=numbers,
        on_member=on_member_for(request, member_id),
        may_see_accounts=ACCESS.allows(session, "see-accounts"),
        may_see_privacy=ACCESS.allows(session, "see-privacy"),
        may_see_restricted=ACCESS.allows(session, "see-restricted") and file.member.is_restricted,
        may_keep=ACCESS.allows(session, "keep-register"),
        may_end=ACCESS.allows(session, "end-membership") and file.member.left_on is None,
        may_mend=ACCESS.allows(session, "end-membership"),
    )


def name_changes(tx: Tx, lang: str, changes: Sequence[Change]) -> list[tuple[str, Change, str]]:
    """Changes with the heading of their field and the name of whoever made them."""
    names = list_names(tx)
    return [
        (label_of(lang, KINDS[change.noun], change.field), change, name_actor(lang, names, change.changed_by))
        for change in changes
    ]


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
        commands.leave(tx, member_id, _parse_day(left_on))
    return redirect(f"/members/{member_id}", translate(language_of(request), "The membership is ended."))


def _parse_day(text: str) -> date:
    day = read_day(text)
    if day is None:
        reason = say('"%(value)s" is not a date such as 31-01-2025 or 2025-01-31', value=text)
        raise BadInput([Problem(reason, "left_on")])
    return day
