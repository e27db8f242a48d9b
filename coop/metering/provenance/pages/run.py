"""A run of shared electricity as those who keep the books see it: from each roof to each home."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.looks import LISTS, note_look
from coop.metering.provenance.run_listings import given_listing, producers_listing
from coop.metering.provenance.run_views import RunRoofs, trace_run
from coop.metering.register import connections
from coop.web.downloads import Asked
from coop.web.shell import render

SHOWN = 30
"""Homes on the page, over all roofs; the file holds all of them."""

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/runs/{run_id}")
@may("see-data")
def show_run(request: Request, run_id: str) -> Response:
    """Show what each roof of a run had, gave to whom, and had left."""
    found, numbers = _trace(request, run_id)
    return render(request, "metering/run.html", found=found, numbers=numbers, shown=SHOWN, words=texts)


@routes.get("/exports/producers.{extension}")
@may("see-data")
def export_producers(request: Request, asked: Asked, run: str) -> Response:
    """Roofs of a run: what each had to share, gave and had left."""
    return asked.answer(producers_listing(*_trace(request, run)))


@routes.get("/exports/given.{extension}")
@may("see-data")
def export_given(request: Request, asked: Asked, run: str) -> Response:
    """Energy that each roof of a run gave to each home."""
    return asked.answer(given_listing(*_trace(request, run)))


def _trace(request: Request, run_id: str) -> tuple[RunRoofs, dict[str, str]]:
    """Trace a run, and note that somebody looked at everybody's share."""
    with reading(request) as tx:
        found = trace_run(tx, session_of(request), run_id)
        numbers = connections.list_numbers(tx)
    note_look(request, LISTS)
    return found, numbers
