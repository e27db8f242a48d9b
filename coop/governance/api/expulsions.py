"""The JSON API of expulsions: memberships that the board ends, and the member's appeal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from coop.governance.access import ACCESS
from coop.governance.api import bodies
from coop.governance.api.answers import Answer, EntryOut, tell_entry
from coop.governance.expulsions import commands
from coop.governance.expulsions.views import view_expulsions
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.paging import Paged

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/expulsions", tags=["governance"])
own_routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/me/expulsions", tags=["governance"])
may = ACCESS.may

Paper = Annotated[str, Field(max_length=300)]

_DECISION: Final[dict[str, Any]] = {
    "member_id": "member-12",
    "way": "termination",
    "decided_on": "2026-11-20",
    "ends_on": "2027-01-01",
    "reason": "You moved out of the village, and the statutes ask that a member lives there.",
    "article": "art. 7 lid 2",
    "paper": "minutes of 20 November, point 3",
}
_PAPER: Final[dict[str, Any]] = {
    "member_id": "member-12",
    "received_on": "2026-12-01",
    "paper": "letter of 30 November",
}
_SHOWN: Final[dict[str, Any]] = {
    **_DECISION,
    "expulsion_id": "8b1a9953-c461-4129-a827-abf8c47804d7",
    "told_on": "2026-11-21",
    "appeal_until": "2026-12-28",
    "appealed_on": "2026-12-01",
    "state": "confirmed",
    "settled_on": "2026-12-14",
    "left_on": "2027-01-01",
    "resolution_id": "alv-2026-2-3",
    "recorded_at": "2026-11-21T09:00:00Z",
}


class ExpulsionBody(bodies.Body):
    """A decision of the board that a membership ends. A termination names the day from which it holds, ``ends_on``; the
    member is told the reason."""

    model_config = bodies.show(_DECISION)

    member_id: bodies.Id
    way: Literal["expulsion", "termination"]
    decided_on: bodies.Day
    ends_on: bodies.Day | None = None
    reason: Annotated[str, Field(max_length=commands.REASON_MAX)]
    article: Annotated[str, Field(max_length=commands.ARTICLE_MAX)]
    paper: Paper
    entry_id: bodies.Id | None = None


class AppealBody(bodies.Body):
    """An appeal on paper, with the day on which it was received."""

    model_config = bodies.show(_PAPER)

    member_id: bodies.Id
    received_on: bodies.Day
    paper: Paper
    entry_id: bodies.Id | None = None


class ExpulsionOut(Answer):
    """An expulsion as it stands. ``state``: open, as long as the member may appeal; over, where the term passed and
    the night has not settled it yet; appealed; and settled as unopposed, confirmed or stays. ``left_on`` is the first
    day without membership."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_SHOWN]})

    expulsion_id: str
    member_id: str
    way: Literal["expulsion", "termination"]
    decided_on: date
    ends_on: date | None
    reason: str
    article: str
    paper: str
    told_on: date
    appeal_until: date
    appealed_on: date | None
    state: Literal["open", "over", "appealed", "unopposed", "confirmed", "stays"]
    settled_on: date | None
    left_on: date | None
    resolution_id: str | None
    recorded_at: datetime


@routes.get("")
@may("see-expulsions")
def list_expulsions(request: Request, page: Paged) -> list[ExpulsionOut]:
    """Every membership that the board ended, newest first."""
    with reading(request) as tx:
        listed = [ExpulsionOut.model_validate(view) for view in view_expulsions(tx)]
    listed.sort(key=_key_of, reverse=True)
    return list(page.cut(listed, _key_of, newest_first=True))


def _key_of(each: ExpulsionOut) -> tuple[str, str]:
    return each.recorded_at.isoformat(), each.expulsion_id


@routes.post("")
@may("expel-members")
def enter_expulsion(request: Request, body: ExpulsionBody) -> EntryOut:
    """Enter that the board ends a membership; it holds, and the member is told, once somebody else confirms it."""
    with writing(request) as tx:
        entry = commands.expel_member(
            tx,
            body.member_id,
            body.way,
            body.decided_on,
            body.reason,
            body.article,
            body.paper,
            body.ends_on,
            body.entry_id or "",
        )
        return tell_entry(tx, entry)


@routes.post("/appeals")
@may("expel-members")
def enter_appeal(request: Request, body: AppealBody) -> EntryOut:
    """Enter an appeal that came on paper; it holds once somebody else confirms it."""
    with writing(request) as tx:
        entry = commands.enter_appeal(tx, body.member_id, body.received_on, body.paper, body.entry_id or "")
        return tell_entry(tx, entry)


@own_routes.get("")
@may("appeal-expulsion")
def list_own_expulsions(request: Request, page: Paged) -> list[ExpulsionOut]:
    """The end of the own membership by the board, with its reason and until when one may appeal; newest first."""
    with reading(request) as tx:
        views = view_expulsions(tx, session_of(request).member_id or "")
    listed = sorted((ExpulsionOut.model_validate(view) for view in views), key=_key_of, reverse=True)
    return list(page.cut(listed, _key_of, newest_first=True))


@own_routes.post("/appeal")
@may("appeal-expulsion")
def enter_own_appeal(request: Request) -> ExpulsionOut:
    """Appeal to the members' meeting, as the member whose session this is. Repeating it changes nothing."""
    own_id = session_of(request).member_id or ""
    with writing(request) as tx:
        commands.appeal(tx, own_id)
        return ExpulsionOut.model_validate(view_expulsions(tx, own_id)[0])
