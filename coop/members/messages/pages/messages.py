"""Pages of what waits, failed and was sent: all of it, of one member, and one message with its proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS
from coop.members.messages import changes, store
from coop.members.messages.model import Filter
from coop.members.messages.pages.common import FORM_MAX, PAGE, show_message, words_of
from coop.members.messages.rules import hide_address
from coop.members.messages.texts import STATE_NAMES
from coop.members.register.store import get_member
from coop.web.language import language_of, translate, translate_counted
from coop.web.shell import redirect, render

PAGE_SIZE = 50

routes = APIRouter(route_class=GuardedRoute, prefix="/members", include_in_schema=False)
may = ACCESS.may


@routes.get("/messages")
@may("see-messages")
def messages_page(request: Request, state: str = "", kind: str = "", channel: str = "", page: int = 1) -> Response:
    """Pages on what waits, failed and was sent, and what can be done about it."""
    wanted, page = Filter(state, kind, channel), max(page, 1)
    with reading(request) as tx:
        counts = store.count_tracked(tx, Filter())
        listed = store.list_tracked(tx, wanted, PAGE_SIZE + 1, (page - 1) * PAGE_SIZE)
    totals = {each: sum(count for (_, of), count in counts.items() if of == each) for each in STATE_NAMES}
    return render(
        request,
        "members/messages.html",
        listed=listed[:PAGE_SIZE],
        page=page,
        has_more=len(listed) > PAGE_SIZE,
        wanted=wanted,
        counts=counts,
        totals=totals,
        **words_of(request),
    )


@routes.post("/messages/retry")
@may("work-messages")
@body_max(FORM_MAX)
def retry_all(request: Request, state: Annotated[str, Form()] = "", kind: Annotated[str, Form()] = "") -> Response:
    """Send again what did not arrive."""
    with writing(request) as tx:
        count = changes.retry_all(tx, Filter(state or "failed", kind, "mail"))
    text = translate_counted(
        language_of(request), "%(num)s message goes out again.", "%(num)s messages go out again.", count
    )
    return redirect(f"{PAGE}?state=waiting", text)


@routes.post("/messages/as-letters")
@may("work-messages")
@body_max(FORM_MAX)
def write_letters(request: Request, state: Annotated[str, Form()] = "", kind: Annotated[str, Form()] = "") -> Response:
    """Write letters instead of mail that did not arrive, or that waits."""
    with writing(request) as tx:
        count = changes.write_letters(tx, Filter(state or "failed", kind, "mail"))
    text = translate_counted(
        language_of(request), "%(num)s letter waits to be printed.", "%(num)s letters wait to be printed.", count
    )
    return redirect(f"{PAGE}/letters", text)


@routes.get("/messages/{message_id}")
@may("see-messages")
def message_page(request: Request, message_id: str) -> Response:
    """One message: what it said, and its proof."""
    with reading(request) as tx:
        tracked = store.get_tracked(tx, message_id)
        names = store.list_names(tx, [tracked.message.made_by, tracked.message.posted_by])
    sees = ACCESS.allows(session_of(request), "see-addresses")
    return show_message(request, tracked if sees else hide_address(tracked), names, is_own=False)


@routes.post("/messages/{message_id}/again")
@may("work-messages")
def send_again(request: Request, message_id: str) -> Response:
    with writing(request) as tx:
        new_id = changes.send_again(tx, message_id)
    return redirect(f"{PAGE}/{new_id}", translate(language_of(request), "It goes out again."))


@routes.post("/messages/{message_id}/letter")
@may("work-messages")
def write_letter(request: Request, message_id: str) -> Response:
    with writing(request) as tx:
        new_id = changes.write_letter(tx, message_id)
    return redirect(f"{PAGE}/{new_id}", translate(language_of(request), "The letter waits to be printed."))


@routes.get("/{member_id}/messages")
@may("see-messages")
def member_messages_page(request: Request, member_id: str) -> Response:
    """The messages of one member, and how they want to be written to."""
    with reading(request) as tx:
        member = get_member(tx, member_id)
        listed = store.list_tracked(tx, Filter(member_id=member_id), 200)
        wish = store.find_wish(tx, member_id)
    return render(
        request,
        "members/member_messages.html",
        member=member,
        listed=listed,
        wish=wish,
        may_change=ACCESS.allows(session_of(request), "change-contact"),
        **words_of(request),
    )
