"""A board's correction of one reading: one proposes it with a reason, another confirms it, and then it stands.

Invariant: proposals and answers are only added. A confirmed correction is a delivery of its own and outranks what it
corrects; what was read before stays on record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from coop.kit.actor import name_id
from coop.kit.keyset import Window
from coop.kit.rows import find_by, insert_nouns, select_as
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.metering.entries.cards import UNITS, base_value, take_entry
from coop.metering.entries.tables import correction_answer, correction_proposal
from coop.metering.intake.telling import tell_member
from coop.metering.model import BASE_UNIT, CUMULATIVE, Quality, Quantity, Stand
from coop.metering.readings.plausibility import CLOCK_MARGIN
from coop.metering.register.commands import find_meter
from coop.metering.register.locking import lock
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, say

CORRECTION = "correction"
"""Format of a correction: its fields as JSON."""

REASON_MAX = 500
"""Longest reason of a correction [characters]."""


@dataclass(frozen=True)
class Correction:
    """A proposal of what a meter said at an instant, in ``unit``, whatever was read then."""

    id: str
    serial: str
    quantity: Quantity
    at: datetime
    value: Decimal
    unit: str
    reason: str
    proposed_at: datetime
    proposed_by: str


@dataclass(frozen=True)
class Answer:
    """The second person's answer to a proposal."""

    proposal_id: str
    confirmed: bool
    answered_at: datetime
    answered_by: str


def propose_correction(
    tx: Tx, serial: str, quantity: Quantity, at: datetime, value: Decimal, reason: str
) -> Correction:
    """Propose what a meter said at an instant, in the unit of its display; nothing counts before another confirms it.

    Raises:
        NotFound: there is no such meter.
        BadInput: it cannot have been, or no reason is given.
    """
    lock(tx)
    meter = find_meter(tx, serial)
    problems = [] if reason.strip() else [Problem(say("say why it is corrected"), "reason")]
    if len(reason) > REASON_MAX:
        problems.append(Problem(say("is longer than %(most)s characters", most=REASON_MAX), "reason"))
    if at > tx.now + CLOCK_MARGIN:
        problems.append(Problem(say("lies in the future"), "at"))
    elif not meter.hangs_at(at):
        problems.append(Problem(say("the meter did not hang there then"), "at"))
    unit = UNITS.get(BASE_UNIT[quantity])
    if quantity not in CUMULATIVE or unit is None:
        problems.append(Problem(say("is no register that people read"), "quantity"))
    elif value < 0:
        problems.append(Problem(say("is below zero"), "value"))
    if problems or unit is None:
        raise BadInput(problems, "bad-correction")
    base_value(value, unit, quantity)
    columns = correction_proposal.c
    count = tx.scalar(select(func.count()).select_from(correction_proposal).where(columns.community == tx.community))
    correction = Correction(
        id=derive_id("correction", tx.community, str(count)),
        serial=serial,
        quantity=quantity,
        at=at,
        value=value,
        unit=unit,
        reason=reason.strip(),
        proposed_at=tx.now,
        proposed_by=str(tx.actor),
    )
    insert_nouns(tx, correction_proposal, [correction])
    return correction


def answer_correction(tx: Tx, proposal_id: str, *, confirmed: bool) -> Correction:
    """Confirm or reject, as the second person, what somebody else proposed; confirmed, it stands from then on. The same
    answer again changes nothing.

    Raises:
        NotFound: there is no such proposal.
        CoopError: the same person proposed it, or it was answered otherwise.
        BadInput: no meter can say that.
    """
    lock(tx)
    correction = find_by(tx, Correction, correction_proposal, id=proposal_id)
    if correction is None:
        raise NotFound(say("there is no such proposal"))
    given = find_by(tx, Answer, correction_answer, proposal_id=proposal_id)
    if given is not None:
        if given.confirmed == confirmed:
            return correction
        raise CoopError("already-answered", say("somebody has answered this proposal already"))
    if confirmed and is_same_person(tx, name_id(correction.proposed_by)):
        raise CoopError("second-person", say("you proposed this yourself: somebody else confirms it"))
    insert_nouns(tx, correction_answer, [Answer(proposal_id, confirmed, tx.now, str(tx.actor))])
    if confirmed:
        one = correction
        stand = Stand(one.serial, one.quantity, one.at, one.value, one.unit, Quality.CORRECTED)
        take_entry(tx, CORRECTION, stand, one.id, is_signed=True)
        tell_member(tx, one.serial, one.quantity, one.at, "corrected", one.id)
    return correction


def list_corrections(
    tx: Tx, serial: str | None = None, window: Window | None = None
) -> list[tuple[Correction, Answer | None]]:
    """Proposals (for a meter; a window of them, and one more), oldest first, each with its answer."""
    columns = correction_proposal.c
    where = [columns.serial == serial] if serial is not None else []
    order = [columns.proposed_at, columns.id]
    proposals = select_as(tx, Correction, correction_proposal, *where, order_by=order, window=window)
    answers = {
        one.proposal_id: one
        for one in select_as(tx, Answer, correction_answer, order_by=[correction_answer.c.proposal_id])
    }
    return [(one, answers.get(one.id)) for one in proposals]
