"""Page of gateways: for which meters each speaks, and for which nobody does. Their tokens are made by members."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading
from coop.kit.tokens import list_gateway_tokens
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.intake.silence import list_heard
from coop.metering.register import store as register
from coop.web.shell import render

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/gateways", include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("see-register")
def show_gateways(request: Request) -> Response:
    """Show all gateways with the meters of theirs that nobody registered, and the meters for which none speaks."""
    with reading(request) as tx:
        tokens = list_gateway_tokens(tx)
        meters = register.list_meters(tx)
        heard, now = list_heard(tx), tx.now
    registered = {meter.serial for meter in meters}
    spoken_for = {serial for token in tokens for serial in token.meters or ()}
    is_spoken_for_by_all = any(token.meters is None for token in tokens)
    return render(
        request,
        "metering/gateways.html",
        gateways=[(token, [serial for serial in token.meters or () if serial not in registered]) for token in tokens],
        heard=[(one, one.is_silent(now)) for one in heard],
        silent=[
            meter.serial
            for meter in meters
            if meter.removed_at is None and meter.serial not in spoken_for and not is_spoken_for_by_all
        ],
        words=texts,
    )
