"""Exchange of a meter for a new one, for programs."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request
from pydantic import Field

from coop.kit.answers import Body
from coop.kit.http import refuses, writing
from coop.metering.amounts import read_amounts, utc
from coop.metering.fields import Amounts, Serial, make_router, may
from coop.metering.intake.acts import Exchanged
from coop.metering.intake.api.meter_changes import MeterChangeOut, change_out
from coop.metering.intake.meter_changes import change_meter

routes = make_router()


class ExchangeIn(Body):
    """A meter's exchange, with the stands at both sides."""

    new_serial: Serial
    at: datetime
    """Instant of the exchange, with its time zone."""
    end_stands: Amounts
    """Stands of the old meter when it was taken away."""
    start_stands: Amounts
    """Stands of the new meter when it was hung."""
    maxima: Amounts = Field(default_factory=dict)
    """By quantity, the first value that the new register cannot show."""


@routes.post("/meters/{serial}/exchange")
@may("keep-register")
@refuses("bad-input", "bad-exchange", "bad-meters", "unknown-meter", "already-removed", "readings-detached")
def exchange_meter(request: Request, serial: Serial, exchanged: ExchangeIn) -> MeterChangeOut:
    """Exchange a meter for a new one, with the end and the start stand: at once where nothing was read from either of
    them, else once somebody else confirms it."""
    act = Exchanged(
        exchanged.new_serial,
        utc(exchanged.at, "at"),
        read_amounts(exchanged.end_stands, "end_stands"),
        read_amounts(exchanged.start_stands, "start_stands"),
        read_amounts(exchanged.maxima, "maxima"),
    )
    with writing(request) as tx:
        return change_out(tx, serial, change_meter(tx, serial, act))
