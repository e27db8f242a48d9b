"""Card of the months that were divided by a key: what is divided anew where its decision falls."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from coop.kit.http import GuardedRoute, reading
from coop.kit.tx import Tx
from coop.metering.access import ACCESS
from coop.metering.tables import allocation_run
from coop.values import Period
from coop.web.shell import card

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/stops/{resolution_id}/{from_on}")
@may("see-data")
def show_undone(request: Request, resolution_id: str, from_on: date) -> Response:
    """Show which days a key divided from a day on."""
    with reading(request) as tx:
        divided = list_divided(tx, resolution_id, from_on)
    return card(request, "metering/card_undone.html", divided=divided)


def list_divided(tx: Tx, resolution_id: str, from_on: date) -> list[Period]:
    """Periods of which the newest run divided by the key of a resolution, for days from ``from_on`` on."""
    columns = allocation_run.c
    query = (
        select(columns.group_id, columns.period_start, columns.period_end, columns.resolution_id)
        .where(columns.community == tx.community, columns.period_end > from_on)
        .order_by(columns.revision)
    )
    newest = {(row.group_id, row.period_start, row.period_end): row.resolution_id for row in tx.execute(query)}
    return sorted(Period(start, end) for (_, start, end), made_by in newest.items() if made_by == resolution_id)
