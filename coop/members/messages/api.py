"""Messages, under ``/members/api/v1/messages``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from coop.kit.answers import Answer, Body
from coop.kit.http import GuardedRoute, reading, refuses, session_of, writing
from coop.kit.paging import Paged
from coop.members.access import ACCESS
from coop.members.messages import changes, store
from coop.members.messages.model import Filter, Tracked
from coop.members.messages.rules import hide_address

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1/messages", tags=["members"])
may = ACCESS.may

Kind = Annotated[str, Query(max_length=30, pattern=r"^[a-z-]*$", description="One kind, or all.")]


class MemberMessageOut(Answer):
    """A message to one person, and how far it has come."""

    message_id: str
    kind: Annotated[str, Field(examples=["bill-ready"])]
    about: Annotated[str, Field(examples=["b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22"])]
    """Id of its cause, such as a bill's."""
    member_id: str | None
    """Member it goes to; null for an account of somebody who is none."""
    channel: Literal["mail", "letter"]
    address: str
    """Address it goes to; masked for who may not see it."""
    subject: str
    state: Literal["waiting", "sent", "failed"]
    """A mail is sent once the mail server took it, a letter once somebody posted it."""
    made_at: datetime
    sent_at: datetime | None
    posted_on: date | None
    """Day on which somebody posted it; null for mail."""
    answer: str
    """Last answer of the mail server, or the reason why it came back."""
    replaced_by: str | None
    """Id of the message that went in its place."""
    sha256: str
    """SHA-256 of what it said."""


class PostedIn(Body):
    """Letters that were posted."""

    message_ids: Annotated[list[Annotated[str, Field(max_length=36)]], Field(max_length=5000)]
    posted_on: Annotated[date, Field(examples=["2026-03-02"])]


class PostedOut(Answer):
    """Number of letters that were not said to be posted before."""

    posted: int


class WentOut(Answer):
    """The message that goes out now."""

    message_id: str


@routes.get("")
@may("see-messages")
def list_messages(
    request: Request, page: Paged, state: Literal["", "waiting", "sent", "failed"] = "", kind: Kind = ""
) -> list[MemberMessageOut]:
    """Messages, newest first: all, or those in a state or of a kind."""
    with reading(request) as tx:
        listed = store.page_tracked(tx, Filter(state, kind), page.window)
    shown = page.close(listed, lambda each: (each.message.made_at, each.message.message_id))
    return [_show(request, tracked) for tracked in shown]


@routes.post("/posted")
@may("work-messages")
@refuses("bad-input")
def record_posting(request: Request, body: PostedIn) -> PostedOut:
    """Say that letters were posted on a day."""
    with writing(request) as tx:
        return PostedOut(posted=changes.mark_posted(tx, body.message_ids, body.posted_on))


@routes.get("/{message_id}")
@may("see-messages")
def get_message(request: Request, message_id: str) -> MemberMessageOut:
    """One message."""
    with reading(request) as tx:
        return _show(request, store.get_tracked(tx, message_id))


@routes.post("/{message_id}/again")
@may("work-messages")
@refuses("not-again", "said-once")
def send_again(request: Request, message_id: str) -> WentOut:
    """Send mail again that did not arrive, to the address that its reader has now."""
    with writing(request) as tx:
        return WentOut(message_id=changes.send_again(tx, message_id))


@routes.post("/{message_id}/letter")
@may("work-messages")
@refuses("no-letter", "not-again", "said-once")
def create_letter(request: Request, message_id: str) -> WentOut:
    """Write a letter instead of mail that did not arrive or waits."""
    with writing(request) as tx:
        return WentOut(message_id=changes.write_letter(tx, message_id))


def _show(request: Request, tracked: Tracked) -> MemberMessageOut:
    shown = tracked if ACCESS.allows(session_of(request), "see-addresses") else hide_address(tracked)
    made = shown.message
    return MemberMessageOut.model_validate(
        {
            **{name: getattr(made, name) for name in MemberMessageOut.model_fields if hasattr(made, name)},
            "state": tracked.state,
            "sent_at": tracked.sent_at,
            "answer": shown.answer,
        }
    )
