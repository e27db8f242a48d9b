"""The JSON API of referenda that members ask on what was adopted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from coop.governance.access import ACCESS
from coop.governance.api import bodies, examples
from coop.governance.api.answers import Answer, EntryOut, ObjectionOut, tell_entry
from coop.governance.convening import referring
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/resolutions", tags=["governance"])
may = ACCESS.may


class RequestBody(bodies.Body):
    """The member with a ``number`` asked a referendum on paper, and what that paper is."""

    model_config = bodies.show(examples.REQUEST)

    number: Annotated[bodies.Line, Field(min_length=1)]
    paper: Annotated[str, Field(min_length=1, max_length=300)]
    entry_id: bodies.Id | None = None
    """Id of the entry, by which sending it again is the same entry."""


class SecondMeetingOut(Answer):
    """The second meeting that is due on a referendum, since too few took part in the meeting ``meeting_id`` on
    ``held_on``. It is held from ``from_on`` to ``until``; where nobody calls it, the referendum begins anew."""

    meeting_id: str
    held_on: date
    from_on: date
    until: date


class ReferendumOut(Answer):
    """Whether a referendum on a decision can be asked now, by which article and until when, how many ask and how many
    have to. The article is null where the statutes know none on this.

    ``members_needed`` are of those who had a vote at the meeting; ``votes_needed`` is null where heads alone count, and
    both are before the decision is adopted.

    ``asks``: the members vote on whether the decision falls, or on whether it stands. From ``granted_on`` it is
    suspended; ``hold_by`` is the last day of the referendum, where the statutes name one, ``point`` the resolution by
    which it is held, ``second`` the meeting that is due where that lacked its quorum, and ``outcome`` what became of
    the decision. ``may_ask``: the member who reads can ask it;
    ``object_until`` is the last day on which they can object to a paper that others entered for them.
    """

    resolution_id: str
    article: str | None
    asks: Literal["repeal", "confirm"] | None
    until: date | None
    is_open: bool
    members_asking: int
    votes_asking: int
    members_needed: int | None
    votes_needed: int | None
    granted_on: date | None
    hold_by: date | None
    point: str | None
    second: SecondMeetingOut | None
    outcome: Literal["restored", "repealed"] | None
    may_ask: bool
    has_asked: bool
    object_until: date | None


@routes.get("/{resolution_id}/referendum")
@may("see-decisions")
def get_referendum(request: Request, resolution_id: str) -> ReferendumOut:
    """Whether members can ask a referendum on a decision, how many did, and what came of it."""
    with reading(request) as tx:
        return _describe(tx, resolution_id, session_of(request).member_id)


@routes.post("/{resolution_id}/referendum")
@may("ask-referendum")
def ask_referendum(request: Request, resolution_id: str) -> ReferendumOut:
    """Ask a referendum on a decision as the member who is signed in; asking it again changes nothing."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        referring.ask_referendum(tx, resolution_id, member_id)
        return _describe(tx, resolution_id, member_id)


@routes.post("/{resolution_id}/referendum/requests")
@may("enter-request")
def enter_request(request: Request, resolution_id: str, body: RequestBody) -> EntryOut:
    """Enter that a member asked a referendum on paper; it counts once somebody else confirms it, in time by the day on
    which it was entered, and the member is told."""
    with writing(request) as tx:
        entry = referring.enter_request(tx, resolution_id, body.number, body.paper, body.entry_id or "")
        return tell_entry(tx, entry)


@routes.post("/{resolution_id}/referendum/objection")
@may("ask-referendum")
def object_to_request(request: Request, resolution_id: str) -> ObjectionOut:
    """Object as the member who is signed in to the request on paper that others entered for them."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        new = referring.object_to_request(tx, resolution_id, member_id)
    return ObjectionOut(resolution_id=resolution_id, new=new)


def _describe(tx: Tx, resolution_id: str, member_id: str | None) -> ReferendumOut:
    view = referring.view_referral(tx, resolution_id, member_id)
    outcome = view.outcome.manner if view.outcome else None
    return ReferendumOut(
        resolution_id=resolution_id,
        article=view.own.article if view.own else None,
        asks=view.own.asks if view.own else None,
        until=view.until,
        is_open=view.is_open,
        members_asking=view.members_asking,
        votes_asking=view.votes_asking,
        members_needed=view.members_needed,
        votes_needed=view.votes_needed,
        granted_on=view.granted_on,
        hold_by=view.hold_by,
        point=view.point,
        second=SecondMeetingOut(**asdict(view.second)) if view.second else None,
        outcome="restored" if outcome == "restored" else "repealed" if outcome else None,
        may_ask=view.may_ask,
        has_asked=view.has_asked,
        object_until=view.entered.until if view.entered and view.entered.open else None,
    )
