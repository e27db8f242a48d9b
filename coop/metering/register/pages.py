"""Pages of sharing groups: the list, and a form with the roofs and the connections of one."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from coop.communities.stops import is_stopped
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.model import MeterKind
from coop.metering.register import commands, connections, groups
from coop.metering.register import store as register
from coop.metering.register.meters_file import read_day
from coop.values import BadInput, CoopError, Problem, civil_date, say
from coop.web.forms import Form, read_form
from coop.web.language import language_of, translate
from coop.web.shell import redirect, render

PAGE = "/metering/groups"
FORM_MAX = 1024 * 1024
"""Largest form [bytes]: the numbers of ten thousand connections are a tenth of this."""

_BETWEEN = re.compile(r"[\s,;]+")

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("see-register")
def show_groups(request: Request) -> Response:
    """Show all groups with the key that the meeting adopted last."""
    with reading(request) as tx:
        numbers, today = connections.list_numbers(tx), tx.today
        rows = []
        for group in groups.list_groups(tx):
            stops = register.list_stops(tx)
            keys = [
                key
                for key in register.keys_of(tx, group.group_id)
                if key.valid_from <= today and not is_stopped(stops.get(key.resolution_id, ()), today)
            ]
            now = keys[-1] if keys and (keys[-1].valid_until is None or keys[-1].valid_until > today) else None
            rows.append((connections.name_sharers(group, numbers), now))
    may_keep = ACCESS.allows(session_of(request), "keep-register")
    return render(request, "metering/groups.html", groups=rows, may_keep=may_keep, words=texts)


@routes.get("/new")
@may("keep-register")
def show_new_group(request: Request) -> Response:
    """Show the form of a new group."""
    return _show_form(request, Form())


@routes.get("/edit")
@may("keep-register")
def show_group(request: Request, name: str) -> Response:
    """Show the form of a group as it stands."""
    with reading(request) as tx:
        roster, numbers = commands.find_roster(tx, name), connections.list_numbers(tx)
        group = connections.name_sharers(roster.on(tx.today), numbers)
    filled = {
        "name": name,
        "known": "yes",
        "producers": "\n".join(group.producers),
        "sharing": "all" if group.connections is None else "some",
        "connections": ", ".join(group.connections or ()),
    }
    return _show_form(request, Form(filled))


@routes.post("")
@may("keep-register")
@body_max(FORM_MAX)
def keep_group(request: Request, filled: Annotated[dict[str, str], Depends(read_form)]) -> Response:
    """Make a group, or change the one of that name."""
    name = filled.get("name", "").strip()
    try:
        producers, numbers = _read_group(name, filled)
        with writing(request) as tx:
            since = civil_date(read_day(filled["since"], "since")) if filled.get("since") else None
            reopens = filled.get("reopens") == "yes"
            commands.set_group_by_numbers(tx, name, producers, numbers, since, filled.get("reason", ""), reopens)
    except BadInput as bad:
        return _show_form(request, Form(filled).refused(bad))
    except CoopError as refusal:
        reached = BadInput([Problem(refusal.message, "since")], refusal.code)
        return _show_form(request, Form(filled).refused(reached))
    return redirect(PAGE, translate(language_of(request), "The group %(name)s is kept.", name=name))


def _read_group(name: str, filled: dict[str, str]) -> tuple[list[str], list[str] | None]:
    producers = filled.get("producers", "").splitlines()
    numbers = [number for number in _BETWEEN.split(filled.get("connections", "")) if number]
    shares_with_all = filled.get("sharing", "all") == "all"
    problems = []
    if not 0 < len(name) <= 100:
        problems.append(Problem(say("give the group a name of at most 100 characters"), "name"))
    if not producers:
        problems.append(Problem(say("choose at least one meter that produces"), "producers"))
    if not shares_with_all and not numbers:
        problems.append(Problem(say("name the connections that share"), "connections"))
    if problems:
        raise BadInput(problems, "bad-group")
    return producers, None if shares_with_all else numbers


def _show_form(request: Request, form: Form) -> Response:
    with reading(request) as tx:
        meters, numbers = register.list_meters(tx), connections.list_numbers(tx)
        roster = groups.find_roster(tx, form.value("name"))
    chosen = form.value("producers").splitlines()
    producers = [
        meter.serial
        for meter in meters
        if meter.serial in chosen or (meter.kind is MeterKind.SOLAR and meter.removed_at is None)
    ]
    return render(
        request,
        "metering/group.html",
        422 if form.problems else 200,
        form=form,
        producers=producers,
        is_known=form.is_checked("known"),
        history=[connections.name_member(one, numbers) for one in roster.members] if roster else [],
        beginning=groups.BEGINNING,
    )
