"""The page of a move: somebody goes, somebody comes, in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.members.access import ACCESS
from coop.members.connections.store import list_occupancies
from coop.members.entry.commands import find_hold, get_row, look_at_move, write_move
from coop.members.entry.model import Look, Move, Stands
from coop.members.entry.pages.forms import FORM_MAX, Fields, describe
from coop.members.entry.rules import suggest_number
from coop.members.imports.formats.line import read_day
from coop.members.imports.plans import load_registered
from coop.members.imports.words import LABELS
from coop.members.register.model import MEMBER_KINDS
from coop.members.register.store import get_member
from coop.values import BadInput, CoopError, Problem, say
from coop.web.forms import read_decimal
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render
from coop.web.writing import civil_day

routes = APIRouter(route_class=GuardedRoute, prefix="/members/register/connections", include_in_schema=False)
may = ACCESS.may

NEWCOMER = ("name", "kind", "email", "address", "postcode", "city")
"""Fields of a new member in a move."""

STANDS = ("heat_gj", "electricity_in_kwh", "electricity_out_kwh")
"""Fields of what the meters showed on the day of a move."""

STAND_MAX = 10**12


@routes.get("/{connection_id}/move")
@may("keep-register")
def move_form(request: Request, connection_id: str) -> Response:
    with reading(request) as tx:
        row, _ = get_row(tx, "connection", connection_id)
    return _show(request, connection_id, {"address": row["address"], "who": "new"})


@routes.post("/{connection_id}/move")
@may("keep-register")
@body_max(FORM_MAX)
def move(request: Request, connection_id: str, fields: Fields) -> Response:
    lang = language_of(request)
    try:
        wish = _read_move(connection_id, fields)
        with writing(request) as tx:
            look = look_at_move(tx, wish)
            out = get_member(tx, find_hold(tx, connection_id, wish.moved_on).member_id)
            is_written = fields.get("preview") == look.preview and "write" in fields
            if is_written:
                write_move(tx, wish, look.preview)
    except BadInput as bad:
        return _show(request, connection_id, fields, problems=bad.problems, status=422)
    except CoopError as refusal:
        return _show(request, connection_id, fields, problems=[Problem(refusal.message)], status=409)
    if not is_written:
        return _show(request, connection_id, fields, look=look)
    text = translate(
        lang,
        "The move is written down. The last bill of %(name)s, up to %(day)s, follows when that month is closed.",
        name=out.name,
        day=civil_day(lang, wish.moved_on),
    )
    return redirect(f"/members/register/connections/{connection_id}", text)


def _read_move(connection_id: str, fields: Mapping[str, str]) -> Move:
    problems = []
    moved_on = read_day(fields.get("moved_on", "").strip())
    if moved_on is None:
        reason = say('"%(value)s" is not a date such as 31-01-2025 or 2025-01-31', value=fields.get("moved_on", ""))
        problems.append(Problem(reason, "moved_on"))
    who = fields.get("who", "")
    number = {"new": "new_number", "member": "member"}.get(who, "")
    if number and not fields.get(number, "").strip():
        problems.append(Problem(say("may not be empty"), number))
    exact, bad_stands = read_stands(fields)
    problems += bad_stands
    if problems or moved_on is None:
        raise BadInput(problems)
    stands = Stands(connection_id, moved_on, **exact) if exact else None
    newcomer = None
    if who == "new":
        newcomer = {name: fields.get(name, "") for name in NEWCOMER}
        newcomer |= {"number": fields["new_number"].strip(), "joined_on": str(moved_on)}
    return Move(
        connection_id,
        moved_on,
        leaves="leaves" in fields,
        member=fields[number].strip() if number else "",
        newcomer=newcomer,
        contract=fields.get("contract", "").strip(),
        tariff_clause=fields.get("tariff_clause", "").strip(),
        stands=stands,
        reason=fields.get("reason", "").strip(),
    )


def read_stands(fields: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Stands in a form, as exact numbers by their fields, and what is wrong with those that are none."""
    shown = {name: read_decimal(text) for name in STANDS if (text := fields.get(name, "").strip())}
    problems = [
        Problem(say("is no stand of a meter, such as 12,34"), name)
        for name, stand in shown.items()
        if stand is None or not 0 <= stand < STAND_MAX
    ]
    return {name: format(stand, "f") for name, stand in shown.items() if stand is not None}, problems


def _show(
    request: Request,
    connection_id: str,
    fields: Mapping[str, str],
    *,
    look: Look | None = None,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Response:
    with reading(request) as tx:
        registered = load_registered(tx)
        row, _ = get_row(tx, "connection", connection_id)
        last = [hold for hold in list_occupancies(tx) if hold.connection_id == connection_id]
        out = get_member(tx, last[-1].member_id) if last else None
    numbers = {noun: [number for each, number in registered.ids if each == noun] for noun in ("member", "contract")}
    suggested = {"new_number": suggest_number(numbers["member"]), "contract": suggest_number(numbers["contract"])}
    return render(
        request,
        "members/move.html",
        status,
        connection=row,
        out=out,
        values={**suggested, **{name: text for name, text in fields.items() if text or name not in suggested}},
        kinds=MEMBER_KINDS,
        newcomer=[(name, LABELS["members"][name]) for name in NEWCOMER if name != "kind"],
        look=look,
        differences=describe(language_of(request), look),
        added=len(look.plan.added) if look else 0,
        errors={problem.field.split(".")[-1]: problem.reason for problem in problems},
        problems=problems,
    )
