"""The JSON API of referenda that members ask on what was adopted."""

from __future__ import annotations

from datetime import date
from typing import Literal

from fastapi import APIRouter, Request

from coop.governance.access import ACCESS
from coop.governance.api.answers import Answer
from coop.governance.convening import referring
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.kit.tx import Tx

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/resolutions", tags=["governance"])
may = ACCESS.may


class ReferendumOut(Answer):
    """Whether a referendum on a decision can be asked now, by which article and until when, and how many ask. The
    article is null where the statutes know none on this.

    ``asks``: the members vote on whether the decision falls, or on whether it stands. From ``granted_on`` it is
    suspended; ``hold_by`` is the last day of the referendum, where the statutes name one, ``point`` the resolution by
    which it is held, and ``outcome`` what became of the decision. ``may_ask``: the member who reads can ask it.
    """

    resolution_id: str
    article: str | None
    asks: Literal["repeal", "confirm"] | None
    until: date | None
    is_open: bool
    members_asking: int
    votes_asking: int
    granted_on: date | None
    hold_by: date | None
    point: str | None
    outcome: Literal["restored", "repealed"] | None
    may_ask: bool
    has_asked: bool


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
        granted_on=view.granted_on,
        hold_by=view.hold_by,
        point=view.point,
        outcome="restored" if outcome == "restored" else "repealed" if outcome else None,
        may_ask=view.may_ask,
        has_asked=view.has_asked,
    )
