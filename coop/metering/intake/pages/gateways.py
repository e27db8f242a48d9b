"""Page of gateways: for which meters each speaks, and for which nobody does; and of the watched folder, what it took
and refused. Tokens are made by members."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading
from coop.kit.tokens import list_gateway_tokens
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.intake.folder_log import list_files
from coop.metering.intake.silence import list_heard
from coop.metering.register import store as register
from coop.web.downloads import Asked
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing
from coop.web.shell import render

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/gateways", include_in_schema=False)
may = ACCESS.may

FILES = (
    Column("name", N_("File")),
    Column("at", N_("When"), Kind.INSTANT),
    Column("readings", N_("Readings"), Kind.WHOLE),
    Column("reason", N_("Why it was refused")),
    Column("delivery_id", N_("Delivery")),
)
exports = APIRouter(route_class=GuardedRoute, prefix="/metering/exports", include_in_schema=False)


@exports.get("/folder.{extension}")
@may("see-data")
def export_folder(request: Request, asked: Asked) -> Response:
    """Files that the watched folder took or refused."""
    with reading(request) as tx:
        return asked.answer(Listing("folder", FILES, list_files(tx)))


@routes.get("")
@may("see-register")
def show_gateways(request: Request) -> Response:
    """Show all gateways with the meters of theirs that nobody registered, and the meters for which none speaks."""
    with reading(request) as tx:
        tokens = list_gateway_tokens(tx)
        meters = register.list_meters(tx)
        heard, now = list_heard(tx), tx.now
        files = list_files(tx)
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
        files=files,
        words=texts,
    )
