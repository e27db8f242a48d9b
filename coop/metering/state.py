"""Everything that metering told, to compare two runs."""

from __future__ import annotations

from fastapi import Request, Response

from coop.kit.answers import Answer
from coop.kit.sections import Section, stream
from coop.metering.fields import make_router, may
from coop.metering.periods import store as periods
from coop.metering.periods.api.periods import RevisionOut, revision_out
from coop.metering.provenance.api.measurements import MeasurementOut, measurement_out
from coop.metering.provenance.api.sharing import AllocationOut, allocation_out

routes = make_router()


class MeteringStateOut(Answer):
    """Revisions of periods, measurements and allocations in one order, without a clock."""

    periods: list[RevisionOut]
    measurements: list[MeasurementOut]
    allocations: list[AllocationOut]


SECTIONS = {
    "periods": Section(
        periods.page_revisions,
        lambda closed: (closed.period.start, closed.period.end, closed.revision),
        revision_out,
    ),
    "measurements": Section(
        lambda tx, window: periods.list_measurements(tx, window=window), periods.measurement_key, measurement_out
    ),
    "allocations": Section(
        lambda tx, window: periods.list_told_allocations(tx, window=window),
        periods.allocation_key,
        lambda told: allocation_out(*told),
    ),
}


@routes.get("/state", response_model=MeteringStateOut)
@may("see-data")
def get_metering_state(request: Request) -> Response:
    """Every measurement, allocation and period as told, in one order and without a clock: to compare two runs."""
    return stream(request, SECTIONS)
