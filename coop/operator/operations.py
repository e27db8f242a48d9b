"""View of every service for its operator: its chain, how far the bus is, its jobs, and what is parked and why.

Each service serves its own card and its own page of parked facts and telegrams; a page of one service places the cards
of all side by side, so that no service asks another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select

from coop.events import SERVICES
from coop.kit import backups, inbox, jobs, journal, outbound, parking, positions
from coop.kit.actor import Actor
from coop.kit.http import GuardedRoute, repeats_by_itself, session_of, writing
from coop.kit.paging import Paged
from coop.kit.service import Room
from coop.operator.access import ACCESS
from coop.operator.chain import jobs_of
from coop.values import CoopError, NotFound, say
from coop.web.language import N_, language_of, translate
from coop.web.shell import card, confirm_page, redirect, render
from coop.web.writing import speak

LETTER_KINDS = {
    parking.EVENT: N_("Fact of another service"),
    outbound.UNMADE: N_("Fact from which a message should follow"),
}
"""Kinds of dead letters that every service has; a service names its own."""
LETTERS_SHOWN = 100
BODY_SHOWN = 2000
FLASH_MAX = 500
"""A message travels in a cookie, which browsers cut off at 4 KB."""

ServiceName = Annotated[str, Path(max_length=40, json_schema_extra={"enum": list(SERVICES)})]
"""A service whose part of the installation is meant; its own process answers."""

routes = APIRouter(route_class=GuardedRoute, tags=["operations"])
may = ACCESS.may


@dataclass(frozen=True)
class Status:
    """State of a service: its chain and the bus for the whole installation, facts and letters of one co-operative."""

    sealed: int
    waiting: int
    published: int
    heard: int
    parked: int
    troubled: bool
    """True while facts of another service are missing, or its journal is not what it was."""


class LetterOut(BaseModel):
    """One parked fact or telegram."""

    id: str
    kind: str
    source: str
    code: str
    reason: str
    parked_at: datetime
    attempts: int


class Traffic(BaseModel):
    """Facts by type: told by this service, heard by it from others, and the types that it hears at all."""

    told: dict[str, int]
    heard: dict[str, int]
    hears: list[str]


class Resolved(BaseModel):
    """Outcome of a parked letter."""

    resolution: str


def read_status(room: Room, community: str) -> Status:
    """Count the journal, the relay, the inbox and the dead letters."""
    rows = journal.journal
    with room.database.system_read() as sql:
        sealed, _ = journal.head(sql)
        waiting = sql.scalar(select(func.count()).select_from(rows).where(rows.c.position.is_(None))) or 0
        published = journal.published_position(sql)
    with room.database.read(community) as tx:
        heard, parked = sum(inbox.count_heard(tx).values()), parking.count_parked(tx)
    return Status(sealed, waiting, published, heard, parked, troubled=bool(positions.troubles(room.database)))


def replay(room: Room, community: str, actor: Actor, letter_id: str) -> None:
    """Try a dead letter again, by the means of its kind.

    Raises:
        CoopError: there is no such open letter, its kind cannot be replayed, or it is refused again (and stays parked).
    """
    with room.database.read(community) as tx:
        letter = parking.get_parked(tx, letter_id)
    if not room.replay(letter.kind, community, actor, letter_id):
        raise CoopError(
            "no-replay", say("a %(kind)s cannot be tried again here; let its sender send it again", kind=letter.kind)
        )


def readable(body: bytes) -> str:
    """Body that came in, as far as a person can read it: its text, or its bytes in hexadecimal; cut after
    ``BODY_SHOWN``."""
    try:
        text = body.decode()
        plain = all(sign.isprintable() or sign.isspace() for sign in text)
    except UnicodeDecodeError:
        plain = False
    shown = text if plain else body.hex(" ")
    return shown if len(shown) <= BODY_SHOWN else shown[:BODY_SHOWN] + " …"


def room_of(request: Request, service: str) -> Room:
    """The room of a service that runs in this process.

    Raises:
        NotFound: it runs elsewhere, or there is none.
    """
    room: Room | None = request.app.state.rooms.get(service)
    if room is None:
        raise NotFound
    return room


@routes.get("/operations", include_in_schema=False)
@may("see-operations")
def operations_page(request: Request) -> Response:
    services = {service.name: service.label for service in request.app.state.services}
    room: Room = next(iter(request.app.state.rooms.values()))
    with room.database.system_read() as sql:
        backup = backups.find_newest(sql)
    age = room.database.clock.now() - backup.taken_at if backup else None
    too_old = age is None or age > timedelta(days=room.settings.backup_days)
    return render(request, "operator/operations.html", services=services, backup=backup, backup_is_too_old=too_old)


@routes.get("/{service}/cards/operations", include_in_schema=False)
@may("see-operations")
def operations_card(request: Request, service: str) -> Response:
    return _card(request, "operator/operations_card.html", service)


@routes.get("/{service}/cards/parked", include_in_schema=False)
@may("see-operations")
def parked_line(request: Request, service: str) -> Response:
    return _card(request, "operator/operations_line.html", service)


def _card(request: Request, template: str, service: str) -> Response:
    room = room_of(request, service)
    status = read_status(room, session_of(request).community)
    return card(request, template, service=service, name=room.service.label, status=status)


@routes.get("/{service}/dead-letters", include_in_schema=False)
@may("see-operations")
def dead_letters_page(request: Request, service: str, after: str = "") -> Response:
    room, community = room_of(request, service), session_of(request).community
    with room.database.read(community) as tx:
        letters = parking.list_parked(tx, LETTERS_SHOWN, parking.get_parked(tx, after) if after else None)
        states = jobs.list_states(tx, jobs_of(room.service))
    with room.database.system_read() as sql:
        sources = positions.list_sources(sql)
    return render(
        request,
        "operator/operations_service.html",
        service=service,
        name=room.service.label,
        kinds={**LETTER_KINDS, **room.service.letter_kinds},
        status=read_status(room, community),
        letters=[(letter, readable(letter.body)) for letter in letters],
        next_after=letters[-1].id if len(letters) == LETTERS_SHOWN else "",
        after=after,
        jobs=states,
        sources=sources,
        kafka_lag=request.app.state.read_lag(),
        troubles=positions.troubles(room.database),
        may_switch=ACCESS.allows(session_of(request), "switch-jobs"),
        may_work=ACCESS.allows(session_of(request), "work-dead-letters"),
    )


@routes.post("/{service}/dead-letters/{letter_id}/replay", include_in_schema=False)
@may("work-dead-letters")
def replay_from_page(request: Request, service: str, letter_id: str) -> Response:
    lang, page = language_of(request), f"/{service}/dead-letters"
    session = session_of(request)
    try:
        replay(room_of(request, service), session.community, session.actor("page"), letter_id)
    except CoopError as refusal:
        text = translate(lang, "Refused again: %(reason)s", reason=speak(lang, refusal.message))
        return redirect(page, text[:FLASH_MAX], "refused")
    return redirect(page, translate(lang, "Replayed: it was taken this time."))


@routes.get("/{service}/dead-letters/{letter_id}/discard", include_in_schema=False)
@may("work-dead-letters")
def ask_discard(request: Request, service: str, letter_id: str) -> Response:
    lang, page = language_of(request), f"/{service}/dead-letters"
    with room_of(request, service).database.read(session_of(request).community) as tx:
        letter = parking.get_parked(tx, letter_id)
    return confirm_page(
        request,
        title=translate(lang, "Discard this for good?"),
        text=letter.reason,
        button=translate(lang, "Discard"),
        action=f"{page}/{letter_id}/discard",
        back=page,
    )


@routes.post("/{service}/dead-letters/{letter_id}/discard", include_in_schema=False)
@may("work-dead-letters")
def discard(request: Request, service: str, letter_id: str) -> Response:
    session = session_of(request)
    with room_of(request, service).database.write(session.community, session.actor("page")) as tx:
        parking.resolve(tx, parking.get_parked(tx, letter_id).id, "discarded")
    return redirect(
        f"/{service}/dead-letters", translate(language_of(request), "Discarded. It stays on file with its reason.")
    )


@routes.get("/{service}/api/v1/traffic")
@may("see-operations")
def read_traffic(request: Request, service: ServiceName) -> Traffic:
    """Facts of each type told and heard here: who compares services sees what is still on its way."""
    room = room_of(request, service)
    with room.database.system_read() as sql:
        told = journal.count_told(sql, session_of(request).community)
    with room.database.read(session_of(request).community) as tx:
        heard = inbox.count_heard(tx)
    return Traffic(told=told, heard=heard, hears=sorted(event.TYPE for event in room.service.handlers))


@routes.get("/{service}/api/v1/dead-letters")
@may("see-operations")
def list_dead_letters(request: Request, service: ServiceName, page: Paged) -> list[LetterOut]:
    """Parked facts and telegrams, oldest first."""
    with room_of(request, service).database.read(session_of(request).community) as tx:
        letters = parking.page_parked(tx, page.window)
    shown = page.close(letters, lambda letter: (letter.parked_at, letter.id))
    return [LetterOut.model_validate(letter, from_attributes=True) for letter in shown]


@routes.post("/{service}/api/v1/dead-letters/{letter_id}/replay")
@may("work-dead-letters")
@repeats_by_itself
def replay_dead_letter(request: Request, service: ServiceName, letter_id: str) -> Resolved:
    """Try a parked fact or telegram again."""
    session = session_of(request)
    replay(room_of(request, service), session.community, session.actor("api"), letter_id)
    return Resolved(resolution="replayed")


class JobOut(BaseModel):
    """A job of a service for this co-operative."""

    name: str
    cron: str
    enabled: bool
    next_at: datetime | None
    last_due_at: datetime | None
    last_succeeded: bool | None
    last_outcome: str | None


class SwitchIn(BaseModel):
    """Switch of a job for this co-operative."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": False}]})

    enabled: bool


@routes.get("/{service}/api/v1/jobs")
@may("see-operations")
def list_jobs(request: Request, service: ServiceName, page: Paged) -> list[JobOut]:
    """Jobs by name, with their next time and their last outcome."""
    room = room_of(request, service)
    with room.database.read(session_of(request).community) as tx:
        states = sorted(jobs.list_states(tx, jobs_of(room.service)), key=lambda state: state.job.name)
    return [_job_out(state) for state in page.cut(states, lambda state: (state.job.name,))]


@routes.get("/{service}/api/v1/jobs/{name}")
@may("see-operations")
def get_job(request: Request, service: ServiceName, name: str) -> JobOut:
    """One job; its ETag is what a switch of it names."""
    room = room_of(request, service)
    with room.database.read(session_of(request).community) as tx:
        return _job_out(jobs.list_states(tx, [_job_named(room, name)])[0])


@routes.post("/{service}/api/v1/jobs/{name}")
@may("switch-jobs")
def switch_job(request: Request, service: ServiceName, name: str, body: SwitchIn) -> JobOut:
    """Let a job run for this co-operative, or not."""
    room = room_of(request, service)
    with writing(request) as tx:
        job = _job_named(room, name)
        jobs.switch(tx, job, enabled=body.enabled)
        return _job_out(jobs.list_states(tx, [job])[0])


@routes.post("/{service}/jobs/{name}/{setting}", include_in_schema=False)
@may("switch-jobs")
def switch_job_from_page(request: Request, service: str, name: str, setting: Literal["on", "off"]) -> Response:
    room, session = room_of(request, service), session_of(request)
    with room.database.write(session.community, session.actor("page")) as tx:
        jobs.switch(tx, _job_named(room, name), enabled=setting == "on")
    message = N_("The job runs at its times.") if setting == "on" else N_("The job no longer runs.")
    return redirect(f"/{service}/dead-letters#jobs", translate(language_of(request), message))


def _job_named(room: Room, name: str) -> jobs.Job:
    for job in jobs_of(room.service):
        if job.name == name:
            return job
    raise NotFound(say("%(service)s has no job %(name)s", service=room.service.name, name=name))


def _job_out(state: jobs.JobState) -> JobOut:
    last = state.last
    return JobOut(
        name=state.job.name,
        cron=state.job.cron,
        enabled=state.enabled,
        next_at=state.next_at,
        last_due_at=last.due_at if last else None,
        last_succeeded=last.succeeded if last else None,
        last_outcome=last.outcome if last else None,
    )
