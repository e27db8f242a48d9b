"""Withdrawals of false readings, by two people; and how one is taken back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Request
from pydantic import AwareDatetime, Field

from coop.kit.answers import Answer, Body, ExactDecimal
from coop.kit.http import reading, refuses, writing
from coop.kit.paging import Paged
from coop.kit.tx import Tx
from coop.metering.amounts import utc
from coop.metering.fields import Name, Serial, make_router, may
from coop.metering.intake import withdrawals
from coop.metering.intake.withdrawals import Withdrawal, WithdrawalAnswer
from coop.metering.model import Register
from coop.metering.readings.store import instant, seconds
from coop.metering.register import store as register

routes = make_router()

Reason = Annotated[str, Field(min_length=1, max_length=withdrawals.REASON_MAX, examples=["read at the neighbours'"])]


class WithdrawalIn(Body):
    """A reading that is false."""

    register_id: Name
    """Register of the reading."""
    at: AwareDatetime
    """Instant at which it stands, or from which on."""
    delivery_number: Annotated[int | None, Field(ge=1, examples=[1207])] = None
    """Number of the delivery that said it, where it is not the reading that stands (see `GET /contradictions`)."""
    reason: Reason
    """Why it is withdrawn, for the auditor."""


class UndoIn(Body):
    """Reason why a withdrawal is taken back."""

    reason: Reason
    """Why, for the auditor."""


class ConfirmIn(Body):
    """The second person's answer."""

    confirmed: Annotated[bool, Field(examples=[True])]
    """Whether it is right."""


class WithdrawalOut(Answer):
    """A proposal to withdraw a reading, or to take that back, and where it stands."""

    id: str
    """Id by which it is answered."""
    meter: Serial
    register_id: str
    """Register of the reading."""
    at: datetime
    """Instant of the reading."""
    value: ExactDecimal
    """The reading [base unit]."""
    undoes: str | None
    """Withdrawal that it takes back; null where it withdraws."""
    reason: str
    """Why."""
    proposed_at: datetime
    """Instant at which it was proposed."""
    proposed_by: str
    """Kind and id of who proposed it."""
    confirmed: bool | None
    """The second person's answer; null while it waits."""
    answered_by: str | None
    """Kind and id of who answered."""


class WithdrawnMonthOut(Answer):
    """Energy of a month with a reading and without it, of the meter alone [base unit]."""

    period: str
    """Month."""
    is_closed: bool
    """Whether it is closed, and would have to be corrected."""
    now: ExactDecimal | None
    """Energy with the reading."""
    after: ExactDecimal | None
    """Energy without it."""


@routes.get("/withdrawals")
@may("see-data")
def list_withdrawals(request: Request, page: Paged) -> list[WithdrawalOut]:
    """Withdrawals of readings that were proposed, oldest first, with those that wait for a second person."""
    with reading(request) as tx:
        registers = {one.id: one for one in register.list_registers(tx)}
        proposals = sorted(withdrawals.list_withdrawals(tx), key=_place_of)
        rows = page.cut(proposals, _place_of)
    return [_out(registers[one.register_id], one, answer) for one, answer in rows]


@routes.post("/withdrawals/preview")
@may("correct-reading")
@refuses("readings-detached")
def preview_withdrawal(request: Request, wanted: WithdrawalIn) -> list[WithdrawnMonthOut]:
    """Say what the months around a reading come to with it and without it; nothing is kept."""
    at_s = seconds(utc(wanted.at, "at"))
    with writing(request) as tx:
        described = withdrawals.describe_withdrawal(tx, wanted.register_id, at_s, wanted.reason, wanted.delivery_number)
        months = withdrawals.weigh_withdrawal(tx, described)
    return [
        WithdrawnMonthOut(period=str(one.period), is_closed=one.is_closed, now=one.now, after=one.after)
        for one in months
    ]


@routes.post("/withdrawals")
@may("correct-reading")
@refuses("bad-withdrawal", "readings-detached")
def propose_withdrawal(request: Request, wanted: WithdrawalIn) -> WithdrawalOut:
    """Propose to withdraw a false reading; it stands until somebody else confirms that."""
    at_s = seconds(utc(wanted.at, "at"))
    with writing(request) as tx:
        proposal = withdrawals.propose_withdrawal(tx, wanted.register_id, at_s, wanted.reason, wanted.delivery_number)
        return _out(_find(tx, proposal), proposal, None)


@routes.post("/withdrawals/{withdrawal_id}/undo")
@may("correct-reading")
@refuses("bad-withdrawal", "not-withdrawn", "readings-detached")
def undo_withdrawal(request: Request, withdrawal_id: Name, undo: UndoIn) -> WithdrawalOut:
    """Propose to take a confirmed withdrawal back; the reading stands again once somebody else confirms that."""
    with writing(request) as tx:
        proposal = withdrawals.propose_undo(tx, withdrawal_id, undo.reason)
        return _out(_find(tx, proposal), proposal, None)


@routes.post("/withdrawals/{withdrawal_id}/answer")
@may("correct-reading")
@refuses("second-person", "already-answered", "not-withdrawn", "readings-detached")
def decide_withdrawal(request: Request, withdrawal_id: Name, answer: ConfirmIn) -> WithdrawalOut:
    """Confirm or reject, as the second person, what somebody else proposed. Confirmed, it counts from now on, closed
    periods that it touches are marked, and the member is told."""
    with writing(request) as tx:
        proposal = withdrawals.answer_withdrawal(tx, withdrawal_id, confirmed=answer.confirmed)
        pairs = withdrawals.list_withdrawals(tx, proposal.register_id)
        given = next(given for one, given in pairs if one.id == withdrawal_id)
        return _out(_find(tx, proposal), proposal, given)


def _place_of(pair: tuple[Withdrawal, WithdrawalAnswer | None]) -> tuple[datetime, str]:
    return pair[0].proposed_at, pair[0].id


def _find(tx: Tx, one: Withdrawal) -> Register:
    found = register.find_register(tx, one.register_id)
    assert found is not None, "a proposal is about a register"
    return found


def _out(found: Register, one: Withdrawal, answer: WithdrawalAnswer | None) -> WithdrawalOut:
    return WithdrawalOut(
        id=one.id,
        meter=found.serial,
        register_id=one.register_id,
        at=instant(one.at_s),
        value=Decimal(one.value).scaleb(one.exponent),
        undoes=one.undoes,
        reason=one.reason,
        proposed_at=one.proposed_at,
        proposed_by=one.proposed_by,
        confirmed=answer.confirmed if answer else None,
        answered_by=answer.answered_by if answer else None,
    )
