"""Shared electricity: what each member was allocated, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from coop.kit.answers import Answer
from coop.kit.http import reading, refuses, session_of
from coop.kit.paging import Paged
from coop.metering.amounts import utc
from coop.metering.api.fields import (
    Cause,
    ConnectionId,
    DayAfter,
    FirstDay,
    GroupId,
    KeyId,
    MemberId,
    Name,
    ResolutionId,
    Revision,
    RunId,
    Sha256,
    WattHours,
    make_router,
    may,
)
from coop.metering.looks import LISTS, QUARTER_HOURS, note_look
from coop.metering.periods import store as periods
from coop.metering.periods.store import Allocation, AllocationRun
from coop.metering.provenance.sight import require_own, whose
from coop.metering.provenance.verify import Quarter
from coop.metering.provenance.verify import explain_allocation as explain
from coop.metering.sharing.keys import KeyKind

routes = make_router()


class AllocationOut(Answer):
    """Shared electricity that a member was told of, in one revision."""

    run_id: RunId
    revision: Revision
    period_start: FirstDay
    period_end: DayAfter
    group_id: GroupId
    connection_id: ConnectionId
    member_id: MemberId
    consumed_wh: WattHours
    """Electricity that the connection used in all [Wh]."""
    allocated_wh: WattHours
    """Part of it that the group's production covered [Wh]."""
    key_id: KeyId
    resolution_id: ResolutionId
    inputs_hash: Sha256
    cause: Cause


class DivisionOut(Answer):
    """One division of whole Wh over weights, by largest remainder; then capped at what can still be used."""

    amount_wh: WattHours
    """Energy that was divided [Wh]."""
    weight: int
    """Weight of this participant."""
    total_weight: int
    """Weight of all participants."""
    quotient: Annotated[str, Field(examples=["3200", "6401/2"])]
    """The exact part before rounding [Wh], as a fraction."""
    floor_wh: WattHours
    """The whole part of it [Wh]."""
    leftover_units: int
    """Single Wh that were left for the whole group after everybody's whole part."""
    remainder_rank: int | None
    """Place in the line for them, from 1; null for who stands outside it."""
    granted_wh: WattHours
    """Energy that the division gave [Wh]."""
    cap_wh: WattHours
    """The most that could still be used [Wh]."""


class ExplanationOut(Answer):
    """Why a connection got what it got in one quarter-hour."""

    at: datetime
    """First instant of the quarter-hour."""
    run_id: RunId
    group_id: GroupId
    key_id: KeyId
    resolution_id: ResolutionId
    kind: KeyKind
    """Kind of the key."""
    participant: str
    """Connection that is explained."""
    production_wh: WattHours
    """Production of the group [Wh]."""
    total_consumption_wh: WattHours
    """Use of all who share [Wh]."""
    consumption_wh: WattHours
    """Use of this connection [Wh]."""
    allocated_wh: WattHours
    """What it got [Wh]."""
    divisions: list[DivisionOut]
    """Steps by which it was divided; none where production covered everybody's use."""


def allocation_out(share: Allocation, run: AllocationRun) -> AllocationOut:
    """An allocation as it was told."""
    return AllocationOut(
        run_id=run.id,
        revision=run.revision,
        period_start=run.period.start,
        period_end=run.period.end,
        group_id=run.group_id,
        connection_id=share.connection_id,
        member_id=share.member_id,
        consumed_wh=share.consumed_wh,
        allocated_wh=share.allocated_wh,
        key_id=run.key_id,
        resolution_id=run.resolution_id,
        inputs_hash=run.inputs_hash,
        cause=run.cause,
    )


@routes.get("/allocations")
@may("see-energy")
def list_allocations(request: Request, page: Paged) -> list[AllocationOut]:
    """Allocations in every revision: of the member who is signed in, or of everybody for those who keep the books."""
    member_id = whose(session_of(request))
    if member_id is None:
        note_look(request, LISTS)
    with reading(request) as tx:
        rows = periods.list_told_allocations(tx, member_id, page.window)
    return [allocation_out(*told) for told in page.close(rows, periods.allocation_key)]


@routes.get("/allocations/{run_id}/{connection_id}/why")
@may("see-energy")
@refuses("bad-input", "not-in-run", "readings-gone", "readings-detached")
def explain_allocation(
    request: Request,
    run_id: Name,
    connection_id: Name,
    at: Annotated[datetime, Query(description="An instant of the quarter-hour.", examples=["2025-03-10T10:00:00Z"])],
) -> ExplanationOut:
    """Explain what a connection got in one quarter-hour."""
    instant = utc(at, "at")
    with reading(request) as tx:
        members = require_own(tx, session_of(request), run_id, connection_id, instant)
        answer = _explanation_out(explain(tx, run_id, connection_id, instant))
    for member_id in members:
        note_look(request, QUARTER_HOURS, member_id)
    return answer


def _explanation_out(quarter: Quarter) -> ExplanationOut:
    why = quarter.explanation
    return ExplanationOut(
        at=quarter.at,
        run_id=quarter.run_id,
        group_id=quarter.group_id,
        key_id=quarter.key_id,
        resolution_id=quarter.resolution_id,
        kind=why.kind,
        participant=why.participant,
        production_wh=why.production_wh,
        total_consumption_wh=why.total_consumption_wh,
        consumption_wh=why.consumption_wh,
        allocated_wh=why.allocated_wh,
        divisions=[
            DivisionOut(
                amount_wh=part.amount_wh,
                weight=part.weight,
                total_weight=part.total_weight,
                quotient=str(part.quotient),
                floor_wh=part.floor_wh,
                leftover_units=part.leftover_units,
                remainder_rank=part.remainder_rank,
                granted_wh=part.granted_wh,
                cap_wh=part.cap_wh,
            )
            for part in why.divisions
        ],
    )
