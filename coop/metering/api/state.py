"""Everything that metering told, to compare two runs."""

from __future__ import annotations

from fastapi import Request

from coop.kit.answers import Answer
from coop.kit.http import reading
from coop.kit.tx import Tx
from coop.metering.api.fields import make_router, may
from coop.metering.api.periods import RevisionOut, revision_out
from coop.metering.api.readings import MeasurementOut, measurement_out
from coop.metering.api.sharing import AllocationOut, allocation_out
from coop.metering.storage import periods

routes = make_router()


class MeteringStateOut(Answer):
    """Revisions of periods, measurements and allocations in one order, without a clock."""

    periods: list[RevisionOut]
    measurements: list[MeasurementOut]
    allocations: list[AllocationOut]


@routes.get("/state")
@may("see-data")
def get_metering_state(request: Request) -> MeteringStateOut:
    """Every measurement, allocation and period as told, in one order and without a clock: to compare two runs."""
    with reading(request) as tx:
        return collect_state(tx)


def collect_state(tx: Tx) -> MeteringStateOut:
    """Everything that was told."""
    return MeteringStateOut(
        periods=[
            revision_out(closed)
            for newest in periods.list_closed(tx)
            for closed in periods.list_revisions(tx, newest.period)
        ],
        measurements=[measurement_out(measurement) for measurement in periods.list_measurements(tx)],
        allocations=[allocation_out(share, run) for share, run in periods.list_told_allocations(tx)],
    )
