"""The page of who did what, for the board and the auditor."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading
from coop.members.access import ACCESS
from coop.members.log.model import Wanted
from coop.members.log.store import list_entries
from coop.members.log.texts import CHANNELS, KINDS
from coop.web.shell import render

PAGE = "/members/log"
PAGE_SIZE = 100
PAGES_MAX = 1000

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get(PAGE)
@may("see-log")
def log_page(request: Request, person: str = "", kind: str = "", page: int = 1) -> Response:
    """Show what was done, newest first."""
    wanted = Wanted(person.strip(), kind if kind in KINDS else "")
    page = min(max(1, page), PAGES_MAX)
    with reading(request) as tx:
        entries = list_entries(tx, wanted, (page - 1) * PAGE_SIZE, PAGE_SIZE + 1)
    return render(
        request,
        "members/log.html",
        logged=entries[:PAGE_SIZE],
        has_more=len(entries) > PAGE_SIZE,
        page=page,
        wanted=wanted,
        kinds=KINDS,
        channels=CHANNELS,
    )
