"""The messages to whoever is signed in, and how they want to be written to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.session import Session
from coop.members.access import ACCESS
from coop.members.messages import changes, store
from coop.members.messages.model import Filter, Wish
from coop.members.messages.pages.common import FORM_MAX, show_message, words_of
from coop.members.register.store import get_member
from coop.values import NotFound
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

OWN = "/members/me/messages"
SHOWN = 200

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/me/messages")
@may("see-own")
def own_messages_page(request: Request) -> Response:
    """Messages to whoever is signed in, newest first."""
    session = session_of(request)
    with reading(request) as tx:
        listed = store.list_tracked(tx, _filter_own(session), SHOWN)
        wish = store.find_wish(tx, _person_of(session))
    return render(
        request,
        "members/own_messages.html",
        listed=listed,
        wish=wish,
        **words_of(request),
    )


@routes.post("/me/messages")
@may("see-own")
@body_max(FORM_MAX)
def set_own_wish(
    request: Request, language: Annotated[str, Form()] = "", by_letter: Annotated[str, Form()] = ""
) -> Response:
    """Keep in which language, and which way, whoever is signed in wants to be written to."""
    wish = Wish(_person_of(session_of(request)), language, by_letter == "yes")
    with writing(request) as tx:
        changes.set_wish(tx, wish)
    return redirect(OWN, translate(language_of(request), "From now on you are written to like this."))


@routes.get("/me/messages/{message_id}")
@may("see-own")
def own_message_page(request: Request, message_id: str) -> Response:
    """One message to whoever is signed in."""
    session = session_of(request)
    with reading(request) as tx:
        tracked = store.get_tracked(tx, message_id)
    made = tracked.message
    is_mine = made.account_id == session.account_id or (
        session.member_id is not None and made.member_id == session.member_id and made.account_id is None
    )
    if not is_mine:
        raise NotFound
    return show_message(request, tracked, {}, is_own=True)


@routes.post("/{member_id}/messages")
@may("change-contact")
@body_max(FORM_MAX)
def set_wish_of_member(
    request: Request,
    member_id: str,
    language: Annotated[str, Form()] = "",
    by_letter: Annotated[str, Form()] = "",
) -> Response:
    """Keep how a member wants to be written to, as they told the board."""
    with writing(request) as tx:
        get_member(tx, member_id)
        changes.set_wish(tx, Wish(member_id, language, by_letter == "yes"))
    text = translate(language_of(request), "From now on this member is written to like this.")
    return redirect(f"/members/{member_id}/messages", text)


def _person_of(session: Session) -> str:
    return session.member_id or session.account_id


def _filter_own(session: Session) -> Filter:
    """Own messages: those to the account, and to the member by the register; not those to other accounts of theirs."""
    return Filter(member_id=session.member_id, of_account=session.account_id)
