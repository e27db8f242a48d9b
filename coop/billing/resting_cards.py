"""Cards of the bills that rest on another room: on what a meter counted and was shared of it, or on a decision."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from coop.billing.access import ACCESS
from coop.billing.bills import store as bills
from coop.billing.bills.sight import visible_heads
from coop.billing.checking import words
from coop.kit.http import GuardedRoute, reading, session_of
from coop.web.shell import card

ADDRESS = "/billing/cards/figures?of={figures}&connection={connection}"

SHOWN = 12
"""Most bills on the card, the newest first."""

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/cards", include_in_schema=False)
may = ACCESS.may


@routes.get("/figures")
@may("see-bills")
def show_resting(request: Request, of: Annotated[str, Query(max_length=8000)], connection: str = "") -> Response:
    """Show the bills that rest on some figures, as far as whoever asks may see them: of a connection, or of all."""
    session = session_of(request)
    with reading(request) as tx:
        heads = visible_heads(tx, session, bills.list_resting(tx, of.split(","), connection or None))
    return card(request, "billing/card_resting.html", bills=heads[: -SHOWN - 1 : -1], count=len(heads), words=words)


@routes.get("/stops/{resolution_id}/{from_on}")
@may("see-runs")
def show_undone(request: Request, resolution_id: str, from_on: date) -> Response:
    """Show what a tariff billed from a day on, by month: what is corrected where the decision falls from that day."""
    with reading(request) as tx:
        months = bills.sum_billed(tx, resolution_id, from_on)
    return card(request, "billing/card_undone.html", months=months, words=words)
