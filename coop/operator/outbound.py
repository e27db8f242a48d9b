"""Messages of a service to others, as the operator sees them: what waits, what failed and why, and what proves the
rest.

Bodies are not shown: a message may hold what only its recipient should see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from coop.kit.http import GuardedRoute, session_of, writing
from coop.kit.outbound import STATES, State, Worker, count_messages, list_messages, page_messages, retry, retry_all
from coop.kit.paging import Paged
from coop.kit.service import Room
from coop.operator.access import ACCESS
from coop.operator.operations import ServiceName, room_of
from coop.values import CoopError
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

SHOWN = 100

routes = APIRouter(route_class=GuardedRoute, tags=["operations"])
may = ACCESS.may


@dataclass(frozen=True)
class QueueState:
    """A queue: messages of one co-operative by state, whether a worker of this process serves it, and its trouble."""

    name: str
    counts: dict[State, int]
    served: bool
    trouble: str | None


class MessageOut(BaseModel):
    """One message to one recipient, and what became of it."""

    number: int
    id: str
    queue: str
    recipient: str
    subject: str
    cause: str
    sha256: str
    made_at: datetime
    state: State
    tries: int
    tried_at: datetime | None
    next_try_at: datetime | None
    delivered_at: datetime | None
    proof: str | None
    trouble: str | None


class Retried(BaseModel):
    """The message that goes out again."""

    id: str


def read_queues(room: Room, community: str, workers: Sequence[Worker]) -> list[QueueState]:
    """Queues that have a worker or a message, in order of name."""
    with room.database.read(community) as tx:
        counts = count_messages(tx)
    serving = {worker.queue.name: worker for worker in workers if worker.service == room.service.name}
    return [
        QueueState(
            name=name,
            counts=counts.get(name, dict.fromkeys(STATES, 0)),
            served=name in serving,
            trouble=serving[name].trouble if name in serving else None,
        )
        for name in sorted({*counts, *serving})
    ]


@routes.get("/{service}/outbound", include_in_schema=False)
@may("see-outbound")
def outbound_page(request: Request, service: str, state: State = "failed", after: int = 0) -> Response:
    room, session = room_of(request, service), session_of(request)
    queues = read_queues(room, session.community, request.app.state.workers)
    with room.database.read(session.community) as tx:
        messages = list_messages(tx, state, after, SHOWN)
    return render(
        request,
        "operator/outbound.html",
        service=service,
        name=room.service.label,
        queues=queues,
        totals={each: sum(queue.counts[each] for queue in queues) for each in STATES},
        state=state,
        messages=messages,
        after=after,
        next_after=messages[-1].number if len(messages) == SHOWN else 0,
        may_work=ACCESS.allows(session, "work-outbound"),
    )


@routes.post("/{service}/outbound/{message_id}/retry", include_in_schema=False)
@may("work-outbound")
def retry_from_page(request: Request, service: str, message_id: str) -> Response:
    lang, session = language_of(request), session_of(request)
    page = f"/{service}/outbound?state=waiting"
    try:
        with room_of(request, service).database.write(session.community, session.actor("page")) as tx:
            retry(tx, message_id)
    except CoopError:
        return redirect(page, translate(lang, "It is delivered or on its way already."), "note")
    return redirect(page, translate(lang, "It goes out again now."))


@routes.post("/{service}/outbound/queues/{queue}/retry", include_in_schema=False)
@may("work-outbound")
def retry_all_from_page(request: Request, service: str, queue: str) -> Response:
    session = session_of(request)
    with room_of(request, service).database.write(session.community, session.actor("page")) as tx:
        retry_all(tx, queue)
    text = translate(language_of(request), "What failed or waited goes out again now.")
    return redirect(f"/{service}/outbound?state=waiting", text)


@routes.get("/{service}/api/v1/outbound")
@may("see-outbound")
def list_outbound(request: Request, service: ServiceName, page: Paged, state: State = "failed") -> list[MessageOut]:
    """Messages in a state: delivered ones newest first, others oldest first."""
    with room_of(request, service).database.read(session_of(request).community) as tx:
        messages = page_messages(tx, state, page.window)
    shown = page.close(messages, lambda message: (message.number,))
    return [MessageOut.model_validate(message, from_attributes=True) for message in shown]


@routes.post("/{service}/api/v1/outbound/{message_id}/retry")
@may("work-outbound")
def retry_outbound(request: Request, service: ServiceName, message_id: str) -> Retried:
    """Send a message that failed or waits again, now."""
    room_of(request, service)
    with writing(request) as tx:
        retry(tx, message_id)
    return Retried(id=message_id)
