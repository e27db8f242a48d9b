"""Withdrawal of a false reading: one person names it with a reason, another confirms, and it stands no more.

Invariant: proposals and answers are only added. What is withdrawn is a value at a place: whoever says it again, before
or after, it does not stand, and what else was said there does. It stays in the log, with the withdrawal as a delivery
of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import numpy as np

from coop.kit.rows import find_as, insert_nouns, select_as
from coop.kit.tx import Tx
from coop.metering.intake.batch import Changed
from coop.metering.intake.late import mark_late
from coop.metering.locking import lock
from coop.metering.model import DAY_S, Decoded, Delivery, Receipt
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.readings.arrivals import Arrival
from coop.metering.readings.log import add_blocks, write_block
from coop.metering.readings.observations import Entries, voiding
from coop.metering.register import store as register
from coop.metering.withdrawal_tables import withdrawal, withdrawal_answer
from coop.values import BadInput, CoopError, NotFound, Problem, say

WITHDRAWAL = "withdrawal"
"""Format of the delivery that withdraws a reading."""

REASON_MAX = 500
"""Longest reason of a withdrawal [characters]."""


@dataclass(frozen=True)
class Withdrawal:
    """A proposal to withdraw the reading ``value``, in whole ``10 ** exponent`` of its register's unit, at ``at_s`` [s
    since 1970], over ``step_s`` seconds or at that instant (0)."""

    id: str
    register_id: str
    at_s: int
    step_s: int
    exponent: int
    value: int
    reason: str
    proposed_at: datetime
    proposed_by: str


@dataclass(frozen=True)
class WithdrawalAnswer:
    """The second person's answer to a proposal."""

    withdrawal_id: str
    confirmed: bool
    answered_at: datetime
    answered_by: str


def propose_withdrawal(tx: Tx, register_id: str, at_s: int, reason: str) -> Withdrawal:
    """Propose to withdraw the reading of a register that stands at an instant [s since 1970].

    Raises:
        NotFound: there is no such register, or no reading stands there.
        BadInput: no reason is given, or one that is too long.
    """
    lock(tx)
    if register.find_register(tx, register_id) is None:
        raise NotFound(say("there is no such register"))
    if not reason.strip() or len(reason) > REASON_MAX:
        problem = say("say why, in at most %(most)s characters", most=REASON_MAX)
        raise BadInput([Problem(problem, "reason")], "bad-withdrawal")
    told = _find_standing(tx, register_id, at_s)
    proposal = Withdrawal(
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
    insert_nouns(tx, withdrawal, [proposal])
    return proposal


def answer_withdrawal(tx: Tx, withdrawal_id: str, *, confirmed: bool) -> Withdrawal:
    """Confirm or reject, as the second person, what somebody else proposed; confirmed, the reading stands no more, and
    closed periods that it touched are marked. The same answer again changes nothing.

    Raises:
        NotFound: there is no such proposal.
        CoopError: the same person proposed it, or it was answered otherwise.
    """
    lock(tx)
    proposal = find_as(tx, Withdrawal, withdrawal, withdrawal.c.id == withdrawal_id)
    if proposal is None:
        raise NotFound(say("there is no such proposal"))
    given = find_as(tx, WithdrawalAnswer, withdrawal_answer, withdrawal_answer.c.withdrawal_id == withdrawal_id)
    if given is not None:
        if given.confirmed == confirmed:
            return proposal
        raise CoopError("already-answered", say("somebody has answered this proposal already"))
    if confirmed and proposal.proposed_by == str(tx.actor):
        raise CoopError("second-person", say("you proposed this yourself: somebody else confirms it"))
    insert_nouns(tx, withdrawal_answer, [WithdrawalAnswer(withdrawal_id, confirmed, tx.now, str(tx.actor))])
    if confirmed:
        _withdraw(tx, proposal)
    return proposal


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


def _withdraw(tx: Tx, proposal: Withdrawal) -> None:
    day, offset = divmod(proposal.at_s, DAY_S)
    number = arrivals.last_number(tx) + 1
    told = Delivery(WITHDRAWAL, "board", tx.now, proposal.id.encode(), Decoded(), reason=proposal.reason)
    receipt = Receipt(told.id(tx.community), True, False, 0, 1)
    arrivals.add_deliveries(tx, [Arrival(number, told, receipt, {day})])
    entries = voiding(proposal.step_s, proposal.exponent, offset, proposal.value, number)
    add_blocks(tx, [write_block(tx.community, (proposal.register_id, day), entries, {})])
    mark_late(tx, [Changed(proposal.register_id, day, number, proposal.at_s, proposal.at_s + proposal.step_s)])
