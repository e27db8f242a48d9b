"""Pages of programs: which may come in, a form to let one in, the token once, and its end."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from coop.events.scopes import DELIVER
from coop.kit.http import GuardedRoute, body_max, reading, session_of, writing
from coop.members.access import ACCESS
from coop.members.identity.store import list_names
from coop.members.programs import commands, store
from coop.members.programs.model import NewProgram
from coop.members.programs.rules import LIFE_DAYS_MAX, choose_last_day, read_serials
from coop.members.programs.texts import SCOPES, STATES, show_example
from coop.values import BadInput, Problem, say
from coop.web.language import language_of, translate
from coop.web.shell import confirm_page, redirect, render

PAGE = "/members/programs"
FORM_MAX = 2 * 1024 * 1024
"""Largest form [bytes]: the serial numbers of all meters are a fourth of this."""

routes = APIRouter(route_class=GuardedRoute, prefix=PAGE, include_in_schema=False)
may = ACCESS.may


@routes.get("")
@may("see-programs")
def programs_page(request: Request) -> Response:
    """All programs, and a form for another one."""
    session = session_of(request)
    with reading(request) as tx:
        programs, now, today = store.list_programs(tx), tx.now, tx.today
    return render(
        request,
        "members/programs.html",
        programs=programs,
        now=now,
        last_day=choose_last_day(None, today),
        first_day=today,
        latest_day=date.fromordinal(today.toordinal() + LIFE_DAYS_MAX),
        scope_words=SCOPES,
        state_words=STATES,
        may_keep=ACCESS.allows(session, "keep-programs"),
        may_every=ACCESS.allows(session, "let-speak-for-every-meter"),
    )


@routes.post("")
@may("keep-programs")
@body_max(FORM_MAX)
def make_program(
    request: Request,
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    last_day: Annotated[str, Form()] = "",
    gateway: Annotated[str, Form()] = "",
    meters: Annotated[str, Form()] = "",
    every: Annotated[str, Form()] = "",
    no_token: Annotated[str, Form()] = "",
) -> Response:
    """Let a program in, and show its token this once: in no cookie, no address and no cache."""
    is_gateway, has_token = DELIVER in (scopes or ()), no_token != "yes"
    new = NewProgram(
        name.strip(),
        tuple(scopes or ()),
        _read_day(last_day) if has_token else None,
        gateway.strip() if is_gateway or gateway.strip() else None,
        None if every == "yes" or not (is_gateway or meters.strip()) else read_serials(meters),
        has_token,
    )
    allowed = ACCESS.allows(session_of(request), "let-speak-for-every-meter")
    with writing(request) as tx:
        program, token = commands.make_program(tx, new, may_speak_for_every_meter=allowed)
    response = render(
        request,
        "members/program_made.html",
        program=program,
        token=token,
        example=show_example(program.scopes, token, request.state.site.url) if token else "",
        topic=f"coop/{session_of(request).community}/{program.gateway}/p1" if program.gateway else "",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@routes.get("/{token_id}")
@may("see-programs")
def program_page(request: Request, token_id: str) -> Response:
    """One program: what it may do, when it last came in, and its end."""
    session = session_of(request)
    with reading(request) as tx:
        program, names, now = store.get_program(tx, token_id), list_names(tx), tx.now
    return render(
        request,
        "members/program.html",
        program=program,
        state=program.state_at(now),
        now=now,
        scope_words=SCOPES,
        state_words=STATES,
        names=names,
        may_keep=ACCESS.allows(session, "keep-programs") and program.ended_at is None,
        may_every=ACCESS.allows(session, "let-speak-for-every-meter"),
        waits=program.waits_at(now),
        is_mine=program.meters_by == str(session.actor("page")),
        unconfirmed=[serial for serial in program.meters or () if serial not in (program.device_meters or ())],
    )


@routes.post("/{token_id}/confirm")
@may("keep-programs")
@body_max(FORM_MAX)
def confirm_gateway(
    request: Request, token_id: str, meters: Annotated[str, Form()] = "", every: Annotated[str, Form()] = ""
) -> Response:
    """Say as the second person that a gateway is a device of the meters that were shown."""
    with writing(request) as tx:
        commands.confirm_gateway(tx, token_id, None if every == "yes" else read_serials(meters))
    text = translate(language_of(request), "What the gateway delivers counts as what the meters measured, from now on.")
    return redirect(f"{PAGE}/{token_id}", text)


@routes.post("/{token_id}/drop")
@may("keep-programs")
@body_max(FORM_MAX)
def drop_gateway(request: Request, token_id: str) -> Response:
    """Take off a gateway what waits for a second person."""
    with writing(request) as tx:
        commands.drop_gateway(tx, token_id)
    text = translate(language_of(request), "The gateway does not speak for what nobody confirmed.")
    return redirect(f"{PAGE}/{token_id}", text)


@routes.post("/{token_id}/meters")
@may("keep-programs")
@body_max(FORM_MAX)
def set_meters(
    request: Request, token_id: str, meters: Annotated[str, Form()] = "", every: Annotated[str, Form()] = ""
) -> Response:
    """Let a gateway speak for other meters."""
    wanted = None if every == "yes" else read_serials(meters)
    allowed = ACCESS.allows(session_of(request), "let-speak-for-every-meter")
    with writing(request) as tx:
        commands.set_gateway_meters(tx, token_id, wanted, may_speak_for_every_meter=allowed)
    return redirect(f"{PAGE}/{token_id}", translate(language_of(request), "The gateway speaks for these meters now."))


@routes.post("/{token_id}/end")
@may("keep-programs")
@body_max(FORM_MAX)
def end_program(request: Request, token_id: str, confirmed: Annotated[str, Form()] = "") -> Response:
    """End a token; ask before."""
    lang = language_of(request)
    with reading(request) as tx:
        program = store.get_program(tx, token_id)
    if confirmed != "yes":
        return confirm_page(
            request,
            title=translate(lang, "End %(name)s?", name=program.name),
            text=translate(lang, "The program comes in no longer. To let it in again it needs a new token."),
            button=translate(lang, "End"),
            action=f"{PAGE}/{token_id}/end",
            back=f"{PAGE}/{token_id}",
        )
    with writing(request) as tx:
        commands.end_program(tx, token_id)
    return redirect(PAGE, translate(lang, "%(name)s comes in no longer.", name=program.name))


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise BadInput([Problem(say("is no day such as 2026-12-31"), "last_day")], "bad-program") from error
