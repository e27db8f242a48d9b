"""Moves of a meter from one connection to another, and changes of how far its registers count."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from coop.kit.tx import Tx
from coop.metering.intake.acts import Amounts
from coop.metering.intake.receive import receive
from coop.metering.model import BASE_UNIT, CUMULATIVE, Decoded, Delivery, Meter, Place, Role, Stand
from coop.metering.register import commands, connections, groups
from coop.metering.register import store as register
from coop.metering.register.commands import REASON_MAX
from coop.metering.register.locking import lock
from coop.metering.register.model import MeterChange
from coop.values import BadInput, CoopError, Problem, Said, say

MOVE = "move"


def move_meter(
    tx: Tx, serial: str, connection: str, at: datetime, stands: Amounts, reason: str, *, is_signed: bool = False
) -> MeterChange:
    """Let a meter hang at another connection from an instant on. Up to then, or up to when it was taken away, it hung
    where it hung, and what it counted there stays there.

    Its ``stands`` at that instant are a delivery, so that what each connection used has a source to walk back to;
    two people answer for them where it ``is_signed``.

    Raises:
        NotFound: there is no such meter.
        BadInput: the connection is unknown or the one where it hangs, the instant or a stand cannot be, or no reason is
            given.
        CoopError: it hangs at no connection, or produces for a group.
    """
    lock(tx)
    was = commands.find_meter(tx, serial)
    _refuse_fixed(tx, was)
    problems = _judge(tx, was, at, reason)
    problems += [
        Problem(say("is no register that counts up"), f"stand.{quantity.value}")
        for quantity, value in stands.items()
        if quantity not in CUMULATIVE or value < 0
    ]
    if not connection:
        problems.append(Problem(say("name the connection"), "connection"))
    if problems:
        raise BadInput(problems, "bad-move")
    connection_id = connections.find_connections(tx, [connection])[connection]
    if was.removed_at is None and connection_id == was.connection_id:
        raise BadInput([Problem(say("the meter hangs there already"), "connection")], "bad-move")
    if was.removed_at is not None and was.removed_at > at:
        raise BadInput([Problem(say("the meter was taken away later than that"), "at")], "bad-move")
    *former, here = was.places
    left = replace(here, removed_at=here.removed_at or at)
    place = Place(connection_id, at, None, here.maxima)
    change = commands.note_change(tx, was, place, reason)
    with commands.telling_metered(tx, was.connection_id, connection_id):
        register.place_meter(tx, serial, [*former, left, place])
    _deliver(tx, change, at, stands, is_signed=is_signed)
    return change


def change_maxima(tx: Tx, serial: str, maxima: Amounts, since: datetime | None, reason: str) -> MeterChange | None:
    """Say at which values the registers of a meter start again from zero, from an instant on (None: all along where it
    hangs). Returns None where nothing differs.

    Raises:
        NotFound: there is no such meter.
        BadInput: a maximum is none, the instant cannot be, or no reason is given.
    """
    lock(tx)
    was = commands.find_meter(tx, serial)
    *former, here = was.places
    problems = [
        Problem(say("is no maximum of a register that counts"), quantity.value)
        for quantity, most in maxima.items()
        if quantity not in CUMULATIVE or most <= 0
    ]
    problems += _judge(tx, was, since or tx.now, reason) if since else _judge_reason(reason)
    if since is not None and was.removed_at is not None and since >= was.removed_at:
        problems.append(Problem(say("the meter was taken away before that day"), "at"))
    if problems:
        raise BadInput(problems, "bad-maxima")
    if dict(here.maxima) == dict(maxima):
        return None
    place = replace(here, maxima=dict(maxima), installed_at=since or here.installed_at)
    before = [] if since is None else [replace(here, removed_at=since)]
    change = commands.note_change(tx, was, place, reason)
    register.place_meter(tx, serial, [*former, *before, place])
    return change


def _judge(tx: Tx, was: Meter, at: datetime, reason: str) -> list[Problem]:
    problems = _judge_reason(reason)
    if at > tx.now:
        problems.append(Problem(say("lies in the future"), "at"))
    if at <= was.installed_at:
        problems.append(Problem(say("the meter did not hang there yet"), "at"))
    return problems


def _judge_reason(reason: str) -> list[Problem]:
    said: Said | None = None
    if not reason.strip():
        said = say("say why it changes")
    elif len(reason) > REASON_MAX:
        said = say("is longer than %(most)s characters", most=REASON_MAX)
    return [Problem(said, "reason")] if said is not None else []


def _refuse_fixed(tx: Tx, was: Meter) -> None:
    if was.connection_id is None:
        raise CoopError(
            "meter-of-plant", say("meter %(serial)s hangs at no connection: exchange it instead", serial=was.serial)
        )
    named = [
        roster.group_id
        for roster in groups.list_rosters(tx)
        if any(one.role is Role.PRODUCER and one.subject == was.serial for one in roster.members)
    ]
    if named:
        raise CoopError(
            "meter-in-group", say("meter %(serial)s produces for %(groups)s", serial=was.serial, groups=tuple(named))
        )


def _deliver(tx: Tx, change: MeterChange, at: datetime, stands: Amounts, *, is_signed: bool) -> None:
    if not stands:
        return
    told = [Stand(change.serial, each, at, value, BASE_UNIT[each]) for each, value in sorted(stands.items())]
    said = [[one.meter, one.quantity.value, str(one.value), one.unit] for one in told]
    document = {"move": change.id, "at": at.isoformat(), "stands": said}
    body = json.dumps(document, sort_keys=True).encode()
    told_by = tx.actor.id or "board"
    receipt = receive(tx, Delivery(MOVE, told_by, tx.now, body, Decoded(told), is_signed=is_signed))
    if receipt.problems:
        raise BadInput(receipt.problems, "bad-move")
