"""Moves that members tell of, for programs, under ``/members/api/v1``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field

from coop.kit.answers import Answer, Body, Text
from coop.kit.http import GuardedRoute, reading, refuses, session_of, writing
from coop.kit.paging import Paged
from coop.kit.session import NotAllowed
from coop.members.access import ACCESS
from coop.members.entry.pages.moves import read_stands
from coop.members.fields import WHOLE_MAX
from coop.members.moving import commands
from coop.members.told_moves import store
from coop.members.told_moves.model import POSTAL, STANDS, Outcome, Placing, Telling, Told, Way
from coop.values import BadInput

routes = APIRouter(route_class=GuardedRoute, prefix="/members/api/v1", tags=["members"])
may = ACCESS.may

MoveNumber = Annotated[int, Path(ge=1, le=WHOLE_MAX)]
Stand = Annotated[str, Field(max_length=20, pattern=r"^[0-9.,]*$", examples=["12.34"])]


class TellingIn(Body):
    """A move of one's own: ``out`` of a home that one holds, or ``in`` at a home in words."""

    way: Way
    moved_on: date
    """First day without the home, or the first with it."""
    connection_id: Annotated[str, Field(max_length=36)] = ""
    """The connection of the home that is left."""
    home: Annotated[Text, Field(examples=["Kade 3"])] = ""
    """Street and number of the home that is moved into."""
    heat_gj: Stand = ""
    electricity_in_kwh: Stand = ""
    electricity_out_kwh: Stand = ""
    address: Annotated[Text, Field(examples=["Laan 5"])] = ""
    """Where post goes from then on, with ``postcode`` and ``city``; empty where it stays."""
    postcode: Annotated[Text, Field(examples=["1052 BB"])] = ""
    city: Text = ""
    leaves: bool = False
    """Whether the membership ends on that day too."""
    note: Annotated[Text, Field(examples=["Eva comes after me."])] = ""


class ToldMoveOut(Answer):
    """A move as it was told, and what became of it."""

    number: int
    member_id: str
    way: Way
    moved_on: date
    connection_id: str
    home: Annotated[str, Field(examples=["Kade 3"])]
    heat_gj: Annotated[str, Field(examples=["12.34"])]
    electricity_in_kwh: Annotated[str, Field(examples=["4321"])]
    electricity_out_kwh: Annotated[str, Field(examples=["210"])]
    address: Annotated[str, Field(examples=["Laan 5"])]
    postcode: Annotated[str, Field(examples=["1052 BB"])]
    city: str
    leaves: bool
    note: Annotated[str, Field(examples=["Eva comes after me."])]
    told_at: datetime
    outcome: Annotated[Outcome | None, Field(examples=["refused"])]
    """Null while it waits for the board."""
    reason: Annotated[str, Field(examples=["The meter hangs at another home."])]
    """Why the board did not write it down."""
    settled_at: datetime | None


class PlacingIn(Body):
    """Numbers by which who moves in is written down: the connection, and the contract with its clause."""

    connection: Annotated[Text, Field(examples=["0001"])] = ""
    contract: Annotated[Text, Field(examples=["C00017"])] = ""
    tariff_clause: Annotated[Text, Field(examples=["2025-1"])] = ""


class WritingIn(PlacingIn):
    """The same numbers that were looked at, and what was answered."""

    preview: Annotated[str, Field(max_length=64)]
    """Hash of what was looked at."""


class MoveDifferenceOut(Answer):
    """A field of the register that becomes something else; empty for nothing."""

    noun: Annotated[str, Field(examples=["contract"])]
    record: Annotated[str, Field(examples=["C00007"])]
    field: Annotated[str, Field(examples=["ends_on"])]
    old: Annotated[str, Field(examples=[""])]
    new: Annotated[str, Field(examples=["2026-02-01"])]


class MoveEffectOut(Answer):
    """Effect of writing a move down: its differences, and how many records come on file. ``preview`` is its hash."""

    preview: Annotated[str, Field(examples=["9d46365da44953fc2b35a344cc235552969db074771c9c65b847016156d54c0a"])]
    differences: list[MoveDifferenceOut]
    added: Annotated[int, Field(examples=[1])]


class RefusalIn(Body):
    """Why a move is not written down, as the member reads it."""

    reason: Annotated[Text, Field(min_length=1, examples=["The meter hangs at another home."])]


@routes.post("/me/moves")
@may("tell-own-move")
@refuses("bad-move", "move-waits")
def tell_move(request: Request, body: TellingIn) -> ToldMoveOut:
    """Tell the board of a move; one waits at a time."""
    typed = body.model_dump(include={"connection_id", "home", *STANDS, *POSTAL, "note"})
    stands, problems = read_stands(typed)
    if problems:
        raise BadInput(problems, "bad-move")
    with writing(request) as tx:
        told = Telling(_member_id(request), body.way, body.moved_on, **typed | stands, leaves=body.leaves)
        number = commands.tell(tx, told)
        return _answer(commands.get_told(tx, number))


@routes.get("/me/moves")
@may("tell-own-move")
def list_own_moves(request: Request, page: Paged) -> list[ToldMoveOut]:
    """Moves that one told of oneself, newest first."""
    with reading(request) as tx:
        told = store.list_of(tx, _member_id(request))
    return [_answer(each) for each in page.cut(told, _key_of, newest_first=True)]


@routes.post("/me/moves/withdraw")
@may("tell-own-move")
def withdraw_move(request: Request) -> list[ToldMoveOut]:
    """Take back the move that waits; without any nothing changes."""
    with writing(request) as tx:
        commands.take_back(tx, _member_id(request))
        return [_answer(each) for each in store.list_of(tx, _member_id(request))]


@routes.get("/moves")
@may("settle-moves")
def list_moves(request: Request, page: Paged, state: Literal["", "waiting"] = "") -> list[ToldMoveOut]:
    """Moves that members told of, newest first: all, or those that wait."""
    with reading(request) as tx:
        told = store.list_waiting(tx) if state else store.list_newest(tx)
    return [_answer(each) for each in page.cut(told, _key_of, newest_first=True)]


@routes.get("/moves/{number}")
@may("settle-moves")
def get_move(request: Request, number: MoveNumber) -> ToldMoveOut:
    """One move that a member told of."""
    with reading(request) as tx:
        return _answer(commands.get_told(tx, number))


@routes.post("/moves/{number}/preview")
@may("settle-moves")
@refuses("bad-input", "not-held")
def preview_move(request: Request, number: MoveNumber, body: PlacingIn) -> MoveEffectOut:
    """Look at what writing a move down would change; nothing changes."""
    with reading(request) as tx:
        look = commands.look_at(tx, commands.get_told(tx, number), _place(body))
    return MoveEffectOut(
        preview=look.preview,
        added=len(look.plan.added),
        differences=[
            MoveDifferenceOut(noun=update.key[0], record=update.key[1], field=part.field, old=part.old, new=part.new)
            for update in look.plan.updates.values()
            for part in update.differences
        ],
    )


@routes.post("/moves/{number}/write")
@may("settle-moves")
@refuses("bad-input", "not-held", "preview-needed")
def write_move(request: Request, number: MoveNumber, body: WritingIn) -> ToldMoveOut:
    """Write a move down as it was looked at; the member is told. What is settled stays as it is."""
    with writing(request) as tx:
        commands.write(tx, number, _place(body), body.preview)
        return _answer(commands.get_told(tx, number))


@routes.post("/moves/{number}/refuse")
@may("settle-moves")
@refuses("bad-reason")
def refuse_move(request: Request, number: MoveNumber, body: RefusalIn) -> ToldMoveOut:
    """Leave the register as it is; the member is told why."""
    with writing(request) as tx:
        commands.refuse(tx, number, body.reason)
        return _answer(commands.get_told(tx, number))


def _member_id(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id


def _place(body: PlacingIn) -> Placing:
    return Placing(body.connection, body.contract, body.tariff_clause)


def _key_of(told: Told) -> tuple[int]:
    return (told.number,)


def _answer(told: Told) -> ToldMoveOut:
    fields = {name: getattr(told if hasattr(told, name) else told.told, name) for name in ToldMoveOut.model_fields}
    return ToldMoveOut.model_validate(fields)
