"""The page on which an end is taken back, or moved to another day: looked at first, with what rests on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.kit.tx import Tx
from coop.members.access import ACCESS, grants_of
from coop.members.entry.pages.forms import describe_plan
from coop.members.identity.store import list_accounts_of
from coop.members.imports.formats.line import read_day
from coop.members.leavings.commands import find_ended, look_at_ending, mend_ending
from coop.members.leavings.model import KINDS, Ended, Look, Wish
from coop.values import BadInput, CoopError, NotFound, Problem, say
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

FORM_MAX = 16 * 1024

routes = APIRouter(route_class=GuardedRoute, prefix="/members/register", include_in_schema=False)
may = ACCESS.may


async def read_lists(request: Request) -> Mapping[str, Sequence[str]]:
    """The texts of a form by name; a name may stand there several times."""
    form = await request.form()
    return {name: [str(text)[:500] for text in form.getlist(name) if isinstance(text, str)] for name in form}


Fields = Annotated[Mapping[str, Sequence[str]], Depends(read_lists)]


@routes.get("/{kind}/{record_id}/ending")
@may("end-membership")
def ending_form(request: Request, kind: str, record_id: str) -> Response:
    _require_kind(kind)
    with reading(request) as tx:
        return _show(request, tx, Wish(kind, record_id, None, ""), "")


@routes.post("/{kind}/{record_id}/ending")
@may("end-membership")
@body_max(FORM_MAX)
def mend(request: Request, kind: str, record_id: str, fields: Fields) -> Response:
    _require_kind(kind)
    day_text = fields.get("day", [""])[0].strip()
    how = fields.get("how", [""])[0]
    day = read_day(day_text) if how == "moved" else None
    wish = Wish(
        kind,
        record_id,
        day,
        fields.get("reason", [""])[0].strip(),
        "whole" in fields or kind == "members",
        tuple(fields.get("account", ())),
    )
    with writing(request) as tx:
        if problems := _find_problems(how, day):
            return _show(request, tx, wish, day_text, how=how, problems=problems, status=422)
        try:
            look = look_at_ending(tx, wish)
            if "write" in fields:
                look = mend_ending(tx, grants_of(session_of(request)), wish, fields.get("preview", [""])[0])
                text = translate(language_of(request), "It is written down.")
                return redirect(f"/members/{look.ended.member.member_id}", text)
        except BadInput as bad:
            return _show(request, tx, wish, day_text, how=how, problems=bad.problems, status=422)
        except CoopError as refusal:
            if isinstance(refusal, NotFound) or refusal.code in ("not-ended", "erased") or "write" in fields:
                raise
            return _show(request, tx, wish, day_text, how=how, problems=[Problem(refusal.message)], status=409)
        return _show(request, tx, wish, day_text, how=how, look=look)


def _find_problems(how: str, day: date | None) -> list[Problem]:
    if how not in ("mistake", "moved"):
        return [Problem(say("choose one of both"), "how")]
    return [Problem(say("is not a day"), "day")] if how == "moved" and day is None else []


def _require_kind(kind: str) -> None:
    if kind not in KINDS:
        raise NotFound


def _show(
    request: Request,
    tx: Tx,
    wish: Wish,
    day_text: str,
    *,
    how: str = "",
    look: Look | None = None,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> Response:
    ended: Ended = look.ended if look else find_ended(tx, Wish(wish.kind, wish.record_id, None, ""))
    closed = [account for account in list_accounts_of(tx, ended.member.member_id) if not account.active]
    return render(
        request,
        "members/ending.html",
        status,
        kind=wish.kind,
        ended=ended,
        arrivals=ended.arrivals,
        wish=wish,
        how=how,
        day_text=day_text,
        accounts=closed,
        look=look,
        differences=describe_plan(language_of(request), look.plan) if look else [],
        errors={problem.field: problem.reason for problem in problems if problem.field},
        problems=[problem for problem in problems if not problem.field],
    )
