"""Page of odd meters of a month: what somebody should look at, though nothing of it keeps the month open."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.amounts import month_of, read_period
from coop.metering.provenance.odd_looks import Look, find_look, list_found
from coop.metering.provenance.oddities import Oddity
from coop.values import Period
from coop.web.downloads import Asked
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing
from coop.web.shell import render

ODDITIES = (
    Column("meter", N_("Meter")),
    Column("quantity", N_("Quantity"), Kind.WORD, of=lambda one: texts.QUANTITIES[one.quantity.value]),
    Column("why", N_("What is odd")),
)

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/oddities")
@may("see-data")
def show_oddities(request: Request, period: str = "") -> Response:
    """Show which meters counted something odd in a month, and why it is, as the last look at it found."""
    wanted, look, found = _find(request, period)
    return render(request, "metering/oddities.html", period=wanted, look=look, found=found, words=texts)


@routes.get("/exports/oddities.{extension}")
@may("see-data")
def export_oddities(request: Request, asked: Asked, period: str = "") -> Response:
    return asked.answer(Listing("oddities", ODDITIES, _find(request, period)[2]))


def _find(request: Request, period: str) -> tuple[Period, Look | None, list[Oddity]]:
    with reading(request) as tx:
        wanted = month_of(read_period(period).start if period else tx.today)
        return wanted, find_look(tx, wanted), list_found(tx, wanted)
