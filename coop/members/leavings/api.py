"""Leavings for programs, under ``/members/api/v1``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.kit.http import GuardedRoute, session_of, writing
from coop.members.access import ACCESS, grants_of
from coop.members.entry.commands import leave
from coop.members.leavings import commands
from coop.members.leavings.model import Look, Wish

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])
may = ACCESS.may


class LeavingIn(BaseModel):
    """The first day without membership."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"left_on": "2026-07-01"}]})

    left_on: date


class EndingIn(BaseModel):
    """The right first day without it, null where it goes on, and why. With ``whole`` goes all that ended on the same
    day, and who came by the same move. Without ``preview``, the hash of what was looked at, nothing is written down."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"day": "2026-07-01", "reason": "entered for the wrong member", "preview": ""}]}
    )

    day: date | None
    reason: str = Field(min_length=1, max_length=commands.REASON_MAX)
    whole: bool = True
    accounts: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    preview: str = Field("", max_length=64)


class DifferenceOut(BaseModel):
    """A field that becomes something else; empty for nothing."""

    noun: str
    record: str
    field: str
    old: str
    new: str


class EndingOut(BaseModel):
    """Effect of another end: the differences, the numbers of bills that rest on the end as it was, how many
    measurements and voting lists do, and the members who came by the same move. ``preview`` is its hash."""

    written: bool
    preview: str
    differences: list[DifferenceOut]
    bills: list[str]
    measured_count: int
    vote_count: int
    arrivals: list[str]


@routes.post("/members/{member_id}/leave")
@may("end-membership")
def end_membership(request: Request, member_id: str, body: LeavingIn) -> LeavingIn:
    """End a membership, its contracts and its holds on connections."""
    with writing(request) as tx:
        leave(tx, member_id, body.left_on)
    return body


@routes.post("/{kind}/{record_id}/ending")
@may("end-membership")
def correct_ending(
    request: Request,
    kind: Annotated[Literal["members", "contracts", "connections"], Path()],
    record_id: str,
    body: EndingIn,
) -> EndingOut:
    """Look at another end of a membership, a contract or the last hold of a connection, or write it down as it was
    looked at."""
    wish = Wish(kind, record_id, body.day, body.reason, body.whole, body.accounts)
    with writing(request) as tx:
        if body.preview:
            look = commands.mend_ending(tx, grants_of(session_of(request)), wish, body.preview)
        else:
            look = commands.look_at_ending(tx, wish)
    return _answer(look, is_written=bool(body.preview))


def _answer(look: Look, *, is_written: bool) -> EndingOut:
    return EndingOut(
        written=is_written,
        preview=look.preview,
        differences=[
            DifferenceOut(noun=update.key[0], record=update.key[1], field=part.field, old=part.old, new=part.new)
            for update in look.plan.updates.values()
            for part in update.differences
        ],
        bills=[bill.number for bill in look.rest.bills],
        measured_count=look.rest.measured,
        vote_count=look.rest.votes,
        arrivals=[member.member_id for member in look.ended.arrivals],
    )
