"""Changes of a meter that move money: one person proposes, another confirms, and then it is so.

A meter of which nothing was read yet carries no money, and changes at once.

Invariant: proposals and answers are only added, and nothing counts before it is confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from coop.kit.actor import name_id
from coop.kit.keyset import Window
from coop.kit.rows import find_by, insert_nouns, select_as
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.metering.intake.acts import Act, Counted, Exchanged, Moved, Placed
from coop.metering.intake.exchange import exchange_meter
from coop.metering.intake.moves import change_maxima, move_meter
from coop.metering.intake.tables import meter_answer, meter_proposal
from coop.metering.register import store as register
from coop.metering.register.commands import correct_meter
from coop.metering.register.locking import lock
from coop.values import CoopError, NotFound, derive_id, say


@dataclass(frozen=True)
class MeterProposal:
    """A proposal of what happened to a meter, or of what was registered of it wrongly."""

    id: str
    serial: str
    told: Act
    reason: str
    proposed_at: datetime
    proposed_by: str


@dataclass(frozen=True)
class MeterAnswer:
    """The second person's answer to a proposal."""

    proposal_id: str
    confirmed: bool
    answered_at: datetime
    answered_by: str


@dataclass(frozen=True)
class Outcome:
    """Outcome of an act: done at once, waiting for a second person as a ``proposal``, or neither: nothing differs."""

    is_done: bool
    proposal: MeterProposal | None = None


def change_meter(tx: Tx, serial: str, act: Act, reason: str = "") -> Outcome:
    """Do what somebody says of a meter of which nothing was read yet; of any other, keep it until another confirms it.
    The same proposal again, while it waits, is the one that is there.

    Raises:
        CoopError: it cannot be; nothing is kept of it.
    """
    lock(tx)
    serials = [serial, act.new_serial] if isinstance(act, Exchanged) else [serial]
    if not register.registers_of(tx, serials):
        return Outcome(_perform(tx, serial, act, reason))
    if not _judge(tx, serial, act, reason):
        return Outcome(False)
    reason = reason.strip()
    for waiting, answer in list_proposals(tx, serial):
        if answer is None and (waiting.told, waiting.reason) == (act, reason):
            return Outcome(False, waiting)
    count = tx.scalar(
        select(func.count()).select_from(meter_proposal).where(meter_proposal.c.community == tx.community)
    )
    proposal = MeterProposal(
        id=derive_id("meter-proposal", tx.community, str(count)),
        serial=serial,
        told=act,
        reason=reason,
        proposed_at=tx.now,
        proposed_by=str(tx.actor),
    )
    insert_nouns(tx, meter_proposal, [proposal])
    return Outcome(False, proposal)


def answer_change(tx: Tx, proposal_id: str, *, confirmed: bool) -> MeterProposal:
    """Confirm or reject, as the second person, what somebody else proposed; confirmed, it is so from then on. The same
    answer again changes nothing.

    Raises:
        NotFound: there is no such proposal.
        CoopError: the same person proposed it, it was answered otherwise, or it cannot be any more.
    """
    lock(tx)
    proposal = find_by(tx, MeterProposal, meter_proposal, id=proposal_id)
    if proposal is None:
        raise NotFound(say("there is no such proposal"))
    given = find_by(tx, MeterAnswer, meter_answer, proposal_id=proposal_id)
    if given is not None:
        if given.confirmed == confirmed:
            return proposal
        raise CoopError("already-answered", say("somebody has answered this proposal already"))
    if confirmed and is_same_person(tx, name_id(proposal.proposed_by)):
        raise CoopError("second-person", say("you proposed this yourself: somebody else confirms it"))
    insert_nouns(tx, meter_answer, [MeterAnswer(proposal_id, confirmed, tx.now, str(tx.actor))])
    if confirmed:
        _perform(tx, proposal.serial, proposal.told, proposal.reason, is_signed=True)
    return proposal


def list_proposals(
    tx: Tx, serial: str | None = None, window: Window | None = None
) -> list[tuple[MeterProposal, MeterAnswer | None]]:
    """Proposals (for a meter; a window of them, and one more), oldest first, each with its answer."""
    columns = meter_proposal.c
    where = [columns.serial == serial] if serial is not None else []
    proposals = select_as(
        tx, MeterProposal, meter_proposal, *where, order_by=[columns.proposed_at, columns.id], window=window
    )
    answers = {
        one.proposal_id: one for one in select_as(tx, MeterAnswer, meter_answer, order_by=[meter_answer.c.proposal_id])
    }
    return [(one, answers.get(one.id)) for one in proposals]


def _perform(tx: Tx, serial: str, act: Act, reason: str, *, is_signed: bool = False) -> bool:
    """Do it; False where nothing differs."""
    match act:
        case Exchanged():
            at, new = act.at.astimezone(UTC), act.new_serial
            exchange_meter(tx, serial, new, at, act.end_stands, act.start_stands, act.maxima, is_signed=is_signed)
            return True
        case Moved():
            at = act.at.astimezone(UTC)
            move_meter(tx, serial, act.connection, at, act.stands, reason, is_signed=is_signed)
            return True
        case Counted():
            since = None if act.since is None else act.since.astimezone(UTC)
            return change_maxima(tx, serial, act.maxima, since, reason) is not None
        case Placed():
            return correct_meter(tx, serial, act.connection, act.installed_at.astimezone(UTC), reason) is not None


def _judge(tx: Tx, serial: str, act: Act, reason: str) -> bool:
    """Refuse now what confirming would refuse; nothing is kept. False where nothing differs."""
    try:
        with tx.savepoint():
            raise _Judged(_perform(tx, serial, act, reason))
    except _Judged as judged:
        return judged.differs


class _Judged(Exception):
    """Ends a look, so that nothing of it stays."""

    def __init__(self, differs: bool) -> None:
        super().__init__()
        self.differs = differs
