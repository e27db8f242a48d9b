"""Shared electricity: what each member was allocated, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from coop.communities.allocation_keys import KeyKind
from coop.communities.terms import KeyTerms
from coop.events.terms import Described
from coop.kit.answers import Answer
from coop.kit.http import reading, refuses, session_of
from coop.kit.paging import Paged
from coop.metering.amounts import read_known, utc
from coop.metering.fields import (
    Cause,
    ConnectionId,
    DayAfter,
    FirstDay,
    GroupId,
    KeyId,
    KnownAt,
    MemberId,
    Name,
    ResolutionId,
    Revision,
    RunId,
    Sha256,
    Thousandths,
    WattHours,
    make_router,
    may,
)
from coop.metering.looks import LISTS, QUARTER_HOURS, note_look
from coop.metering.periods import store as periods
from coop.metering.periods.store import Allocation, AllocationRun
from coop.metering.provenance import run_views
from coop.metering.provenance.sight import hide_neighbours, require_own, whose
from coop.metering.provenance.verify import Quarter
from coop.metering.provenance.verify import explain_allocation as explain
from coop.metering.sharing.commands import judge_proposed_key

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
    """Electricity that was left to cover after the connection's own production and the groups before [Wh]."""
    allocated_wh: WattHours
    """Part of it that the group's production covered [Wh]."""
    key_id: KeyId
    resolution_id: ResolutionId
    inputs_hash: Sha256
    cause: Cause


class DivisionOut(Answer):
    """One division of whole thousandths of a Wh over weights, by largest remainder; then capped at what can still be
    used."""

    amount: Thousandths
    """Energy that was divided."""
    weight: int
    """Weight of this participant."""
    total_weight: int
    """Weight of all participants."""
    quotient: Annotated[str, Field(examples=["3200000", "6401/2"])]
    """The exact part before rounding, in thousandths of a Wh, as a fraction."""
    floor: Thousandths
    """The whole part of it."""
    leftover_units: int
    """Single thousandths that were left for the whole group after everybody's whole part."""
    remainder_rank: int | None
    """Place in the line for them, from 1; null for who stands outside it."""
    granted: Thousandths
    """Energy that the division gave."""
    cap: Thousandths
    """The most that could still be used."""


class EarlierOut(Answer):
    """Energy that a group gave which is served before this one."""

    group_id: GroupId
    allocated: Thousandths


class GiverOut(Answer):
    """Energy that came from one producer."""

    meter: Annotated[
        str | None, Field(description="Serial of the meter that produced; null for neighbours'.", examples=["KWG50001"])
    ]
    given: Thousandths


class ExplanationOut(Answer):
    """Explanation of what a connection got in one quarter-hour."""

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
    taken: Thousandths
    """Electricity that the connection took."""
    own: Thousandths
    """Part of it that its own meters made in the same quarter-hour."""
    earlier: list[EarlierOut]
    """Energy that it got from groups that are served before."""
    production: Thousandths
    """Energy that the group's producers had left to share."""
    kept: Thousandths
    """Part of it that the key lets the producers keep, before anything is divided."""
    total_use: Thousandths
    """Need that all who share still had."""
    use: Thousandths
    """Need that this connection still had."""
    allocated: Thousandths
    """Energy that it got."""
    givers: list[GiverOut]
    """Producers that it came from; it adds up to what it got."""
    divisions: list[DivisionOut]
    """Steps by which it was divided; none where production covered everybody's use."""


class ReceiverOut(Answer):
    """Energy that a producer gave to one occupancy."""

    connection_id: ConnectionId
    member_id: MemberId
    given: Thousandths


class ProducerOut(Answer):
    """One producer of a run."""

    meter: Annotated[
        str | None, Field(description="Serial of the meter that produced; null for neighbours'.", examples=["KWG50001"])
    ]
    made: Thousandths
    """Energy that it had to share: what it made, less own use and what groups that are served before took."""
    given: Thousandths
    """Part of it that the group took."""
    left: Thousandths
    """Part of it that nobody of the group took."""
    to: list[ReceiverOut]
    """Occupancies that it gave to; for those who see all of them it adds up to what it gave."""


class ProducersOut(Answer):
    """The producers of a run."""

    run_id: RunId
    producers: list[ProducerOut]


class ProposedKeyIn(BaseModel):
    """An allocation key that is to be put to the vote."""

    model_config = ConfigDict(extra="forbid")

    parameters: Annotated[
        dict[str, Any], Described(KeyTerms), Field(description="The key as the resolution would adopt it.")
    ]


class KeyProblemOut(Answer):
    """One thing that is wrong with a key."""

    field: str
    """Parameter that it is about."""
    reason: str
    """Sentence that says what is wrong."""


class JudgementOut(Answer):
    """Everything that is wrong with a key; nothing where it can be voted on."""

    problems: list[KeyProblemOut]


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


@routes.post("/allocation-keys/judgements")
@may("see-data")
def preview_allocation_key(request: Request, key: Annotated[ProposedKeyIn, Body()]) -> JudgementOut:
    """Judge an allocation key before the members vote on it: terms, group and connections. Nothing is kept."""
    with reading(request) as tx:
        problems = judge_proposed_key(tx, key.parameters)
    return JudgementOut(problems=[KeyProblemOut(field=one.field, reason=str(one.reason)) for one in problems])


@routes.get("/allocations")
@may("see-energy")
def list_allocations(request: Request, page: Paged, known_at: KnownAt = None) -> list[AllocationOut]:
    """Allocations in every revision (that was told by then): of the member who is signed in, or of everybody for those
    who keep the books."""
    member_id = whose(session_of(request))
    if member_id is None:
        note_look(request, LISTS)
    with reading(request) as tx:
        rows = periods.list_told_allocations(tx, member_id, page.window, read_known(known_at, tx.now))
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
        quarter = explain(tx, run_id, connection_id, instant)
        answer = _explanation_out(quarter, hide_neighbours(quarter.inputs, whose(session_of(request))))
    for member_id in members:
        note_look(request, QUARTER_HOURS, member_id)
    return answer


@routes.get("/allocations/{run_id}/producers")
@may("see-energy")
@refuses("readings-gone", "readings-detached")
def get_producers(request: Request, run_id: Name) -> ProducersOut:
    """Show what each producer of a run made to share, gave and had left, and to whom it gave what: to a member the
    neighbours' as one, and only what came home."""
    session = session_of(request)
    with reading(request) as tx:
        roofs = run_views.list_roofs(tx, session, run_id)
    if whose(session) is None:
        note_look(request, LISTS)
    producers = [
        ProducerOut(
            meter=roof.meter,
            made=roof.made,
            given=roof.given,
            left=roof.left,
            to=[
                ReceiverOut(connection_id=connection_id, member_id=member_id, given=given)
                for (connection_id, member_id), given in roof.to.items()
            ],
        )
        for roof in roofs
    ]
    return ProducersOut(run_id=run_id, producers=producers)


def _explanation_out(quarter: Quarter, hidden: frozenset[str]) -> ExplanationOut:
    why = quarter.explanation
    return ExplanationOut(
        at=quarter.at,
        run_id=quarter.run_id,
        group_id=quarter.group_id,
        key_id=quarter.key_id,
        resolution_id=quarter.resolution_id,
        kind=why.kind,
        participant=why.participant,
        taken=quarter.taken,
        own=quarter.own,
        earlier=[EarlierOut(group_id=group_id, allocated=got) for group_id, got in quarter.earlier],
        production=why.production,
        kept=why.kept,
        total_use=why.total_use,
        use=why.use,
        allocated=why.allocated,
        givers=[GiverOut(meter=meter, given=given) for meter, given in run_views.pool_givers(quarter.givers, hidden)],
        divisions=[
            DivisionOut(
                amount=part.amount,
                weight=part.weight,
                total_weight=part.total_weight,
                quotient=str(part.quotient),
                floor=part.floor,
                leftover_units=part.leftover_units,
                remainder_rank=part.remainder_rank,
                granted=part.granted,
                cap=part.cap,
            )
            for part in why.divisions
        ],
    )
