"""The JSON API of suspensions: what the board decided, entered by one person and confirmed by another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from coop.governance.access import ACCESS
from coop.governance.api import bodies, examples
from coop.governance.api.answers import Answer, EntryOut, tell_entry
from coop.governance.suspensions import commands as suspensions
from coop.governance.suspensions.views import view_suspensions
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.paging import Paged

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/suspensions", tags=["governance"])
may = ACCESS.may

Paper = Annotated[str, Field(max_length=300)]
"""The decision of the board that it stands on, by its name: not what a member did."""


class SuspensionBody(bodies.Body):
    """A suspension from a day on, for so many months as the statutes allow."""

    model_config = bodies.show(examples.SUSPENSION)

    member_id: bodies.Id
    from_on: bodies.Day
    months: bodies.Count
    paper: Paper
    entry_id: bodies.Id | None = None


class LiftingBody(bodies.Body):
    """The decision by which a suspension ends before its term."""

    model_config = bodies.show(examples.LIFTING)

    paper: Paper
    entry_id: bodies.Id | None = None


class SuspensionOut(Answer):
    """A suspension: ``ends_on`` is the first day on which the member votes again. ``lasts`` is false where it is over,
    and ``lifted`` true where it ended before its term. One without an end lasts until an expulsion is settled."""

    member_id: str
    from_on: date
    ends_on: date | None
    article: str
    paper: str
    lasts: bool
    lifted: bool
    recorded_at: datetime


@routes.get("")
@may("see-suspensions")
def list_suspensions(request: Request, page: Paged) -> list[SuspensionOut]:
    """Every suspension that two people signed, newest first."""
    with reading(request) as tx:
        listed = [SuspensionOut.model_validate(view) for view in view_suspensions(tx)]
    listed.sort(key=_key_of, reverse=True)
    return list(page.cut(listed, _key_of, newest_first=True))


def _key_of(each: SuspensionOut) -> tuple[str, str]:
    return each.recorded_at.isoformat(), each.member_id


@routes.post("")
@may("suspend-members")
def enter_suspension(request: Request, body: SuspensionBody) -> EntryOut:
    """Enter that the board suspended a member; it holds once somebody else confirms it."""
    with writing(request) as tx:
        entry = suspensions.suspend_member(
            tx, body.member_id, body.from_on, body.months, body.paper, body.entry_id or ""
        )
        return tell_entry(tx, entry)


@routes.post("/{member_id}/lift")
@may("suspend-members")
def end_suspension(request: Request, member_id: str, body: LiftingBody) -> EntryOut:
    """Enter that a suspension ends before its term; it holds once somebody else confirms it."""
    with writing(request) as tx:
        signer = suspensions.find_signer(session_of(request))
        entry = suspensions.lift_suspension(tx, member_id, body.paper, signer, body.entry_id or "")
        return tell_entry(tx, entry)
