"""Pages of forms: one member, one connection, one hold or one contract is entered or changed.

A form is looked at first: its page names all that is wrong, shows every difference, and what rests on it. It is written
down under the hash of what was shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, writing
from coop.members.access import ACCESS
from coop.members.entry.commands import get_row, look_at, write_down
from coop.members.entry.model import Look, Typed
from coop.members.entry.rules import suggest_number
from coop.members.entry.texts import FIELDS, TITLES, YEARS
from coop.members.imports.formats.register_rows import GAS, NOUNS
from coop.members.imports.model import Plan
from coop.members.imports.plans import load_registered
from coop.members.imports.words import label_of
from coop.members.register.model import votes_of
from coop.members.register.store import find_member
from coop.values import BadInput, CoopError, NotFound, Problem
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render
from coop.web.writing import civil_day

_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")

FORM_MAX = 64 * 1024
LENGTH_MAX = 400

routes = APIRouter(route_class=GuardedRoute, prefix="/members/register", include_in_schema=False)
may = ACCESS.may


async def read_fields(request: Request) -> Mapping[str, str]:
    """The texts of a form by name."""
    form = await request.form()
    return {name: str(value)[:LENGTH_MAX] for name, value in form.items() if isinstance(value, str)}


Fields = Annotated[Mapping[str, str], Depends(read_fields)]


@routes.get("/{kind}/new")
@may("keep-register")
def new_form(request: Request, kind: str, member: str = "", connection: str = "") -> Response:
    require_kind(kind)
    with reading(request) as tx:
        numbers = [number for noun, number in load_registered(tx).ids if noun == NOUNS[kind]]
        today = tx.today
    row = {"number": suggest_number(numbers), "member": member, "connection": connection}
    row |= {"joined_on": str(today), "opened_on": str(today), "starts_on": str(today)}
    return _show(request, kind, row)


@routes.post("/{kind}/new")
@may("keep-register")
@body_max(FORM_MAX)
def enter_new(request: Request, kind: str, fields: Fields) -> Response:
    require_kind(kind)
    typed = Typed(((kind, pick_row(kind, fields)),), reason=fields.get("reason", ""))
    return _take(request, kind, typed, fields, is_new=True)


@routes.get("/{kind}/{record_id}/edit")
@may("keep-register")
def edit_form(request: Request, kind: str, record_id: str) -> Response:
    require_kind(kind)
    with reading(request) as tx:
        row, version = get_row(tx, NOUNS[kind], record_id)
    return _show(request, kind, row, version=version)


@routes.post("/{kind}/{record_id}/edit")
@may("keep-register")
@body_max(FORM_MAX)
def edit(request: Request, kind: str, record_id: str, fields: Fields) -> Response:
    require_kind(kind)
    with reading(request) as tx:
        row, _ = get_row(tx, NOUNS[kind], record_id)
    version = int(fields["version"]) if re.fullmatch(r"\d{1,9}", fields.get("version", "")) else 0
    given = {**pick_row(kind, fields), "number": row["number"]}
    return _take(request, kind, Typed(((kind, given),), version, fields.get("reason", "")), fields, is_new=False)


def require_kind(kind: str) -> None:
    """Refuse a kind of record that has no form.

    Raises:
        NotFound: there is no such form.
    """
    if kind not in FIELDS:
        raise NotFound


def pick_row(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The columns of a kind among the fields of a form; an empty place for votes says nothing."""
    names = {field.name for field in FIELDS[kind]}
    row = {
        name: text for name, text in fields.items() if name in names or (kind == "contracts" and GAS.fullmatch(name))
    }
    return {name: text for name, text in row.items() if text.strip() or name not in ("votes", "users")}


def _take(request: Request, kind: str, typed: Typed, fields: Mapping[str, str], *, is_new: bool) -> Response:
    """Look at a form, or write it down where it was looked at."""
    given = dict(typed.steps[0][1])
    try:
        with writing(request) as tx:
            look = look_at(tx, typed, is_new=is_new)
            if fields.get("preview") == look.preview and "write" in fields and not (look.later and not is_new):
                write_down(tx, kind, typed, look.preview, is_new=is_new)
                written = True
            else:
                written = False
            version = look.later[0].number if look.later else typed.version
    except BadInput as bad:
        return _show(request, kind, given, typed.version, problems=bad.problems, reason=typed.reason, status=422)
    except CoopError as refusal:
        if refusal.code != "preview-needed":
            raise
        return _show(request, kind, given, typed.version, problems=[Problem(refusal.message)], status=409)
    if written:
        return redirect(_address_after(request, kind, look), translate(language_of(request), "It is written down."))
    row = dict(look.rows[0][1])
    return _show(request, kind, row, version, look=look, reason=typed.reason, is_new=is_new)


def _address_after(request: Request, kind: str, look: Look) -> str:
    """The page of the member whom a form was about, or the list of connections."""
    row = look.rows[0][1]
    number = row["number"] if kind == "members" else row.get("member", "")
    with reading(request) as tx:
        member_id = load_registered(tx).ids.get(("member", number), "")
        is_member = bool(member_id) and find_member(tx, member_id) is not None
    return f"/members/{member_id}" if is_member else "/members/register/connections"


def _show(
    request: Request,
    kind: str,
    row: Mapping[str, str],
    version: int = 0,
    *,
    look: Look | None = None,
    problems: Sequence[Problem] = (),
    reason: str = "",
    status: int = 200,
    is_new: bool | None = None,
) -> Response:
    lang = language_of(request)
    is_new = request.url.path.endswith("/new") if is_new is None else is_new
    errors = {problem.field: problem.reason for problem in problems}
    return render(
        request,
        "members/register_form.html",
        status,
        kind=kind,
        title=TITLES[kind][0 if is_new else 1],
        fields=[
            (field, label_of(lang, kind, field.name)) for field in FIELDS[kind] if is_new or field.name != "number"
        ],
        years=list_years(row) if kind == "contracts" else [],
        row=hide_usual_votes(row),
        version=version,
        look=look,
        differences=describe(lang, look),
        later=[(label_of(lang, kind, change.field), change) for change in look.later] if look else [],
        errors=errors,
        problems=[problem for problem in problems if not is_shown(problem, kind, row)],
        reason=reason,
        is_new=is_new,
    )


def hide_usual_votes(row: Mapping[str, str]) -> Mapping[str, str]:
    """The row without votes that follow from the kind, so that another kind brings its own."""
    usual = "kind" in row and row.get("votes") == str(votes_of(row["kind"]))
    return {**row, "votes": ""} if usual else row


def is_shown(problem: Problem, kind: str, row: Mapping[str, str]) -> bool:
    """True when a problem stands beside a field of the form."""
    if problem.field in {field.name for field in FIELDS[kind]}:
        return True
    return kind == "contracts" and any(
        problem.field == f"gas_{year}_{unit}" for year in list_years(row) for unit in ("m3", "eur")
    )


def list_years(row: Mapping[str, str]) -> list[int]:
    """The years of gas bills that a form shows: those before the contract, and those that are on file."""
    try:
        start = date.fromisoformat(row.get("starts_on", "")).year
    except ValueError:
        start = max((int(match[1]) + 1 for name in row if (match := GAS.fullmatch(name))), default=2025)
    kept = {int(match[1]) for name, text in row.items() if text and (match := GAS.fullmatch(name))}
    return sorted({*range(start - YEARS, start), *kept})


def describe(lang: str, look: Look | None) -> list[tuple[str, str, str, str]]:
    """Every difference that a form makes: of which record, which field, what it was and what it is."""
    return describe_plan(lang, look.plan) if look else []


def describe_plan(lang: str, plan: Plan) -> list[tuple[str, str, str, str]]:
    """Every difference that a plan makes, its days as people write them."""
    rows = []
    for update in plan.updates.values():
        noun, number = update.key
        kind = next(kind for kind, each in NOUNS.items() if each == noun)
        rows += [(number, label_of(lang, kind, part.field), part.old, part.new) for part in update.differences]
    return [
        (_say_days(lang, number), field, _say_days(lang, old), _say_days(lang, new)) for number, field, old, new in rows
    ]


def _say_days(lang: str, text: str) -> str:
    def say_day(found: re.Match[str]) -> str:
        try:
            return civil_day(lang, date.fromisoformat(found[0]), "medium")
        except ValueError:  # a number that looks like a day
            return found[0]

    return _DAY.sub(say_day, text)
