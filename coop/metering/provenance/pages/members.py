"""The energy of one member for who keeps the books: a card on the member's page, and the months behind it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from coop.kit.http import GuardedRoute, reading
from coop.metering.access import ACCESS
from coop.metering.amounts import read_known
from coop.metering.provenance import views
from coop.metering.provenance.pages.energy import heat_chart, shared_chart
from coop.web.language import N_, language_of
from coop.web.shell import card, render

PAGE: Final = "/metering/members/{member_id}"

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may


@routes.get("/members/{member_id}")
@may("see-member-energy")
def show_member_year(
    request: Request, member_id: str, year: int | None = None, known_at: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Show a member's year by month, each month with the readings behind it."""
    lang = language_of(request)
    with reading(request) as tx:
        known, today = read_known(known_at, tx.now), tx.today
        found = views.member_year(tx, member_id, year, known)
    return render(
        request,
        "metering/member_energy.html",
        year=found,
        known_at=known_at,
        known=known,
        today=today,
        member_id=member_id,
        heat=heat_chart(found, lang) if found.heat else None,
        shared=shared_chart(found, lang) if found.shared else None,
    )


@routes.get("/cards/members/{member_id}")
@may("see-member-energy")
def show_member_card(request: Request, member_id: str) -> Response:
    """Show a member's newest year in short."""
    with reading(request) as tx:
        found = views.member_year(tx, member_id, None)
    return card(
        request,
        "metering/card_energy.html",
        year=found if found.years else None,
        title=N_("Energy"),
        href=PAGE.format(member_id=member_id),
        refresh_s=0,
    )
