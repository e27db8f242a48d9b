"""Commands on programs: let one in, say for which meters it speaks, confirm that it is a device of them, end its token.
Each is told to every service.

A gateway that one account let in speaks, and what it delivers counts as passed on by a person: a device's word goes
before it. It counts as a device once a second person said so too.
"""

from __future__ import annotations

from datetime import timedelta

from coop.events.members import DeviceMetersSet, GatewayMetersSet, ProgramTokenEnded, ProgramTokenMade
from coop.events.scopes import DELIVER, PROGRAM_SCOPES
from coop.kit.actor import name_id
from coop.kit.tokens import end_token, is_same_person, keep_token, make_token, set_device_meters, set_meters
from coop.kit.tx import Tx
from coop.members.programs import store
from coop.members.programs.model import EveryMeterRefused, NewProgram, Program
from coop.members.programs.rules import choose_last_day, keep_common, require_meters, require_possible
from coop.values import BadInput, CoopError, Problem, midnight, say


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
        store.note_meters(tx, token_id)
        tx.tell(event)
        kept = keep_common(program.device_meters, meters)
        if kept != program.device_meters:
            _set_device_meters(tx, program, kept)
    return store.get_program(tx, token_id)


def confirm_gateway(tx: Tx, token_id: str, meters: tuple[str, ...] | None) -> Program:
    """Say as the second person that a gateway is a device of ``meters``, which it speaks for now (None: every meter).
    The same again changes nothing.

    Raises:
        NotFound: there is no such program.
        CoopError: it speaks for other meters by now, it works no longer, or the same person said for which it speaks.
    """
    program = store.get_program(tx, token_id)
    if program.gateway is None or program.state_at(tx.now) != "open":
        raise CoopError("no-gateway", say("this is no gateway that works"))
    if (None if meters is None else set(meters)) != (None if program.meters is None else set(program.meters)):
        raise CoopError("other-meters", say("it speaks for other meters by now: look at them again"))
    if program.waits_at(tx.now):
        if is_same_person(tx, name_id(program.meters_by or "")):
            raise CoopError("second-person", say("you named its meters yourself: somebody else confirms it"))
        _set_device_meters(tx, program, program.meters)
        store.note_confirmed(tx, token_id)
    return store.get_program(tx, token_id)


def drop_gateway(tx: Tx, token_id: str) -> Program:
    """Take off a gateway what waits for a second person: the meters that nobody confirmed, or its token where nobody
    confirmed any. Repeating it changes nothing.

    Raises:
        NotFound: there is no such program.
    """
    program = store.get_program(tx, token_id)
    if not program.waits_at(tx.now):
        return program
    if not program.device_meters:
        return end_program(tx, token_id)
    return set_gateway_meters(tx, token_id, program.device_meters, may_speak_for_every_meter=False)


def _set_device_meters(tx: Tx, program: Program, meters: tuple[str, ...] | None) -> None:
    event = DeviceMetersSet(
        token_id=program.token_id, meters=meters, set_at=tx.now, named_by=name_id(program.meters_by or "") or None
    )
    set_device_meters(tx, event)
    tx.tell(event)


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
