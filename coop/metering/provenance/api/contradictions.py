"""Open contradictions between an account and a device."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from coop.kit.answers import Answer, ExactDecimal
from coop.kit.http import reading, refuses
from coop.metering.fields import Serial, make_router, may
from coop.metering.model import Quantity
from coop.metering.provenance.contradictions import Contradiction, find_contradictions

routes = make_router()


class ContradictionOut(Answer):
    """A reading of one account beside which the meter itself measured another value [base unit]."""

    meter: Serial
    register_id: Annotated[str, Field(examples=["676de4b3-b34e-5f2e-a462-c0c1b6014c9d"])]
    """Register of the reading."""
    quantity: Quantity
    at: datetime
    """Instant of the reading, or start of the interval."""
    step_s: Annotated[int, Field(examples=[0])]
    """Length of the interval [s]; 0 for a cumulative reading."""
    said: Annotated[ExactDecimal, Field(examples=["99300000000"])]
    """Value that the account said; it counts for nothing."""
    measured: Annotated[ExactDecimal, Field(examples=["12340000000"])]
    """Value that the meter measured itself, and that counts."""
    unit: Annotated[str, Field(examples=["J"])]
    """Base unit of the values."""
    said_by: Annotated[str, Field(examples=["account:0b7f2f0e"])]
    """Account or program that brought it in."""
    received_at: datetime
    """Instant at which it came in."""
    delivery_id: Annotated[str, Field(examples=["3897595c7ff939584aba2c99f61fd2c4eb506ba3625e0feec23619ece379053a"])]
    """Delivery that brought it; a file can be taken back whole."""
    delivery_number: Annotated[int, Field(examples=[1207])]
    """Number of that delivery, by which a withdrawal names the reading."""


class ContradictionsOut(Answer):
    """Open contradictions, those of the newest days first, and how many there are in all."""

    contradictions: list[ContradictionOut]
    count: Annotated[int, Field(examples=[1])]
    """Number of all of them."""


@routes.get("/contradictions")
@may("see-data")
@refuses("readings-detached")
def list_contradictions(
    request: Request, most: Annotated[int, Query(ge=1, le=1000, description="Most that are named.")] = 100
) -> ContradictionsOut:
    """Readings of one account beside which a device measured another value at the same moment. Each is gone once two
    people correct the reading or withdraw what the account said, or its file is taken back."""
    with reading(request) as tx:
        found = list(find_contradictions(tx))
    return ContradictionsOut(contradictions=[_out(one) for one in found[:most]], count=len(found))


def _out(one: Contradiction) -> ContradictionOut:
    return ContradictionOut(
        meter=one.register.serial,
        register_id=one.register.id,
        quantity=one.register.quantity,
        at=one.at,
        step_s=one.step_s,
        said=one.said,
        measured=one.measured,
        unit=one.unit,
        said_by=one.claim.gateway,
        received_at=one.claim.recorded_at,
        delivery_id=one.claim.id,
        delivery_number=one.claim.number,
    )
