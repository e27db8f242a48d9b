"""Members for programs, under ``/members/api/v1``."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from coop.kit.http import GuardedRoute, reading
from coop.kit.paging import Paged
from coop.members.access import ACCESS
from coop.members.register import store
from coop.values import NotFound, say

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])
may = ACCESS.may

Search = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


class MemberOut(BaseModel):
    """One member, without address."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": "c1b0a1f2-5f2e-5a53-9d0e-0c3a57c00b11",
                    "number": "0042",
                    "kind": "owner",
                    "name": "A. Jansen",
                    "joined_on": "2025-01-01",
                    "left_on": "2026-12-31",
                }
            ]
        }
    )

    member_id: str
    number: str
    kind: str
    name: str
    joined_on: date
    left_on: date | None


@routes.get("/members")
@may("see-register")
def list_members(request: Request, page: Paged, search: Search = "") -> list[MemberOut]:
    """Members by number; with ``search`` those whose number, name or address holds it."""
    with reading(request) as tx:
        members = store.page_members(tx, search, page.window)
    shown = page.close(members, lambda member: (member.number, member.member_id))
    return [MemberOut.model_validate(member, from_attributes=True) for member in shown]


@routes.get("/members/{member_id}")
@may("see-register")
def get_member(request: Request, member_id: str) -> MemberOut:
    """One member."""
    with reading(request) as tx:
        member = store.find_member(tx, member_id)
    if member is None:
        raise NotFound(say("there is no member %(member_id)s", member_id=member_id))
    return MemberOut.model_validate(member, from_attributes=True)
