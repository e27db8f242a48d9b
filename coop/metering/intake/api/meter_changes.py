"""Changes of meters that wait for a second person, and their answers, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from coop.kit.answers import Answer, Body, ExactDecimal
from coop.kit.http import reading, refuses, writing
from coop.kit.paging import Paged
from coop.kit.tx import Tx
from coop.metering.fields import Name, Serial, make_router, may
from coop.metering.intake import meter_changes
from coop.metering.intake.acts import Counted, Exchanged, Moved, Placed
from coop.metering.intake.meter_changes import MeterAnswer, MeterProposal, Outcome
from coop.metering.model import Quantity
from coop.metering.register import commands, connections
from coop.metering.register.api import MeterOut, meter_out

routes = make_router()

Values = dict[Quantity, ExactDecimal]


class MeterProposalOut(Answer):
    """A change of a meter that somebody proposed, and where it stands. Which fields are there follows from `act`."""

    id: str
    """Id by which it is answered."""
    meter: Serial
    act: Literal["exchange", "move", "maxima", "place"]
    """What it is: an exchange, a move, how far its registers count, or a place that was registered wrongly."""
    at: datetime | None
    """Instant from which it is so; null where it was so all along."""
    new_serial: str | None
    """Meter that came in its place."""
    connection: str | None
    """Number of the connection at which it hangs; empty for a plant's meter."""
    stands: Values
    """Stands of its registers then [base unit]."""
    new_stands: Values
    """First stands of the meter in its place [base unit]."""
    maxima: Values
    """By quantity, the first value [base unit] that a register cannot show."""
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


class MeterChangeOut(Answer):
    """Outcome of a change of a meter."""

    is_done: bool
    """Whether it is so now: nothing was read from the meter yet, so nothing rests on it."""
    proposal: MeterProposalOut | None
    """Proposal that a second person answers; null where it is done or nothing differs."""
    meter: MeterOut
    """The meter as it is registered now."""


class MeterAnswerIn(Body):
    """The second person's answer."""

    confirmed: Annotated[bool, Field(examples=[True])]
    """Whether it is so."""


@routes.get("/meter-proposals")
@may("see-register")
def list_meter_proposals(request: Request, page: Paged) -> list[MeterProposalOut]:
    """Changes of meters that were proposed, oldest first, with those that wait for a second person."""
    with reading(request) as tx:
        rows = meter_changes.list_proposals(tx, window=page.window)
    return [_proposal_out(*pair) for pair in page.close(rows, lambda pair: (pair[0].proposed_at, pair[0].id))]


@routes.post("/meter-proposals/{change_id}/answer")
@may("keep-register")
@refuses("second-person", "already-answered", "bad-input", "readings-detached")
def decide_meter_proposal(request: Request, change_id: Name, answer: MeterAnswerIn) -> MeterProposalOut:
    """Confirm or reject, as the second person, a change that somebody else proposed. Confirmed, it is so from then on,
    and closed periods that it touches are marked."""
    with writing(request) as tx:
        proposal = meter_changes.answer_change(tx, change_id, confirmed=answer.confirmed)
        pairs = meter_changes.list_proposals(tx, proposal.serial)
    return next(_proposal_out(*pair) for pair in pairs if pair[0].id == change_id)


def change_out(tx: Tx, serial: str, outcome: Outcome) -> MeterChangeOut:
    """Outcome of a change of a meter, and the meter as it is registered now."""
    return MeterChangeOut(
        is_done=outcome.is_done,
        proposal=_proposal_out(outcome.proposal, None) if outcome.proposal else None,
        meter=meter_out(commands.find_meter(tx, serial), connections.list_numbers(tx)),
    )


def _proposal_out(one: MeterProposal, answer: MeterAnswer | None) -> MeterProposalOut:
    said: dict[str, object] = {"at": None, "new_serial": None, "connection": None}
    said |= {"stands": {}, "new_stands": {}, "maxima": {}}
    match one.told:
        case Exchanged() as told:
            said |= {"at": told.at, "new_serial": told.new_serial, "maxima": told.maxima}
            said |= {"stands": told.end_stands, "new_stands": told.start_stands}
        case Moved() as told:
            said |= {"at": told.at, "connection": told.connection, "stands": told.stands}
        case Counted() as told:
            said |= {"at": told.since, "maxima": told.maxima}
        case Placed() as told:
            said |= {"at": told.installed_at, "connection": told.connection}
    return MeterProposalOut.model_validate(
        {
            **said,
            "id": one.id,
            "meter": one.serial,
            "act": one.told.act,
            "reason": one.reason,
            "proposed_at": one.proposed_at,
            "proposed_by": one.proposed_by,
            "confirmed": answer.confirmed if answer else None,
            "answered_by": answer.answered_by if answer else None,
        }
    )
