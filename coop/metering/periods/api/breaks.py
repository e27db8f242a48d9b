"""Breaks of registers that nothing explains: what people say happened, by two of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import AwareDatetime, Field

from coop.kit.answers import Answer, Body, ExactDecimal
from coop.kit.http import reading, refuses, writing
from coop.kit.paging import Paged
from coop.metering.amounts import read_period, utc
from coop.metering.fields import Name, Serial, WantedPeriod, make_router, may
from coop.metering.heat import decisions, questions
from coop.metering.heat.decisions import Proposal
from coop.metering.heat.sayings import Blocked
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import Register
from coop.metering.periods.api.periods import BlockOut, block_out
from coop.metering.periods.results import find_breaks
from coop.metering.readings.store import instant, seconds
from coop.metering.register import store as register

routes = make_router()


class BreakIn(Body):
    """A proposal of what happened at a break, named as `GET /breaks` names it."""

    register_id: Name
    """Register that broke."""
    before: AwareDatetime
    """Instant of the last reading before it."""
    at: AwareDatetime
    """Instant of the first reading after it."""
    kind: BreakKind
    """Meaning: `dip` the lower readings are false, `slip` the higher ones, `reset`, `rollover`, `exchange`, or `keep`:
    so much was really used; `readings` or `intervals` where the two disagree; `keep` or `aside` where one account said
    what does not fit the meter's own readings."""
    reason: Annotated[str, Field(min_length=1, max_length=decisions.REASON_MAX, examples=["work order 117"])]
    """How it is known, for the auditor."""


class MeaningIn(Body):
    """The second person's answer."""

    confirmed: Annotated[bool, Field(examples=[True])]
    """Whether it is right."""


class BreakDecisionOut(Answer):
    """A proposal of what a break means, and where it stands."""

    id: str
    """Id by which it is answered."""
    meter: Serial
    register_id: str
    """Register that broke."""
    before: datetime
    """Instant of the last reading before it."""
    at: datetime
    """Instant of the first reading after it."""
    kind: BreakKind
    reason: str
    """How it is known."""
    proposed_at: datetime
    """Instant at which it was proposed."""
    proposed_by: str
    """Kind and id of who proposed it."""
    confirmed: bool | None
    """The second person's answer; null while it waits."""
    answered_by: str | None
    """Kind and id of who answered."""


class WeighedOut(Answer):
    """Energy of a month by one meaning of a break, of the meter alone [base unit]."""

    period: str
    """Month."""
    is_closed: bool
    """Whether it is closed, and would have to be corrected."""
    kind: BreakKind | None
    """Meaning; null for how it stands now."""
    energy: ExactDecimal | None
    """Energy of the meter in it; null where nothing was read."""


@routes.get("/breaks")
@may("see-data")
@refuses("bad-input", "readings-detached")
def list_breaks(request: Request, period: Annotated[WantedPeriod, Query()], page: Paged) -> list[BlockOut]:
    """Breaks of registers in a period that nothing explains and nobody decided: it cannot be closed before."""
    with reading(request) as tx:
        found = sorted(find_breaks(tx, read_period(period)), key=_place_of)
    return [block_out(one) for one in page.cut(found, _place_of)]


@routes.post("/breaks/preview")
@may("decide-break")
@refuses("readings-detached")
def preview_break(request: Request, wanted: BreakIn) -> list[WeighedOut]:
    """Say what the months around a break come to now and by each meaning that it can have; nothing is kept."""
    before_s, at_s = seconds(utc(wanted.before, "before")), seconds(utc(wanted.at, "at"))
    with reading(request) as tx:
        months = questions.weigh_meanings(tx, questions.find_question(tx, wanted.register_id, before_s, at_s))
    return [
        WeighedOut(period=str(month.period), is_closed=month.is_closed, kind=kind, energy=energy)
        for month in months
        for kind, energy in ((None, month.now), *month.by_kind)
    ]


@routes.get("/break-decisions")
@may("see-data")
def list_break_decisions(request: Request, page: Paged) -> list[BreakDecisionOut]:
    """Proposals about breaks, oldest first, with those that wait for a second person."""
    with reading(request) as tx:
        registers = {one.id: one for one in register.list_registers(tx)}
        rows = page.cut(decisions.list_proposals(tx), lambda pair: (pair[0].proposed_at, pair[0].id))
    return [_decision_out(registers[proposal.register_id], proposal, answer) for proposal, answer in rows]


@routes.post("/break-decisions")
@may("decide-break")
@refuses("bad-decision", "readings-detached")
def propose_break_decision(request: Request, wanted: BreakIn) -> BreakDecisionOut:
    """Propose what happened at a break; it counts once somebody else confirms it."""
    before_s, at_s = seconds(utc(wanted.before, "before")), seconds(utc(wanted.at, "at"))
    with writing(request) as tx:
        told = questions.propose_meaning(tx, wanted.register_id, before_s, at_s, wanted.kind, wanted.reason)
        return _decision_of(register.find_register(tx, told.register_id), told, None)


@routes.post("/break-decisions/{proposal_id}/answer")
@may("decide-break")
@refuses("second-person", "already-answered", "readings-detached")
def decide_break(request: Request, proposal_id: Name, answer: MeaningIn) -> BreakDecisionOut:
    """Confirm or reject, as the second person, what somebody else proposed. Confirmed, it counts from now on, and
    closed periods that come out otherwise by it wait for a correction."""
    with writing(request) as tx:
        proposal = decisions.answer_break(tx, proposal_id, confirmed=answer.confirmed)
        given = next(
            given for one, given in decisions.list_proposals(tx, proposal.register_id) if one.id == proposal_id
        )
        return _decision_of(register.find_register(tx, proposal.register_id), proposal, given)


def _place_of(one: Blocked) -> tuple[str, str, int]:
    return one.serial, one.register_id, one.at_s


def _decision_of(found: Register | None, proposal: Proposal, answer: decisions.Answer | None) -> BreakDecisionOut:
    assert found is not None, "a proposal is about a register"
    return _decision_out(found, proposal, answer)


def _decision_out(found: Register, proposal: Proposal, answer: decisions.Answer | None) -> BreakDecisionOut:
    return BreakDecisionOut(
        id=proposal.id,
        meter=found.serial,
        register_id=proposal.register_id,
        before=instant(proposal.before_s),
        at=instant(proposal.at_s),
        kind=proposal.kind,
        reason=proposal.reason,
        proposed_at=proposal.proposed_at,
        proposed_by=proposal.proposed_by,
        confirmed=answer.confirmed if answer else None,
        answered_by=answer.answered_by if answer else None,
    )
