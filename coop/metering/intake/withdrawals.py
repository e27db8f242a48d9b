"""Withdrawal of a false reading: one person names it with a reason, another confirms, and it stands no more.

Invariant: proposals and answers are only added. What is withdrawn is a value at a place: whoever says it again, before
or after, it does not stand, and what else was said there does. It stays in the log, with the withdrawal as a delivery
of its own. A withdrawal is taken back in the same way, by two people and as a delivery that undoes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import numpy as np

from coop.kit.actor import name_id
from coop.kit.rows import find_by, insert_nouns, select_as
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.metering.heat.decisions import count_period, list_decided
from coop.metering.intake.batch import Changed
from coop.metering.intake.late import mark_late
from coop.metering.intake.tables import withdrawal, withdrawal_answer
from coop.metering.intake.telling import Act, tell_member
from coop.metering.model import DAY_S, Decoded, Delivery
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import Arrival
from coop.metering.readings.holdings import Store
from coop.metering.readings.log import add_blocks, write_block
from coop.metering.readings.observations import Entries, undoing, voiding
from coop.metering.readings.standing import Standing, list_standings
from coop.metering.readings.store import instant
from coop.metering.receipt import Receipt
from coop.metering.register import store as register
from coop.metering.register.closed import list_reached
from coop.metering.register.locking import lock
from coop.values import BadInput, CoopError, NotFound, Period, Problem, civil_date, say

WITHDRAWAL = "withdrawal"
"""Format of the delivery that withdraws a reading."""

REASON_MAX = 500
"""Longest reason of a withdrawal [characters]."""


@dataclass(frozen=True)
class Withdrawal:
    """A proposal to withdraw the reading ``value``, in whole ``10 ** exponent`` of its register's unit, at ``at_s`` [s
    since 1970], over ``step_s`` seconds or at that instant (0); or to take the withdrawal ``undoes`` back."""

    id: str
    register_id: str
    at_s: int
    step_s: int
    exponent: int
    value: int
    reason: str
    proposed_at: datetime
    proposed_by: str
    undoes: str | None = None


@dataclass(frozen=True)
class WeighedMonth:
    """Energy of a meter in a month with a reading and without it [base unit]; ``is_closed`` where it would have to be
    corrected."""

    period: Period
    is_closed: bool
    now: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class WithdrawalAnswer:
    """The second person's answer to a proposal."""

    withdrawal_id: str
    confirmed: bool
    answered_at: datetime
    answered_by: str


def propose_withdrawal(tx: Tx, register_id: str, at_s: int, reason: str, by_number: int | None = None) -> Withdrawal:
    """Propose to withdraw the reading of a register that stands at an instant [s since 1970], or the one that a
    delivery said there, by its number.

    Raises:
        NotFound: there is no such register, or no such reading there.
        BadInput: no reason is given, or one that is too long.
    """
    lock(tx)
    _check_reason(reason)
    proposal = describe_withdrawal(tx, register_id, at_s, reason, by_number)
    insert_nouns(tx, withdrawal, [proposal])
    return proposal


def propose_undo(tx: Tx, withdrawal_id: str, reason: str) -> Withdrawal:
    """Propose to take a confirmed withdrawal back, so that its reading stands again.

    Raises:
        NotFound: there is no such withdrawal.
        CoopError: it does not hold, or is taken back already.
        BadInput: no reason is given, or one that is too long.
    """
    lock(tx)
    _check_reason(reason)
    was = get_withdrawal(tx, withdrawal_id)
    answers = {one.id: answer for one, answer in list_withdrawals(tx, was.register_id)}
    given = answers[was.id]
    if was.undoes is not None or given is None or not given.confirmed or _is_undone(tx, was):
        raise CoopError("not-withdrawn", say("no withdrawal holds there that could be taken back"))
    proposal = replace(
        was, id=str(uuid4()), reason=reason.strip(), proposed_at=tx.now, proposed_by=str(tx.actor), undoes=was.id
    )
    insert_nouns(tx, withdrawal, [proposal])
    return proposal


def describe_withdrawal(
    tx: Tx, register_id: str, at_s: int, reason: str = "", by_number: int | None = None
) -> Withdrawal:
    """The withdrawal of the reading of a register that stands at an instant [s since 1970], or of the one that a
    delivery said there; nothing is kept.

    Raises:
        NotFound: there is no such register, or no such reading there.
    """
    if register.find_register(tx, register_id) is None:
        raise NotFound(say("there is no such register"))
    told = _find_standing(tx, register_id, at_s) if by_number is None else _find_said(tx, register_id, at_s, by_number)
    return Withdrawal(
        id=str(uuid4()),
        register_id=register_id,
        at_s=at_s,
        step_s=int(told.step_s[0]),
        exponent=int(told.exponent[0]),
        value=int(told.values[0]),
        reason=reason.strip(),
        proposed_at=tx.now,
        proposed_by=str(tx.actor),
    )


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > REASON_MAX:
        problem = say("say why, in at most %(most)s characters", most=REASON_MAX)
        raise BadInput([Problem(problem, "reason")], "bad-withdrawal")


def get_withdrawal(tx: Tx, withdrawal_id: str) -> Withdrawal:
    """One proposal.

    Raises:
        NotFound: there is no such proposal.
    """
    proposal = find_by(tx, Withdrawal, withdrawal, id=withdrawal_id)
    if proposal is None:
        raise NotFound(say("there is no such proposal"))
    return proposal


def answer_withdrawal(tx: Tx, withdrawal_id: str, *, confirmed: bool) -> Withdrawal:
    """Confirm or reject, as the second person, what somebody else proposed; confirmed, the reading stands no more, and
    closed periods that it touched are marked. The same answer again changes nothing.

    Raises:
        NotFound: there is no such proposal.
        CoopError: the same person proposed it, or it was answered otherwise.
    """
    lock(tx)
    proposal = get_withdrawal(tx, withdrawal_id)
    given = find_by(tx, WithdrawalAnswer, withdrawal_answer, withdrawal_id=withdrawal_id)
    if given is not None:
        if given.confirmed == confirmed:
            return proposal
        raise CoopError("already-answered", say("somebody has answered this proposal already"))
    if confirmed and is_same_person(tx, name_id(proposal.proposed_by)):
        raise CoopError("second-person", say("you proposed this yourself: somebody else confirms it"))
    insert_nouns(tx, withdrawal_answer, [WithdrawalAnswer(withdrawal_id, confirmed, tx.now, str(tx.actor))])
    if confirmed:
        act = _withdraw if proposal.undoes is None else _restore
        act(tx, proposal)
        found = register.find_register(tx, proposal.register_id)
        assert found is not None, "a proposal is about a register"
        done: Act = "withdrawn" if proposal.undoes is None else "restored"
        tell_member(tx, found.serial, found.quantity, instant(proposal.at_s), done, proposal.id)
    return proposal


def weigh_withdrawal(tx: Tx, proposal: Withdrawal) -> list[WeighedMonth]:
    """Reckon what the months around a reading come to with it and without it; nothing is kept."""
    found = register.find_register(tx, proposal.register_id)
    assert found is not None, "a proposal is about a register"
    day = civil_date(instant(proposal.at_s))
    months = {Period.month(each.year, each.month) for each in (day, civil_date(instant(proposal.at_s - 1)))}
    periods = sorted(months, key=lambda period: period.start)
    now = [count_period(Store(tx), found, period, list_decided(tx)) for period in periods]
    after: list[Decimal | None] = []
    try:
        with tx.savepoint():
            _withdraw(tx, proposal)
            after += [count_period(Store(tx), found, period, list_decided(tx)) for period in periods]
            raise _Looked
    except _Looked:
        pass
    return [
        WeighedMonth(period, bool(list_reached(tx, period.start, period.end)), *energies)
        for period, *energies in zip(periods, now, after, strict=True)
    ]


class _Looked(Exception):
    """Ends a look, so that nothing of it stays."""


def list_withdrawals(tx: Tx, register_id: str | None = None) -> list[tuple[Withdrawal, WithdrawalAnswer | None]]:
    """Proposals (of one register), newest first, each with its answer."""
    answers = {each.withdrawal_id: each for each in select_as(tx, WithdrawalAnswer, withdrawal_answer)}
    where = [withdrawal.c.register_id == register_id] if register_id is not None else []
    order = [withdrawal.c.proposed_at.desc(), withdrawal.c.id]
    return [(each, answers.get(each.id)) for each in select_as(tx, Withdrawal, withdrawal, *where, order_by=order)]


def _find_standing(tx: Tx, register_id: str, at_s: int) -> Entries:
    """The entry of the reading that stands at an instant."""
    day, offset = divmod(at_s, DAY_S)
    history = readings.read_history(tx, register_id, day)
    place = np.flatnonzero(history.fold.day.offsets == offset)
    source = history.fold.source[place]
    if not len(place) or source[0] < 0:
        raise NotFound(say("no reading of this register stands at that moment"))
    return history.entries.take(source)


def _find_said(tx: Tx, register_id: str, at_s: int, number: int) -> Entries:
    """The entry of what a delivery said at an instant, and nobody took back yet."""
    day, offset = divmod(at_s, DAY_S)
    history = readings.read_history(tx, register_id, day)
    entries, gone = history.entries, (Standing.WITHDRAWN, Standing.TAKEN_BACK, Standing.MISSING)
    for i, standing in list_standings(history):
        if (int(entries.offsets[i]), int(entries.number[i])) == (offset, number) and standing not in gone:
            return entries.take(np.array([i]))
    raise NotFound(say("no reading of this register stands at that moment"))


def _withdraw(tx: Tx, proposal: Withdrawal) -> None:
    number = arrivals.last_number(tx) + 1
    offset = proposal.at_s % DAY_S
    entries = voiding(proposal.step_s, proposal.exponent, offset, proposal.value, number)
    _tell(tx, proposal, number, entries, None)


def _restore(tx: Tx, proposal: Withdrawal) -> None:
    was = arrivals.find_delivery(tx, _delivery_id(tx, proposal.undoes or ""))
    assert was is not None, "what was withdrawn has a delivery"
    if _is_undone(tx, get_withdrawal(tx, proposal.undoes or "")):
        raise CoopError("not-withdrawn", say("no withdrawal holds there that could be taken back"))
    number = arrivals.last_number(tx) + 1
    _tell(tx, proposal, number, undoing(was.number, number), was.id)


def _is_undone(tx: Tx, was: Withdrawal) -> bool:
    return arrivals.undone(tx, _delivery_id(tx, was.id))


def _delivery_id(tx: Tx, withdrawal_id: str) -> str:
    return Delivery(WITHDRAWAL, "board", tx.now, withdrawal_id.encode(), Decoded()).id(tx.community)


def _tell(tx: Tx, proposal: Withdrawal, number: int, entries: Entries, undoes: str | None) -> None:
    day = proposal.at_s // DAY_S
    body, reason = proposal.id.encode(), proposal.reason
    told = Delivery(WITHDRAWAL, "board", tx.now, body, Decoded(), reason=reason, is_signed=True)
    receipt = Receipt(told.id(tx.community), True, False, 0, 1)
    arrivals.add_deliveries(tx, [Arrival(number, told, receipt, {day}, undoes=undoes)])
    add_blocks(tx, [write_block(tx.community, (proposal.register_id, day), entries, {})])
    mark_late(tx, [Changed(proposal.register_id, day, number, proposal.at_s, proposal.at_s + proposal.step_s)])
