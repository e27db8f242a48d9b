"""The page on which a member says that they move, and sees what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.session import NotAllowed
from coop.members.access import ACCESS
from coop.members.entry.commands import get_row
from coop.members.entry.pages.forms import FORM_MAX, Fields
from coop.members.entry.pages.moves import read_stands
from coop.members.imports.formats.line import read_day
from coop.members.moving import commands
from coop.members.moving.texts import OUTCOMES
from coop.members.told_moves import store
from coop.members.told_moves.model import POSTAL, Telling
from coop.values import BadInput, CoopError, Problem, say
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/members/me/move"

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("tell-own-move")
def move_page(request: Request) -> Response:
    """The form, or what waits, and what became of earlier ones."""
    return _show(request, {})


@routes.post("")
@may("tell-own-move")
@body_max(FORM_MAX)
def tell(request: Request, fields: Fields) -> Response:
    """Keep what the member tells."""
    try:
        telling = _read_telling(_member_id(request), fields)
        with writing(request) as tx:
            commands.tell(tx, telling)
    except BadInput as bad:
        return _show(request, fields, problems=bad.problems, status=422)
    except CoopError as refusal:
        return _show(request, fields, problems=[Problem(refusal.message)], status=409)
    text = translate(language_of(request), "The board has it now. You get a message once it is written down.")
    return redirect(PAGE, text)


@routes.post("/withdraw")
@may("tell-own-move")
@body_max(FORM_MAX)
def take_back(request: Request, fields: Fields) -> Response:
    """Take back what waits."""
    with writing(request) as tx:
        commands.take_back(tx, _member_id(request))
    return redirect(PAGE, translate(language_of(request), "It is taken back: nothing changes."))


def _member_id(request: Request) -> str:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    return member_id


def _read_telling(member_id: str, fields: Mapping[str, str]) -> Telling:
    typed = {name: text.strip() for name, text in fields.items()}
    stands, problems = read_stands(typed)
    moved_on = read_day(typed.get("moved_on", ""))
    if moved_on is None:
        reason = say('"%(value)s" is not a date such as 31-01-2025 or 2025-01-31', value=typed.get("moved_on", ""))
        problems.append(Problem(reason, "moved_on"))
    way = typed.get("way", "")
    if way not in ("out", "in"):
        problems.append(Problem(say("choose one of both"), "way"))
    if problems or moved_on is None:
        raise BadInput(problems)
    is_out = way == "out"
    return Telling(
        member_id,
        "out" if is_out else "in",
        moved_on,
        connection_id=typed.get("connection_id", "")[:36] if is_out else "",
        home="" if is_out else typed.get("home", ""),
        **stands,
        **{name: typed.get(name, "") for name in POSTAL},
        leaves=is_out and "leaves" in typed,
        note=typed.get("note", ""),
    )


def _show(
    request: Request, values: Mapping[str, str], *, problems: Sequence[Problem] = (), status: int = 200
) -> Response:
    member_id = _member_id(request)
    with reading(request) as tx:
        told = store.list_of(tx, member_id)
        held = commands.list_homes(tx, member_id, tx.today)
        named = {each.told.connection_id for each in told} | {hold.connection_id for hold in held}
        addresses = {each: get_row(tx, "connection", each)[0]["address"] for each in named if each}
    return render(
        request,
        "members/own_move.html",
        status,
        waiting=next((each for each in told if each.outcome is None), None),
        told=told,
        homes=[(hold.connection_id, addresses[hold.connection_id]) for hold in held],
        addresses=addresses,
        values=values,
        outcomes=OUTCOMES,
        errors={problem.field: problem.reason for problem in problems if problem.field},
        problems=[problem for problem in problems if not problem.field],
    )
