"""Measurements: the heat that each member was told to have used in a period, from stand to stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import Field

from coop.kit.answers import Answer
from coop.kit.http import reading, session_of
from coop.kit.paging import Paged
from coop.metering.amounts import read_known
from coop.metering.fields import (
    Cause,
    ConnectionId,
    DayAfter,
    FirstDay,
    Joules,
    KnownAt,
    MemberId,
    Revision,
    make_router,
    may,
)
from coop.metering.looks import LISTS, note_look
from coop.metering.model import Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.store import Measurement
from coop.metering.provenance.sight import whose

routes = make_router()


class MeasuredPartOut(Answer):
    """One register's part of a measurement, from stand to stand, in whole units of `10 ** exponent` of the quantity's
    base unit (J for heat and cold)."""

    meter: str
    """Serial of the meter."""
    register_id: str
    """Id of the register: one quantity of one meter."""
    from_at: datetime
    """Instant of the first stand."""
    to_at: datetime
    """Instant of the last stand."""
    from_stand: Annotated[int, Field(examples=[12340000000])]
    """First stand."""
    to_stand: Annotated[int, Field(examples=[13574000000])]
    """Last stand."""
    energy: Annotated[int, Field(examples=[1234000000])]
    """What it counted between both."""
    exponent: Annotated[int, Field(examples=[0])]
    """Power of ten of the unit in which stands and energy are counted."""
    from_quality: Annotated[str, Field(examples=["measured"])]
    """How the first stand came to be: measured, customer, estimated or corrected."""
    to_quality: Annotated[str, Field(examples=["estimated"])]
    """How the last stand came to be."""
    versions_hash: str
    """Hash over the versions of the days that were read."""


class MeasurementOut(Answer):
    """Heat that a member was told to have used through a connection, in one revision."""

    measurement_id: str
    """Id of the measurement, its own in each revision."""
    revision: Revision
    period_start: FirstDay
    period_end: DayAfter
    connection_id: ConnectionId
    member_id: MemberId
    quantity: Quantity
    energy_j: Joules
    estimated: bool
    """Whether an estimate is part of it."""
    cause: Cause
    parts: list[MeasuredPartOut]


def measurement_out(measurement: Measurement) -> MeasurementOut:
    """A measurement as it was told."""
    return MeasurementOut(
        measurement_id=measurement.id,
        revision=measurement.revision,
        period_start=measurement.period.start,
        period_end=measurement.period.end,
        connection_id=measurement.connection_id,
        member_id=measurement.member_id,
        quantity=measurement.quantity,
        energy_j=measurement.energy_j,
        estimated=measurement.estimated,
        cause=measurement.cause,
        parts=[MeasuredPartOut.model_validate(part) for part in measurement.parts],
    )


@routes.get("/readings")
@may("see-energy")
def list_measurements(request: Request, page: Paged, known_at: KnownAt = None) -> list[MeasurementOut]:
    """Measurements in every revision (that was told by then): of the member who is signed in, or of everybody for those
    who keep the books."""
    member_id = whose(session_of(request))
    if member_id is None:
        note_look(request, LISTS)
    with reading(request) as tx:
        known = read_known(known_at, tx.now)
        rows = periods.list_measurements(tx, member_id=member_id, window=page.window, known_at=known)
    return [measurement_out(measurement) for measurement in page.close(rows, periods.measurement_key)]
