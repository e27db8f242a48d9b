"""The JSON API of mandates, from the member's own session alone."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request

from coop.governance.access import ACCESS
from coop.governance.api import bodies, examples
from coop.governance.api.answers import Answer
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.mandates.store import list_mandates
from coop.governance.ballots.views import find_meeting_view
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])
may = ACCESS.may


class MandateBody(bodies.Body):
    """The member who votes for whoever asks, or null to take the mandate back."""

    model_config = bodies.show(examples.MANDATE)

    holder: bodies.Id | None


class OwnMandatesOut(Answer):
    """The mandate of the member who asks: ``holder`` votes for them since ``given_at``, both null where none holds; and
    ``givers``, for whom they vote."""

    meeting_id: str
    holder: str | None
    given_at: datetime | None
    givers: list[str]


class CastByMandatesOut(Answer):
    """Ballots that are new in the box, of members whose mandate the one who asks holds."""

    resolution_id: str
    ballot_id: str
    new: int


@routes.get("/meetings/{meeting_id}/mandate")
@may("vote")
def get_mandate(request: Request, meeting_id: str) -> OwnMandatesOut:
    """The mandate that the member who is signed in gave for a meeting, and those that they hold."""
    with reading(request) as tx:
        find_meeting_view(tx, meeting_id)
        return _describe(tx, meeting_id, _own_id(request))


@routes.post("/meetings/{meeting_id}/mandate")
@may("vote")
def change_mandate(request: Request, meeting_id: str, body: MandateBody) -> OwnMandatesOut:
    """Let another member vote for the one who is signed in, or without a ``holder`` take that back."""
    member_id = _own_id(request)
    with writing(request) as tx:
        if body.holder is None:
            mandates.revoke_mandate(tx, meeting_id, member_id)
        else:
            mandates.give_mandate(tx, meeting_id, member_id, body.holder)
        return _describe(tx, meeting_id, member_id)


@routes.post("/resolutions/{resolution_id}/vote-by-mandates")
@may("vote")
def cast_by_mandates(request: Request, resolution_id: str, body: bodies.MandateVoteBody) -> CastByMandatesOut:
    """Vote alike for all whose mandate the member who is signed in holds, or for one of them, but for who voted
    themselves."""
    member_id = _own_id(request)
    with writing(request) as tx:
        choice, giver = bodies.choice_of(body), body.member_id or ""
        new = ballots.cast_by_mandates(tx, resolution_id, member_id, choice, body.ballot_id, giver)
    return CastByMandatesOut(resolution_id=resolution_id, ballot_id=body.ballot_id, new=new)


def _describe(tx: Tx, meeting_id: str, member_id: str) -> OwnMandatesOut:
    own = list_mandates(tx, meeting_id).get(member_id)
    return OwnMandatesOut(
        meeting_id=meeting_id,
        holder=own.holder if own else None,
        given_at=own.recorded_at if own else None,
        givers=list(mandates.list_givers(tx, meeting_id, member_id)),
    )


def _own_id(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id
