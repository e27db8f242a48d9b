"""Pages of erasure: a request of one's own, the board's list of requests, and who a restricted member was."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.members.access import ACCESS
from coop.members.privacy import commands, store
from coop.members.privacy.pages.answers import FORM_MAX, OWN_PAGE, PAGE
from coop.members.privacy.rules import choose_answer_day
from coop.members.privacy.texts import OUTCOMES
from coop.members.register.store import find_member, get_member
from coop.values import NotFound, civil_date
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, redirect, render
from coop.web.writing import civil_day

REQUESTS = f"{PAGE}/erasures"

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.post(f"{OWN_PAGE}/erasure")
@may("keep-own-privacy")
@body_max(FORM_MAX)
def ask(request: Request, withdraw: Annotated[str, Form()] = "") -> Response:
    """Ask that what is known of me be erased, or take that back."""
    lang, member_id = language_of(request), session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        if withdraw == "yes":
            commands.withdraw_request(tx, member_id)
        else:
            commands.ask_for_erasure(tx, member_id)
    if withdraw == "yes":
        return redirect(OWN_PAGE, translate(lang, "Your request is taken back."))
    return redirect(OWN_PAGE, translate(lang, "Your request is with the board, who answers it within a month."))


@routes.get(REQUESTS)
@may("see-privacy")
def requests_page(request: Request) -> Response:
    """All requests to erase, those that wait first, each with the day by which it is to be answered."""
    with reading(request) as tx:
        requests = store.list_requests(tx)
        members = {each.member_id: find_member(tx, each.member_id) for each in requests}
        today = tx.today
    return render(
        request,
        "members/erasures.html",
        requests=[(each, members[each.member_id], choose_answer_day(civil_date(each.asked_at))) for each in requests],
        outcomes=OUTCOMES,
        today=today,
        may_keep=ACCESS.allows(session_of(request), "keep-privacy"),
    )


@routes.post(f"{PAGE}/members/{{member_id}}/erasure")
@may("keep-privacy")
@body_max(FORM_MAX)
def enter_request(request: Request, member_id: str, letter: Annotated[str, Form()] = "") -> Response:
    """Enter the request of a member that came on paper; another person carries it out."""
    with writing(request) as tx:
        commands.enter_request(tx, member_id, letter)
    return redirect(REQUESTS, translate(language_of(request), "The request is kept. Another person carries it out."))


@routes.post(f"{REQUESTS}/{{number}}")
@may("keep-privacy")
@body_max(FORM_MAX)
def carry_out(request: Request, number: int, confirmed: Annotated[str, Form()] = "") -> Response:
    """Erase what is known of a member, or restrict what the books need; ask before."""
    lang = language_of(request)
    if confirmed != "yes":
        with reading(request) as tx:
            asked = commands.get_request(tx, number)
            name, kept_until = get_member(tx, asked.member_id).name, commands.find_kept_until(tx, asked.member_id)
        text = translate(
            lang,
            "Name, addresses, accounts and messages are erased. Bills, votes and readings stay, under a number.",
        )
        if kept_until:
            kept = translate(
                lang,
                "The books need name and postal address until %(day)s; only treasurer and auditor see them until then.",
                day=civil_day(lang, kept_until),
            )
            text = f"{text} {kept}"
        return confirm_page(
            request,
            title=translate(lang, "Erase %(name)s?", name=name),
            text=text,
            button=translate(lang, "Erase"),
            action=f"{REQUESTS}/{number}",
            back=REQUESTS,
        )
    with writing(request) as tx:
        commands.carry_out(tx, number)
    return redirect(REQUESTS, translate(lang, "The request is carried out."))


@routes.get(f"{PAGE}/members/{{member_id}}/restricted")
@may("see-restricted")
def restricted_page(request: Request, member_id: str) -> Response:
    """Show who a restricted member was, for the books."""
    with reading(request) as tx:
        member, person = get_member(tx, member_id), store.find_restricted(tx, member_id)
    if person is None:
        raise NotFound
    return render(request, "members/restricted.html", member=member, was=person)
