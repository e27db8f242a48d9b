"""The JSON API of outcomes that are disputed at the meeting, and of the new votes that follow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from coop.governance.access import ACCESS
from coop.governance.api import bodies, examples
from coop.governance.api.answers import Answer, ClosedOut, EntryOut, decision_out, tell_entry
from coop.governance.ballots.challenges import counting
from coop.governance.convening import challenging
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1", tags=["governance"])
may = ACCESS.may


class ChallengeBody(bodies.Body):
    """Somebody in the room disputes an outcome: the voter with a ``number``, or with none the majority of the meeting,
    and where that is written down."""

    model_config = bodies.show(examples.CHALLENGE)

    number: bodies.Line | None = None
    paper: Annotated[str, Field(min_length=1, max_length=300)]
    entry_id: bodies.Id | None = None
    """Id of the entry, by which sending it again is the same entry."""


class ChallengeOut(Answer):
    """Term in which an outcome can be disputed, and what came of it. ``by_hands``: some voted in the room,
    in the original vote, so that one voter who is there is enough; else more than half of the ``votes_there`` ask.

    ``may_ask``: the member who asks may dispute it now. ``new_vote`` is the point by which it is voted on again.
    """

    resolution_id: str
    until: datetime
    is_open: bool
    by_hands: bool
    votes_asking: int
    votes_there: int
    new_vote: str | None
    may_ask: bool
    has_asked: bool


@routes.get("/resolutions/{resolution_id}/challenge")
@may("see-decisions")
def get_challenge(request: Request, resolution_id: str) -> ChallengeOut:
    """Tell whether the outcome of a point can be disputed now, and who did so."""
    with reading(request) as tx:
        return _describe(tx, resolution_id, session_of(request).member_id)


@routes.post("/resolutions/{resolution_id}/challenge")
@may("dispute-ruling")
def dispute_ruling(request: Request, resolution_id: str) -> ChallengeOut:
    """Dispute an outcome as the member who is signed in and is at the meeting, at once after it was pronounced."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        challenging.dispute_ruling(tx, resolution_id, member_id)
        return _describe(tx, resolution_id, member_id)


@routes.post("/resolutions/{resolution_id}/challenges")
@may("enter-challenge")
def enter_challenge(request: Request, resolution_id: str, body: ChallengeBody) -> EntryOut:
    """Enter that somebody in the room, or the majority, disputes an outcome; it holds once somebody else confirms
    it."""
    with writing(request) as tx:
        entry = challenging.enter_challenge(tx, resolution_id, body.number or "", body.paper, body.entry_id or "")
        return tell_entry(tx, entry)


@routes.post("/meetings/{meeting_id}/count-again")
@may("close-meeting")
def count_again(request: Request, meeting_id: str) -> ClosedOut:
    """Count the new votes of a meeting on what was disputed, for good."""
    with writing(request) as tx:
        outcomes = counting.count_again(tx, meeting_id)
    return ClosedOut(meeting_id=meeting_id, resolutions=[decision_out(outcome) for outcome in outcomes])


def _describe(tx: Tx, resolution_id: str, member_id: str | None) -> ChallengeOut:
    view = challenging.view_challenge(tx, resolution_id, member_id)
    return ChallengeOut(resolution_id=resolution_id, **vars(view))
