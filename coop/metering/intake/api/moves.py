"""Moves of a meter to another connection, and how far its registers count, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Body as BodyParam
from fastapi import Request
from pydantic import Field

from coop.kit.answers import Body
from coop.kit.http import refuses, writing
from coop.metering.amounts import instant_of, read_amounts, utc
from coop.metering.fields import Amounts, DateOrInstant, Name, Serial, make_router, may
from coop.metering.intake.acts import Counted, Moved
from coop.metering.intake.api.meter_changes import MeterChangeOut, change_out
from coop.metering.intake.meter_changes import change_meter

routes = make_router()


class MoveIn(Body):
    """A meter's move to another connection."""

    connection: Name
    """Number of the connection at which it hangs from then on."""
    at: datetime
    """Instant from which it hangs there, with its time zone."""
    stands: Amounts = Field(default_factory=dict)
    """What its registers showed then."""
    reason: Annotated[str, Field(max_length=500, examples=["101 was renovated"])]
    """Why it moved."""


class MaximaIn(Body):
    """Maxima up to which the registers of a meter count."""

    maxima: Amounts
    """By quantity, the first value that the register cannot show; one that is left out has none that is known."""
    since: DateOrInstant | None = None
    """Day or instant from which it is so; none: all along where it hangs."""
    reason: Annotated[str, Field(max_length=500, examples=["one digit more since the new software"])]
    """Why it changes."""


@routes.post("/meters/{serial}/move")
@may("keep-register")
@refuses(
    "bad-input", "bad-move", "unknown-connection", "not-found", "meter-of-plant", "meter-in-group", "readings-detached"
)
def move_meter(request: Request, serial: Serial, moved: Annotated[MoveIn, BodyParam()]) -> MeterChangeOut:
    """Let a meter hang at another connection from an instant on; what it counted before stays where it hung. It does so
    at once where nothing was read from it, else once somebody else confirms it."""
    act = Moved(moved.connection, utc(moved.at, "at"), read_amounts(moved.stands, "stands"))
    with writing(request) as tx:
        return change_out(tx, serial, change_meter(tx, serial, act, moved.reason))


@routes.post("/meters/{serial}/maxima")
@may("keep-register")
@refuses("bad-input", "bad-maxima", "not-found")
def change_maxima(request: Request, serial: Serial, changed: Annotated[MaximaIn, BodyParam()]) -> MeterChangeOut:
    """Say at which values the registers of a meter start again from zero, from a day on or all along. It is so at once
    where nothing was read from it, else once somebody else confirms it."""
    act = Counted(read_amounts(changed.maxima, "maxima"), instant_of(changed.since, "since") if changed.since else None)
    with writing(request) as tx:
        return change_out(tx, serial, change_meter(tx, serial, act, changed.reason))
