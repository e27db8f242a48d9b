"""Pages of the log of deliveries: what came in by any door, and of each what it said and what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from coop.kit.http import GuardedRoute, reading
from coop.kit.keyset import Window
from coop.kit.paging import Paged
from coop.kit.tx import Tx
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.provenance.deliveries import count_said, read_said
from coop.metering.provenance.delivery_listings import deliveries_listing, said_listing
from coop.metering.readings import arrivals
from coop.metering.readings.arrivals import ListedDelivery
from coop.values import NotFound, say
from coop.web.downloads import Asked
from coop.web.shell import render

SHOWN = 100
"""Registers' days on one page."""

EXPORTED = 10_000
"""Most deliveries in a file: the newest."""

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/deliveries")
@may("see-data")
def show_deliveries(request: Request, page: Paged) -> Response:
    """Show everything that came in, by any door, newest first."""
    with reading(request) as tx:
        found = page.close(arrivals.list_deliveries(tx, page.window), lambda row: (row.number,))
    return render(
        request,
        "metering/deliveries.html",
        found=found,
        behind_first=page.window.after is not None,
        next_address=page.next_address,
        words=texts,
    )


@routes.get("/deliveries/{delivery_id}")
@may("see-data")
def show_delivery(request: Request, delivery_id: str, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    """Show what one delivery said of which registers and days, and how that stands now."""
    with reading(request) as tx:
        one = _find(tx, delivery_id)
        places = count_said(tx, one)
        said = read_said(tx, one, (page - 1) * SHOWN, SHOWN)
        is_undone = arrivals.undone(tx, delivery_id)
    return render(
        request,
        "metering/delivery.html",
        one=one,
        said=said,
        is_undone=is_undone,
        page=page,
        pages=-(-places // SHOWN),
        words=texts,
    )


@routes.get("/exports/deliveries.{extension}")
@may("see-data")
def export_deliveries(request: Request, asked: Asked) -> Response:
    """The newest deliveries."""
    with reading(request) as tx:
        return asked.answer(deliveries_listing(arrivals.list_deliveries(tx, Window(EXPORTED))[:EXPORTED]))


@routes.get("/exports/delivery-days.{extension}")
@may("see-data")
def export_said(request: Request, asked: Asked, delivery: str) -> Response:
    """Registers' days of which a delivery said something."""
    with reading(request) as tx:
        return asked.answer(said_listing(read_said(tx, _find(tx, delivery))))


def _find(tx: Tx, delivery_id: str) -> ListedDelivery:
    one = arrivals.find_delivery(tx, delivery_id)
    if one is None:
        raise NotFound(say("there is no delivery %(delivery_id)s", delivery_id=delivery_id))
    return arrivals.list_numbered(tx, [one.number])[one.number]
