"""The board's pages of moves that members told of: each is looked at, and written down or refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.kit.tx import Tx
from coop.members.access import ACCESS
from coop.members.entry.commands import get_row
from coop.members.entry.model import Look
from coop.members.entry.pages.forms import FORM_MAX, Fields, describe
from coop.members.entry.rules import suggest_number
from coop.members.fields import WHOLE_MAX
from coop.members.imports.plans import load_registered
from coop.members.moving import commands
from coop.members.moving.texts import OUTCOMES
from coop.members.register.store import get_member
from coop.members.told_moves import store
from coop.members.told_moves.model import Placing, Told
from coop.values import BadInput, CoopError, NotFound, Problem
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/register/moves"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may

MoveNumber = Annotated[int, Path(ge=1, le=WHOLE_MAX)]


@routes.get("")
@may("settle-moves")
def moves_page(request: Request) -> Response:
    """All moves that members told of, those that wait first."""
    with reading(request) as tx:
        told = store.list_told(tx)
        members = {each.told.member_id: get_member(tx, each.told.member_id) for each in told}
        homes = {each.number: _find_home(tx, each) for each in told}
    return render(request, "members/moves.html", told=told, members=members, homes=homes, outcomes=OUTCOMES)


@routes.get("/{number}")
@may("settle-moves")
def move_page(request: Request, number: MoveNumber) -> Response:
    """One move, with what writing it down would change."""
    with reading(request) as tx:
        told = commands.get_told(tx, number)
        look, problems = _look(tx, told, Placing()) if told.outcome is None and told.told.way == "out" else (None, [])
        return _show(request, tx, told, {}, look, problems)


@routes.post("/{number}")
@may("settle-moves")
@body_max(FORM_MAX)
def settle(request: Request, number: MoveNumber, fields: Fields) -> Response:
    """Look again, write it down as it was looked at, or refuse it with a reason."""
    lang, act = language_of(request), fields.get("act", "")
    placing = Placing(*(fields.get(name, "").strip() for name in ("connection", "contract", "tariff_clause")))
    try:
        with writing(request) as tx:
            told = commands.get_told(tx, number)
            if act == "refuse":
                commands.refuse(tx, number, fields.get("reason", ""))
                return redirect(PAGE, translate(lang, "The member is told why it is not written down."))
            if act == "write":
                commands.write(tx, number, placing, fields.get("preview", ""))
                return redirect(PAGE, translate(lang, "It is written down, and the member is told."))
            return _show(request, tx, told, fields, commands.look_at(tx, told, placing))
    except NotFound:
        raise
    except BadInput as bad:
        problems, status = list(bad.problems), 422
    except CoopError as refusal:
        problems, status = [Problem(refusal.message)], 409
    with reading(request) as tx:
        return _show(request, tx, commands.get_told(tx, number), fields, None, problems, status)


def _look(tx: Tx, told: Told, placing: Placing) -> tuple[Look | None, list[Problem]]:
    try:
        return commands.look_at(tx, told, placing), []
    except BadInput as bad:
        return None, list(bad.problems)
    except CoopError as refusal:
        return None, [Problem(refusal.message)]


def _find_home(tx: Tx, told: Told) -> str:
    connection_id = told.told.connection_id
    return get_row(tx, "connection", connection_id)[0]["address"] if connection_id else told.told.home


def _show(
    request: Request,
    tx: Tx,
    told: Told,
    values: Mapping[str, str],
    look: Look | None,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Response:
    numbers = [number for noun, number in load_registered(tx).ids if noun == "contract"]
    return render(
        request,
        "members/told_move.html",
        status,
        move=told,
        told=told.told,
        member=get_member(tx, told.told.member_id),
        home=_find_home(tx, told),
        outcomes=OUTCOMES,
        values={"contract": suggest_number(numbers), **values},
        look=look,
        differences=describe(language_of(request), look),
        added=len(look.plan.added) if look else 0,
        errors={problem.field.split(".")[-1]: problem.reason for problem in problems if problem.field},
        problems=problems,
    )
