"""The JSON API of motions: amendments of a point of the agenda, and options beside it, after the notice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from coop.communities.terms import ResolutionTerms
from coop.governance.access import ACCESS
from coop.governance.api import bodies, examples
from coop.governance.api.answers import Answer, EntryOut, tell_entry
from coop.governance.ballots.motions.views import MotionView, view_motions
from coop.governance.convening import moving
from coop.governance.convening.moving import Proposed
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/resolutions", tags=["governance"])
may = ACCESS.may


class MotionBody(bodies.Body):
    """A motion on a point: an amendment of it, or another option beside it, with its texts and the whole of what the
    point would do by it."""

    model_config = bodies.show(examples.MOTION)

    manner: Literal["amendment", "option"]
    subject_nl: bodies.Line
    subject_en: bodies.Line
    explanation_nl: bodies.Text = ""
    explanation_en: bodies.Text = ""
    parameters: ResolutionTerms = Field(default_factory=dict)
    motion_id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,35}$")] = None
    """Id of the motion, or of the entry of it, by which sending it again is the same one."""

    @property
    def proposed(self) -> Proposed:
        """The motion that it makes."""
        names = ("manner", "subject_nl", "subject_en", "parameters", "explanation_nl", "explanation_en")
        return Proposed(*(getattr(self, name) for name in names))


class RoomMotionBody(MotionBody):
    """A motion of members in the room, by their ``numbers``, or of the board where nobody is named; and the paper that
    it stands on."""

    model_config = bodies.show(examples.ROOM_MOTION)

    numbers: Annotated[list[bodies.Line], Field(max_length=500, default_factory=list)]
    paper: Annotated[str, Field(min_length=1, max_length=300)]


class JoinBody(bodies.Body):
    """A motion that the member who is signed in backs."""

    model_config = bodies.show(examples.JOIN)

    motion_id: bodies.Id


class OrderBody(bodies.Body):
    """Amendments in the order in which the chair puts them to the vote, the one that reaches furthest first."""

    model_config = bodies.show(examples.ORDER)

    amendments: Annotated[list[bodies.Id], Field(min_length=1, max_length=100)]
    paper: Annotated[str, Field(min_length=1, max_length=300)]
    entry_id: bodies.Id | None = None
    """Id of the entry, by which sending it again is the same entry."""


class MotionOut(Answer):
    """A motion and how far it is: how many members back it, whether the member who asks does, and once it is on the
    agenda the points by which it is voted on: of an amendment the vote on it, then the proposal as it would be
    changed."""

    motion_id: str
    manner: Literal["amendment", "option"]
    subject_nl: str
    subject_en: str
    by_board: bool
    handed_in_at: datetime
    members: int
    backed: bool
    is_admitted: bool
    points: list[str]


class MotionsOut(Answer):
    """Motions on a point, those on the agenda first and in the order of voting. ``article`` is null where the statutes
    let nobody change it; ``ahead`` says what becomes of votes that were cast before on the proposal as it was."""

    model_config = bodies.show(examples.MOTIONS)

    resolution_id: str
    article: str | None
    last_day: date | None
    at_meeting: bool
    ahead: Literal["lapse", "count"] | None
    is_open: bool
    motions: list[MotionOut]


@routes.get("/{resolution_id}/motions")
@may("see-decisions")
def list_motions(request: Request, resolution_id: str) -> MotionsOut:
    """Motions that were handed in on a point, and whether one can be handed in now."""
    with reading(request) as tx:
        return _describe(tx, resolution_id, session_of(request).member_id)


@routes.post("/{resolution_id}/motions")
@may("make-motion")
def make_motion(request: Request, resolution_id: str, body: MotionBody) -> MotionsOut:
    """Hand in a motion as the member who is signed in."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        moving.make_motion(tx, resolution_id, member_id, body.proposed, body.motion_id or "")
        return _describe(tx, resolution_id, member_id)


@routes.post("/{resolution_id}/motions/join")
@may("make-motion")
def join_motion(request: Request, resolution_id: str, body: JoinBody) -> MotionsOut:
    """Back a motion as the member who is signed in; it comes on the agenda once enough do."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with writing(request) as tx:
        moving.join_motion(tx, resolution_id, body.motion_id, member_id)
        return _describe(tx, resolution_id, member_id)


@routes.post("/{resolution_id}/motion-entries")
@may("enter-motion")
def enter_motion(request: Request, resolution_id: str, body: RoomMotionBody) -> EntryOut:
    """Enter a motion of members in the room, or of the board; it holds once somebody else confirms it."""
    with writing(request) as tx:
        entry = moving.enter_motion(tx, resolution_id, body.proposed, body.numbers, body.paper, body.motion_id or "")
        return tell_entry(tx, entry)


@routes.post("/{resolution_id}/motion-order")
@may("enter-motion")
def set_motion_order(request: Request, resolution_id: str, body: OrderBody) -> EntryOut:
    """Enter in which order the amendments of a point are voted on; it holds once somebody else confirms it."""
    with writing(request) as tx:
        entry = moving.set_order(tx, resolution_id, body.amendments, body.paper, body.entry_id or "")
        return tell_entry(tx, entry)


def _describe(tx: Tx, resolution_id: str, member_id: str | None) -> MotionsOut:
    view = view_motions(tx, resolution_id, member_id)
    own = view.own
    return MotionsOut(
        resolution_id=resolution_id,
        article=own.article if own else None,
        last_day=view.last_day if own else None,
        at_meeting=bool(own and own.at_meeting),
        ahead=own.ahead if own else None,
        is_open=view.is_open,
        motions=[_describe_motion(each) for each in view.motions],
    )


def _describe_motion(view: MotionView) -> MotionOut:
    made = view.motion
    return MotionOut(
        motion_id=made.motion_id,
        manner="amendment" if made.manner == "amendment" else "option",
        subject_nl=made.content["subject_nl"],
        subject_en=made.content["subject_en"],
        by_board=made.entry_id is not None and not view.members,
        handed_in_at=made.recorded_at,
        members=view.members,
        backed=view.backed,
        is_admitted=view.is_admitted,
        points=[point.resolution_id for point in view.points],
    )
