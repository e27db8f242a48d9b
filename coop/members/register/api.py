"""Members for programs, under ``/members/api/v1``."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from pydantic import BaseModel

from coop.kit.http import GuardedRoute, reading, writing
from coop.members.access import ACCESS
from coop.members.register import commands, store

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])
may = ACCESS.may


class LeavingIn(BaseModel):
    """The first day without membership."""

    left_on: date


class MemberOut(BaseModel):
    """One member, without address."""

    member_id: str
    number: str
    kind: str
    name: str
    joined_on: date
    left_on: date | None


@routes.get("/members")
@may("see-register")
def list_members(request: Request, search: str = "") -> list[MemberOut]:
    """All members, or those whose number, name or address holds ``search``."""
    with reading(request) as tx:
        members = store.list_members(tx, search)
    return [MemberOut.model_validate(member, from_attributes=True) for member in members]


@routes.post("/members/{member_id}/leave")
@may("end-membership")
def end_membership(request: Request, member_id: str, body: LeavingIn) -> LeavingIn:
    """End a membership, its contracts and its holds on connections."""
    with writing(request) as tx:
        commands.end_membership(tx, member_id, body.left_on)
    return body
