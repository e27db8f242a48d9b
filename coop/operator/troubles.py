"""Lines of the home page for whoever keeps the installation: messages that were refused, or could not be sent."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, session_of
from coop.kit.outbound import count_messages
from coop.kit.parking import count_parked
from coop.operator.access import ACCESS
from coop.operator.operations import ServiceName, room_of
from coop.values import say, say_count
from coop.web.waiting import Waiting, show_waiting

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get("/{service}/cards/troubles")
@may("work-dead-letters")
def troubles(request: Request, service: ServiceName) -> Response:
    room = room_of(request, service)
    name = say(room.service.label)
    with room.database.read(session_of(request).community) as tx:
        parked, today = count_parked(tx), tx.today
        failed = sum(counts["failed"] for counts in count_messages(tx).values())
    lines = []
    if parked:
        text = say_count(
            "%(service)s: %(num)s message was refused and is parked",
            "%(service)s: %(num)s messages were refused and are parked",
            parked,
            service=name,
        )
        lines.append(Waiting(text, f"/{service}/dead-letters"))
    if failed:
        text = say_count(
            "%(service)s: %(num)s message could not be sent",
            "%(service)s: %(num)s messages could not be sent",
            failed,
            service=name,
        )
        lines.append(Waiting(text, f"/{service}/outbound"))
    return show_waiting(request, lines, today)
