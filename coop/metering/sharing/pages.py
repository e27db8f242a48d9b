"""Card on an allocation key that is to be put to the vote: whether metering could divide by it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, reading
from coop.metering.access import ACCESS
from coop.metering.sharing.commands import judge_proposed_key
from coop.web.shell import card

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/cards", include_in_schema=False)
may = ACCESS.may

TEXT_MAX = 200


@routes.get("/proposed-key")
@may("see-data")
def judge_key(request: Request, group_id: str = "", kind: str = "", valid_from: str = "") -> Response:
    """Say what keeps a key without shares from being taken, or that nothing does."""
    parameters = {"group_id": group_id[:TEXT_MAX], "kind": kind[:TEXT_MAX], "valid_from": valid_from[:TEXT_MAX]}
    with reading(request) as tx:
        problems = judge_proposed_key(tx, parameters)
    return card(request, "metering/card_key.html", problems=problems)
