"""Lists of the operator's pages as files."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from coop.kit import jobs, parking, positions
from coop.kit.http import GuardedRoute, session_of
from coop.kit.outbound import STATES, State, list_messages
from coop.operator.access import ACCESS
from coop.operator.chain import jobs_of
from coop.operator.matrix import matrix
from coop.operator.operations import LETTER_KINDS, room_of
from coop.operator.outbound import read_queues
from coop.web.downloads import Asked
from coop.web.language import N_, gettext
from coop.web.listings import Column, Kind, Listing

ALL = 1_000_000

JOBS = (
    Column("name", "Id", of="job.name"),
    Column("job", N_("Job"), Kind.WORD, of="job.label"),
    Column("enabled", N_("on"), Kind.FLAG),
    Column("next_at", N_("Next run"), Kind.INSTANT),
    Column("last_due_at", N_("Last run"), Kind.INSTANT, of=lambda state: state.last and state.last.due_at),
    Column("succeeded", N_("done"), Kind.FLAG, of=lambda state: state.last and state.last.succeeded),
    Column("outcome", N_("Last outcome"), of=lambda state: state.last and state.last.outcome),
)
SOURCES = (
    Column("source", N_("Service")),
    Column("heard_position", N_("Heard up to"), Kind.WHOLE),
    Column("head_position", N_("Told up to"), Kind.WHOLE),
    Column("head_at", N_("Told so on"), Kind.INSTANT),
)
QUEUES = (
    Column("queue", N_("Queue"), of="name"),
    Column("served", N_("works"), Kind.FLAG),
    Column("trouble", N_("State")),
    Column("failed", N_("Failed"), Kind.WHOLE, of=lambda queue: queue.counts["failed"]),
    Column("waiting", N_("Waiting"), Kind.WHOLE, of=lambda queue: queue.counts["waiting"]),
    Column("delivered", N_("Delivered"), Kind.WHOLE, of=lambda queue: queue.counts["delivered"]),
)
MESSAGES = (
    Column("message_id", "Id", of="id"),
    Column("queue", N_("Queue")),
    Column("recipient", N_("To")),
    Column("subject", N_("Subject")),
    Column("state", N_("State")),
    Column("made_at", N_("Made at"), Kind.INSTANT),
    Column("tries", N_("Tries"), Kind.WHOLE),
    Column("next_try_at", N_("Next try"), Kind.INSTANT),
    Column("delivered_at", N_("Delivered at"), Kind.INSTANT),
    Column("proof", N_("Answer")),
    Column("trouble", N_("Reason")),
)

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may


@routes.get("/{service}/exports/dead-letters.{extension}")
@may("see-operations")
def export_dead_letters(request: Request, service: str, asked: Asked) -> Response:
    room = room_of(request, service)
    kinds = {**LETTER_KINDS, **room.service.letter_kinds}
    columns = (
        Column("letter_id", "Id", of="id"),
        Column("kind", N_("What"), Kind.WORD, of=lambda letter: kinds.get(letter.kind, letter.kind)),
        Column("source", N_("From")),
        Column("parked_at", N_("Parked at"), Kind.INSTANT),
        Column("attempts", N_("Tries"), Kind.WHOLE),
        Column("code", N_("Code")),
        Column("reason", N_("Reason")),
    )
    with room.database.read(session_of(request).community) as tx:
        return asked.answer(Listing("dead-letters", columns, parking.list_parked(tx, ALL)))


@routes.get("/{service}/exports/jobs.{extension}")
@may("see-operations")
def export_jobs(request: Request, service: str, asked: Asked) -> Response:
    room = room_of(request, service)
    with room.database.read(session_of(request).community) as tx:
        return asked.answer(Listing("jobs", JOBS, jobs.list_states(tx, jobs_of(room.service))))


@routes.get("/{service}/exports/sources.{extension}")
@may("see-operations")
def export_sources(request: Request, service: str, asked: Asked) -> Response:
    with room_of(request, service).database.system_read() as sql:
        return asked.answer(Listing("sources", SOURCES, positions.list_sources(sql)))


@routes.get("/{service}/exports/queues.{extension}")
@may("see-outbound")
def export_queues(request: Request, service: str, asked: Asked) -> Response:
    workers = request.app.state.workers
    queues = read_queues(room_of(request, service), session_of(request).community, workers)
    return asked.answer(Listing("queues", QUEUES, queues))


@routes.get("/{service}/exports/messages.{extension}")
@may("see-outbound")
def export_messages(request: Request, service: str, asked: Asked, state: State | None = None) -> Response:
    with room_of(request, service).database.read(session_of(request).community) as tx:
        wanted: Any = STATES if state is None else (state,)
        messages = [message for each in wanted for message in list_messages(tx, each, 0, ALL)]
        return asked.answer(Listing("messages", MESSAGES, messages))


@routes.get("/exports/access.{extension}")
@may("see-access")
def export_access(request: Request, asked: Asked, role: str = "") -> Response:
    def written(row: Any) -> str:
        names = (row[1].everybody,) if row[1].everybody else row[1].roles
        return ", ".join(gettext(asked.lang, name) for name in names)

    columns = (
        Column("room", N_("Service"), Kind.WORD, of=lambda row: row[0].label),
        Column("action", N_("Action"), of=lambda row: row[1].action),
        Column("opens_for", N_("Opens for"), of=written),
        Column("scopes", N_("For programs with"), of=lambda row: ", ".join(row[1].scopes)),
    )
    rows = [(room, row) for room, rows in matrix(request.app.state.pages, role) for row in rows]
    return asked.answer(Listing("access", columns, rows))
