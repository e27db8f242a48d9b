"""Programs, under ``/members/api/v1/programs``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.kit.answers import Text
from coop.kit.http import GuardedRoute, body_max, reading, refuses, session_of, shows_once, writing
from coop.kit.paging import Paged
from coop.members.access import ACCESS
from coop.members.programs import commands, store
from coop.members.programs.model import NewProgram, Program

BODY_MAX = 2 * 1024 * 1024
EVERY = "every"

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1/programs", tags=["members"])
may = ACCESS.may

Meters = Annotated[
    list[str] | Literal["every"] | None,
    Field(description='Serial numbers of the meters that a gateway speaks for, or "every".', examples=[["E-1", "H-1"]]),
]


class ProgramIn(BaseModel):
    """A program to let in: what it may do, until which day, and as a gateway for which meters."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    scopes: list[Text]
    last_day: date | None = Field(None, description="Last day on which the token works; a year from now by default.")
    gateway: Text | None = Field(None, description="Name of the gateway, where the program delivers readings.")
    meters: Meters = None
    has_token: bool = Field(True, description="False: a gateway that sends by MQTT or Kafka alone.")


class MetersIn(BaseModel):
    """The meters that a gateway speaks for."""

    model_config = ConfigDict(extra="forbid")

    meters: Annotated[list[Text] | Literal["every"], Field(examples=[["E-1", "H-1"], "every"])]


class ConfirmedIn(BaseModel):
    """The meters that a second person saw, and says as well that the gateway is a device of them."""

    model_config = ConfigDict(extra="forbid")

    meters: Annotated[list[Text] | Literal["every"], Field(examples=[["E-1", "H-1"], "every"])]


class ProgramOut(BaseModel):
    """One program, without its token."""

    token_id: str
    name: str
    scopes: list[str]
    state: Literal["open", "ended", "expired"]
    gateway: str | None
    meters: Meters
    device_meters: Annotated[
        list[str] | Literal["every"] | None,
        Field(
            description="Meters for which a gateway counts as a device, as two people said; of its others, what it "
            "delivers is passed on.",
            examples=[["E-1"]],
        ),
    ]
    waits: bool = Field(description="Whether a second person has to say of some of its meters that it is their device.")
    has_token: bool
    made_at: datetime
    made_by: str
    confirmed_at: datetime | None
    confirmed_by: str | None
    expires_at: datetime | None
    used_on: date | None
    ended_at: datetime | None
    ended_by: str | None


class MadeOut(BaseModel):
    """A program that was let in. The token stands here and nowhere else, and is null where there is none."""

    token: str | None
    program: ProgramOut


@routes.get("")
@may("see-programs")
def list_programs(request: Request, page: Paged) -> list[ProgramOut]:
    """All programs by name, also those whose token was ended."""
    with reading(request) as tx:
        now, programs = tx.now, sorted(store.list_programs(tx), key=_key)
    return [_show(program, now) for program in page.cut(programs, _key)]


def _key(program: Program) -> tuple[str, str]:
    return program.name, program.token_id


@routes.post("")
@may("keep-programs")
@body_max(BODY_MAX)
@shows_once
def make_program(request: Request, body: ProgramIn) -> MadeOut:
    """Let a program in; the answer holds its token, which cannot be asked for again."""
    meters = None if body.meters is None or body.meters == EVERY else tuple(dict.fromkeys(body.meters))
    if body.gateway is not None and body.meters is None:
        meters = ()  # nobody speaks for every meter by leaving something out
    new = NewProgram(body.name, tuple(dict.fromkeys(body.scopes)), body.last_day, body.gateway, meters, body.has_token)
    with writing(request) as tx:
        program, token = commands.make_program(tx, new, may_speak_for_every_meter=may_speak_for_every_meter(request))
        return MadeOut(token=token or None, program=_show(program, tx.now))


@routes.get("/{token_id}")
@may("see-programs")
def get_program(request: Request, token_id: str) -> ProgramOut:
    """One program."""
    with reading(request) as tx:
        return _show(store.get_program(tx, token_id), tx.now)


@routes.post("/{token_id}/meters")
@may("keep-programs")
@body_max(BODY_MAX)
def set_meters(request: Request, token_id: str, body: MetersIn) -> ProgramOut:
    """Let a gateway speak for these meters and no others from now on."""
    meters = None if body.meters == EVERY else tuple(dict.fromkeys(body.meters))
    allowed = may_speak_for_every_meter(request)
    with writing(request) as tx:
        return _show(commands.set_gateway_meters(tx, token_id, meters, may_speak_for_every_meter=allowed), tx.now)


@routes.post("/{token_id}/confirm")
@may("keep-programs")
@body_max(BODY_MAX)
@refuses("second-person", "other-meters", "no-gateway")
def confirm_gateway(request: Request, token_id: str, body: ConfirmedIn) -> ProgramOut:
    """Say as the second person that a gateway is a device of the meters that it speaks for. Until then what it delivers
    counts as passed on by a person, and gives way to what a device measured."""
    meters = None if body.meters == EVERY else tuple(body.meters)
    with writing(request) as tx:
        return _show(commands.confirm_gateway(tx, token_id, meters), tx.now)


@routes.post("/{token_id}/drop")
@may("keep-programs")
def drop_gateway(request: Request, token_id: str) -> ProgramOut:
    """Take off a gateway what waits for a second person: the meters that nobody confirmed, or its token where nobody
    confirmed any."""
    with writing(request) as tx:
        return _show(commands.drop_gateway(tx, token_id), tx.now)


@routes.post("/{token_id}/end")
@may("keep-programs")
def end_program(request: Request, token_id: str) -> ProgramOut:
    """End a token: it opens nothing any more. Repeating it changes nothing."""
    with writing(request) as tx:
        return _show(commands.end_program(tx, token_id), tx.now)


def may_speak_for_every_meter(request: Request) -> bool:
    """True for who may let a gateway deliver readings of every meter."""
    return ACCESS.allows(session_of(request), "let-speak-for-every-meter")


def _show(program: Program, now: datetime) -> ProgramOut:
    return ProgramOut.model_validate(
        {
            "token_id": program.token_id,
            "name": program.name,
            "scopes": list(program.scopes),
            "state": program.state_at(now),
            "gateway": program.gateway,
            "meters": EVERY if program.speaks_for_every_meter else program.meters and list(program.meters),
            "device_meters": None if program.gateway is None else _list(program.device_meters),
            "waits": program.waits_at(now),
            "has_token": program.has_token,
            "made_at": program.made_at,
            "made_by": program.made_by,
            "confirmed_at": program.confirmed_at,
            "confirmed_by": program.confirmed_by,
            "expires_at": program.expires_at,
            "used_on": program.used_on,
            "ended_at": program.ended_at,
            "ended_by": program.ended_by,
        }
    )


def _list(meters: tuple[str, ...] | None) -> list[str] | str:
    return EVERY if meters is None else list(meters)
