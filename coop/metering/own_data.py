"""Data that metering holds of whoever asks: values of the meters on their connections while they held them, heat,
shares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.tx import Tx
from coop.metering import listings
from coop.metering.access import ACCESS
from coop.metering.model import Meter
from coop.metering.periods import store as periods
from coop.metering.provenance.year_listings import measurements_listing
from coop.metering.register import store as register
from coop.metering.register.model import Occupancy
from coop.values import Period, civil_date
from coop.web.own_data import ZIP_ANSWER, answer_own_data

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/api/v1", tags=["metering"])


@routes.get("/me/export", response_class=Response, responses=ZIP_ANSWER)
@ACCESS.may("take-own-data")
def get_own_readings(request: Request) -> Response:
    """Every reading of the member's own connections, their heat and their shares, as one zip."""
    member_id = session_of(request).member_id or ""
    with reading(request) as tx:
        parts = [
            listings.readings_listing(read_own(tx, member_id)),
            measurements_listing(periods.list_measurements(tx, member_id=member_id)),
            listings.allocations_listing(periods.list_told_allocations(tx, member_id)),
        ]
        return answer_own_data(request, "metering", parts)


def read_own(tx: Tx, member_id: str) -> Iterator[listings.Reading]:
    """Values of the meters on a member's connections, of the days on which they held them and no others."""
    places = [place for meter in register.list_meters(tx) for place in meter.placed()]
    registers = register.list_registers(tx)
    last = tx.today + timedelta(days=1)
    return chain.from_iterable(
        listings.read_values(
            tx,
            [one for one in registers if one.serial == place.serial],
            Period(start, end),
        )
        for hold in register.list_occupancies(tx, member_id)
        for place in places
        if place.connection_id == hold.connection_id
        for start, end in [_meet(hold, place, last)]
        if start < end
    )


def _meet(hold: Occupancy, place: Meter, last: date) -> tuple[date, date]:
    """The days, up to ``last``, on which a member held a connection where a meter hung."""
    removed_on = civil_date(place.removed_at) + timedelta(days=1) if place.removed_at else last
    return max(hold.start, civil_date(place.installed_at)), min(hold.end or last, removed_on, last)
