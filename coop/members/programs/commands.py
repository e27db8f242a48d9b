"""Commands on programs: let one in, say for which meters it speaks, end its token. Each is told to every service."""

from __future__ import annotations

from datetime import timedelta

from coop.events.members import GatewayMetersSet, ProgramTokenEnded, ProgramTokenMade
from coop.events.scopes import DELIVER, PROGRAM_SCOPES
from coop.kit.tokens import end_token, keep_token, make_token, set_meters
from coop.kit.tx import Tx
from coop.members.programs import store
from coop.members.programs.model import EveryMeterRefused, NewProgram, Program
from coop.members.programs.rules import choose_last_day, require_meters, require_possible
from coop.values import BadInput, Problem, midnight, say


def make_program(tx: Tx, new: NewProgram, *, may_speak_for_every_meter: bool) -> tuple[Program, str]:
    """Let a program in; returns it and its token, which cannot be shown again and is empty where it has none.

    Raises:
        BadInput: something about it cannot be.
        EveryMeterRefused: it is a gateway for every meter, and only others may let such a one in.
    """
    require_possible(new, PROGRAM_SCOPES, DELIVER, tx.today)
    if new.gateway is not None and new.meters is None and not may_speak_for_every_meter:
        raise EveryMeterRefused
    drawn = make_token()
    expires_at = midnight(choose_last_day(new.last_day, tx.today) + timedelta(days=1)) if new.has_token else None
    made = ProgramTokenMade(
        token_id=drawn.token_id,
        token_sha256=drawn.sha256 if new.has_token else "",
        scopes=tuple(scope for scope in PROGRAM_SCOPES if scope in new.scopes),
        expires_at=expires_at,
        gateway=new.gateway,
        meters=new.meters,
        made_by=tx.actor.id or None,
    )
    keep_token(tx, made)
    store.add_program(tx, drawn.token_id, new.name)
    tx.tell(made)
    return store.get_program(tx, drawn.token_id), drawn.token if new.has_token else ""


def set_gateway_meters(
    tx: Tx, token_id: str, meters: tuple[str, ...] | None, *, may_speak_for_every_meter: bool
) -> Program:
    """Let a gateway speak for other meters from now on, as after a meter was exchanged; None: for every meter.

    Raises:
        NotFound: there is no such program.
        BadInput: it is no gateway, or these can be no meters.
        EveryMeterRefused: as ``make_program``.
    """
    program = store.get_program(tx, token_id)
    if program.gateway is None:
        raise BadInput([Problem(say("only a gateway has meters"), "meters")], "bad-program")
    require_meters(meters)
    if meters is None and not may_speak_for_every_meter:
        raise EveryMeterRefused
    if meters != program.meters:
        event = GatewayMetersSet(token_id=token_id, meters=meters, set_at=tx.now)
        set_meters(tx, event)
        tx.tell(event)
    return store.get_program(tx, token_id)


def end_program(tx: Tx, token_id: str) -> Program:
    """End a token, so that it opens nothing any more. Repeating it changes nothing.

    Raises:
        NotFound: there is no such program.
    """
    program = store.get_program(tx, token_id)
    if program.ended_at is None:
        event = ProgramTokenEnded(token_id=token_id, ended_at=tx.now)
        end_token(tx, event)
        store.note_end(tx, token_id)
        tx.tell(event)
    return store.get_program(tx, token_id)
