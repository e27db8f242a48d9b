"""Page of open contradictions between an account and a device, and what to do about each."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.provenance.contradictions import find_contradictions
from coop.metering.provenance.record_listings import contradictions_listing
from coop.web.downloads import Asked
from coop.web.shell import render

SHOWN = 50
"""Most contradictions on a page."""

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/contradictions")
@may("see-data")
def show_contradictions(request: Request, page: Annotated[int, Query(ge=1, le=1000)] = 1) -> Response:
    """Show what accounts said otherwise than devices, the newest days first."""
    first = (page - 1) * SHOWN
    with reading(request) as tx:
        found = list(islice(find_contradictions(tx), first, first + SHOWN + 1))
    return render(
        request,
        "metering/contradictions.html",
        found=found[:SHOWN],
        has_more=len(found) > SHOWN,
        page=page,
        may_correct=ACCESS.allows(session_of(request), "correct-reading"),
        words=texts,
    )


@routes.get("/exports/contradictions.{extension}")
@may("see-data")
def export_contradictions(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(contradictions_listing(find_contradictions(tx)))
